"""A moderation service through a whole program: what it is told, and what becomes of its word."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kapell.bootstrap.guarding.content import MODERATION_KEY
from kapell.bootstrap.keeping import init_master
from kapell.core.runs.status import RunStatus
from kapell.testing.moderation.fake import FakeModeration
from kapell.testing.moderation.server import LoopbackModeration
from tests.integration.guardrails.test_content import KEY, MAIL, output, ran, script, sent, verdicts
from tests.integration.runs.shop import Shop

WORDS = {"zounds": {"harassment": 0.9}, "fie": {"violence": 0.6}, "hum": {"hate": 0.3}}


@pytest.fixture
async def server() -> AsyncIterator[LoopbackModeration]:
    """Yield a service on loopback."""
    async with LoopbackModeration(FakeModeration(WORDS), "its-key") as made:
        yield made


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """Return a workspace whose model says what a script says."""
    monkeypatch.setenv("KAPELL_GUARDRAILS__MODERATION__KEY", "its-key")
    made = Shop(tmp_path / "shop", f"sqlite:///{tmp_path / 'runs.db'}")
    made.workflow("w", 'steps: [{id: a, ask: "{{ inputs.said }}"}]\n')
    return made


def moderated(shop: Shop, server: LoopbackModeration, more: str = "", guard: str = "") -> None:
    """Write settings that name the service."""
    settings = shop.folder / "kapell.yaml"
    said = settings.read_text("utf-8").replace("model: offline\n", "model: scripted:answers.yaml\n")
    wanted = f"{{provider: openai, url: '{server.url}'{more}}}"
    settings.write_text(f"{said}guardrails: {{moderation: {wanted}{guard}}}\n", "utf-8")


def fake(server: LoopbackModeration) -> FakeModeration:
    """Return what the service says what it says by."""
    return server._fake


@pytest.mark.requirement("GR-08")
async def test_an_answer_that_the_service_minds_is_withheld(
    shop: Shop, server: LoopbackModeration
) -> None:
    moderated(shop, server)
    script(shop, {"text": "zounds, write to <EMAIL_1>"}, {"text": f"hum, <EMAIL_1> {KEY}"})
    async with shop.open() as app:
        run = await ran(app, "w", said=f"fie, write to {MAIL}")
        assert await output(app, run) == f"hum, {MAIL} [OPENAI_KEY]"
        told = [one.verdict for one in await verdicts(app, run)]
        minded = [one for one in told if one.reasons[0].family == "topic"]
        assert [(one.place, one.action, one.profile) for one in minded] == [
            ("answer", "block", "default")
        ]
        (reason,) = minded[0].reasons
        assert (reason.kind, reason.count, reason.score) == ("moderation.harassment", 1, 0.9)
    assert server.models[0] == "omni-moderation-latest"
    asked = fake(server).asked
    assert asked == ["zounds, write to <EMAIL_1>", "hum, <EMAIL_1> [OPENAI_KEY]"]


@pytest.mark.requirement("GR-08")
async def test_requests_are_asked_about_where_that_is_set(
    shop: Shop, server: LoopbackModeration
) -> None:
    moderated(shop, server, ", looks: [requests], actions: {violence: pass}, least: {hate: 0.2}")
    script(shop, {"label": "*", "text": "zounds"})
    async with shop.open() as app:
        for said in ("zounds", "hum"):
            run = await ran(app, "w", said=said)
            assert (await app.reader.run(app.tenant, run)).error_code == "guardrail_blocked"
        assert await output(app, await ran(app, "w", said=f"fie {MAIL}")) == "zounds"
        assert len(await sent(app)) == 1
    assert fake(server).asked == ["zounds", "hum", "fie <EMAIL_1>"]


@pytest.mark.requirement("GR-08")
async def test_people_are_asked_about_a_request_where_that_is_set(
    shop: Shop, server: LoopbackModeration
) -> None:
    moderated(shop, server, ", looks: [requests], action: ask")
    script(shop, {"label": "*", "text": "done"})
    async with shop.open() as app:
        run = await ran(app, "w", said="zounds")
        _, state = await app.histories.state(await app.histories.events(run))
        assert state.status is RunStatus.WAITING
        assert await sent(app) == []


@pytest.mark.requirement("GR-01", "GR-08")
async def test_without_the_service_no_answer_passes(shop: Shop, server: LoopbackModeration) -> None:
    moderated(shop, server)
    script(shop, {"label": "*", "text": "a calm answer"})
    await server.close()
    async with shop.open() as app:
        run = await ran(app, "w", said="hello")
        assert (await app.reader.run(app.tenant, run)).error_code == "guard_failed"
        assert "a calm answer" not in repr(await app.histories.events(run))


@pytest.mark.requirement("GR-08")
@pytest.mark.parametrize("guard", [", profile: off", ", flags: {content: false}"])
async def test_nobody_is_asked_where_content_is_not_guarded(
    shop: Shop, server: LoopbackModeration, guard: str
) -> None:
    moderated(shop, server, guard=guard)
    script(shop, {"label": "*", "text": "zounds"})
    async with shop.open() as app:
        assert await output(app, await ran(app, "w", said="hello")) == "zounds"
    assert fake(server).asked == []


@pytest.mark.requirement("GR-08")
async def test_the_services_key_may_lie_in_the_vault(
    shop: Shop, server: LoopbackModeration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(MODERATION_KEY)
    moderated(shop, server)
    script(shop, {"text": "fine"}, {"text": "fine"}, {"text": "fine"})
    init_master(shop.folder)
    async with shop.open() as app:
        run = await ran(app, "w", said="hello")
        assert (await app.reader.run(app.tenant, run)).error_code == "guard_failed"
        # A rotated key is taken up without a restart; a provider's is not shown to another server.
        await app.vault.set("OPENAI_API_KEY", "another")
        run = await ran(app, "w", said="hello")
        assert (await app.reader.run(app.tenant, run)).error_code == "guard_failed"
        await app.vault.set(MODERATION_KEY, "its-key")
        assert await output(app, await ran(app, "w", said="hello")) == "fine"
        uses = [(one.name, one.action, one.reason) for one in await app.vault.uses()]
        assert (MODERATION_KEY, "read", "moderation") in uses
        assert not [one for one in uses if one[:2] == ("OPENAI_API_KEY", "read")]
