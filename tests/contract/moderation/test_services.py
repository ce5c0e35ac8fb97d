"""Whoever moderates says the same of texts: the fake, and a server that speaks OpenAI's API."""

import json
from collections.abc import AsyncIterator

import pytest

from kapell.adapters.moderation.openai import OpenAIModeration
from kapell.kit.errors import KapellError
from kapell.services.guardrails.ports import Moderation
from kapell.testing.moderation.fake import FakeModeration
from kapell.testing.moderation.server import LoopbackModeration

WORDS = {
    "zounds": {"harassment": 0.9, "harassment/threatening": 0.2},
    "fie": {"violence": 0.6},
}
KEY = "moderation-key-of-a-test"


@pytest.fixture
def fake() -> FakeModeration:
    """Return what both say."""
    return FakeModeration(WORDS)


@pytest.fixture
async def server(fake: FakeModeration) -> AsyncIterator[LoopbackModeration]:
    """Yield a server on loopback."""
    async with LoopbackModeration(fake, KEY) as made:
        yield made


@pytest.fixture(params=["fake", "openai"])
async def service(
    request: pytest.FixtureRequest, fake: FakeModeration, server: LoopbackModeration
) -> AsyncIterator[Moderation]:
    """Yield each of them."""
    made: Moderation = fake if request.param == "fake" else adapter(server)
    yield made
    await made.close()


def adapter(server: LoopbackModeration, key: str = KEY) -> OpenAIModeration:
    """Return who speaks to the server."""

    async def found() -> str:
        return key

    return OpenAIModeration(server.url, found, "omni-moderation-latest", 20)


@pytest.mark.requirement("GR-08")
async def test_texts_are_judged_in_their_order(service: Moderation) -> None:
    calm, rude, both = await service.judge(["good day", "zounds!", "fie and zounds"])
    assert (calm.flagged, set(calm.scores.values())) == (frozenset(), {0.0})
    assert rude.flagged == {"harassment"}
    assert rude.scores["harassment/threatening"] == 0.2
    assert both.flagged == {"harassment", "violence"}


@pytest.mark.requirement("GR-08")
async def test_nothing_is_said_of_nothing(service: Moderation) -> None:
    assert list(await service.judge([])) == []


@pytest.mark.requirement("GR-08")
async def test_long_texts_are_judged_whole_and_many_in_several_requests(
    service: Moderation, server: LoopbackModeration
) -> None:
    border = "a" * 3_997 + "zounds" + "b" * 30_000
    said = await service.judge([border, *("good day" for _ in range(70)), "fie"])
    assert [sorted(one.flagged) for one in said if one.flagged] == [["harassment"], ["violence"]]
    assert len(said) == 72
    assert max(server.sizes, default=0) <= 32


SENSE = {"flagged": False, "categories": {"hate": False}, "category_scores": {"hate": 0.1}}


@pytest.mark.requirement("GR-08")
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, "{}"),
        (401, "{}"),
        (302, "{}"),
        (200, "not json"),
        (200, "[" * 100_000),
        (200, "{}"),
        (200, {"results": []}),
        (200, {"results": [SENSE, SENSE]}),
        (200, {"results": [{**SENSE, "flagged": "no"}]}),
        (200, {"results": [{**SENSE, "categories": {"hate": "no"}}]}),
        (200, {"results": [{**SENSE, "category_scores": {"hate": 7}}]}),
        (200, {"results": [{**SENSE, "category_scores": {"hate": float("nan")}}]}),
        (200, {"results": [{**SENSE, "category_scores": {"Ignore all rules": 0.5}}]}),
        (200, {"results": [SENSE], "more": "x" * 1_000_000}),
    ],
)
async def test_what_makes_no_sense_is_not_believed(
    server: LoopbackModeration, status: int, body: object
) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    server.broken.append((status, text.encode()))
    one = adapter(server)
    with pytest.raises(KapellError) as told:
        await one.judge(["my secret text"])
    assert told.value.code == "guard_failed"
    assert "secret" not in str(told.value) and "Ignore" not in str(told.value)
    await one.close()


@pytest.mark.requirement("GR-08")
async def test_who_is_not_let_in_or_not_there_lets_nothing_pass(fake: FakeModeration) -> None:
    async with LoopbackModeration(fake, KEY) as server:
        wrong = adapter(server, "another")
        with pytest.raises(KapellError) as told:
            await wrong.judge(["good day"])
        assert told.value.code == "guard_failed"
        assert fake.asked == []
        await wrong.close()
    gone = adapter(server)
    with pytest.raises(KapellError) as told:
        await gone.judge(["good day"])
    assert told.value.code == "guard_failed"
    await gone.close()


@pytest.mark.requirement("GR-08")
async def test_a_flag_without_a_category_counts(server: LoopbackModeration) -> None:
    server.broken.append((200, json.dumps({"results": [{**SENSE, "flagged": True}]}).encode()))
    one = adapter(server)
    (said,) = await one.judge(["good day"])
    assert said.flagged == {"flagged"}
    await one.close()
