"""Routes that go by the prompt or the subject, over real HTTP; and choices without a call."""

import msgspec
import pytest

from kapell.core.gateway.routing.route import Deployment, Member, Route
from kapell.kit.errors import Limited, Missing
from kapell.services.gateway.selecting import Selector
from kapell.testing.providers.faults import Fault
from tests.integration.gateway.conftest import AZURE, OLLAMA, OPENAI, Stage, request

SIMPLE = "What is the capital of Portugal?"
HARD = "Prove step by step why the harmonic series diverges."


def _member(model: str, **more: object) -> Member:
    classes = more.pop("classes", ())
    deployment = msgspec.convert({"name": model, "model": model, **more}, Deployment)
    return Member(deployment, 1.0, classes)  # type: ignore[arg-type] # names of classes


BY_PROMPT = Route(
    name="smart",
    members=(_member(OPENAI), _member(OLLAMA, classes=("simple",))),
    choose="complexity",
)


@pytest.mark.requirement("MB-04", "LG-05")
async def test_the_model_follows_the_prompt_and_the_answer_says_why(stage: Stage) -> None:
    gateway = stage.worker(BY_PROMPT)
    easy, hard = await gateway.complete(request(SIMPLE)), await gateway.complete(request(HARD))
    assert stage.asked() == ["ollama", "openai"]
    assert easy.tries[0].reason.startswith("simple, score 0.")
    assert hard.tries[0].reason.startswith("reasoning, score ")
    stage.provider.faults.add(Fault(kind="server_error", wire="ollama"))
    assert (await gateway.complete(request(SIMPLE))).model == OPENAI


@pytest.mark.requirement("LG-10")
async def test_a_subject_stays_with_its_side_of_a_split(stage: Stage) -> None:
    sides = Route(
        name="smart",
        members=(
            _member(OLLAMA, name="short", prompt="Answer in one sentence."),
            _member(OLLAMA, name="long", prompt="Answer at length."),
        ),
        choose="split",
    )
    workers = [stage.worker(sides, seed=seed) for seed in (1, 2)]
    seen: dict[str, set[str]] = {}
    for subject in (f"user:{n}" for n in range(8)):
        for worker in workers:
            asked = msgspec.structs.replace(request(SIMPLE), subject=subject)
            answer = await worker.complete(asked)
            seen.setdefault(subject, set()).add(answer.tries[-1].deployment)
    assert all(len(sides) == 1 for sides in seen.values())
    assert set.union(*seen.values()) == {"short", "long"}


@pytest.mark.requirement("LG-07")
async def test_a_selection_names_the_place_and_never_the_key(stage: Stage) -> None:
    places = Route(
        name="smart",
        members=(
            _member(AZURE, name="west", base_url="https://west.example", key_variable="WEST_KEY",
                    headers={"x-team": "blue"}, context=8000),
            _member(OPENAI),
        ),
    )  # fmt: skip
    gateway = stage.worker(places)
    router = gateway.router
    assert router is not None
    selector = Selector(router, {"openai": "https://proxy.example/v1"})
    found = await selector.select(request())
    assert (found.provider, found.model, found.base_url) == (
        "azure", "gpt-4o", "https://west.example"
    )  # fmt: skip
    assert (found.headers, found.key_name) == ({"x-team": "blue"}, "WEST_KEY")
    large = await selector.select(request("word " * 5000))
    assert (large.deployment, large.base_url) == (OPENAI, "https://proxy.example/v1")
    assert (large.key_name, large.skipped[0].code) == ("OPENAI_API_KEY", "context")
    alone = msgspec.structs.replace(request(), model="anthropic:claude-haiku-4-5")
    assert (await selector.select(alone)).base_url == "https://api.anthropic.com"
    for unknown in ("nobody", "", "openai:", "openai"):
        with pytest.raises(Missing):
            await selector.select(msgspec.structs.replace(request(), model=unknown))
    assert stage.asked() == []


@pytest.mark.requirement("LG-07")
async def test_a_selection_passes_over_the_sick_and_says_when_there_is_room(stage: Stage) -> None:
    gateway = stage.worker(
        Route(name="smart", members=(_member(OPENAI), _member(OLLAMA))),
        Route(name="narrow", members=(_member(AZURE, rate=1),)),
    )
    for _ in range(5):
        stage.provider.faults.add(Fault(kind="server_error", wire="openai"))
        await gateway.complete(request())
    assert gateway.router is not None
    selector = Selector(gateway.router, {})
    assert (await selector.select(request())).deployment == OLLAMA
    narrow = msgspec.structs.replace(request(), model="narrow")
    await gateway.complete(narrow)
    with pytest.raises(Limited) as full:
        await selector.select(narrow)
    assert full.value.retry_after is not None
    assert 0 < full.value.retry_after <= 60
