"""A request to a model that a guard holds: it waits for a person, and is sent or is not."""

import msgspec
import pytest

from kapell.core.guardrails.profiles import DEFAULT, PROFILES, Line
from kapell.core.runs.status import RunStatus
from kapell.kit.ids import RunId
from tests.integration.guardrails.test_content import ran, script, sent, shop
from tests.integration.runs.shop import Shop, output, reached, working

__all__ = ["shop"]

pytestmark = pytest.mark.requirement("GR-01", "GR-10", "WF-11")

OWN = "guardrails: {patterns: {staff_id: 'E-[0-9]{6}'}}\n"
ASKING = Line(families=("pii",), kinds=("staff_id",), places=("request",), action="ask")


@pytest.fixture
def asking(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """Return a workspace whose profile wants people asked before a number is sent."""
    profile = msgspec.structs.replace(DEFAULT, actions=(ASKING, *DEFAULT.actions))
    monkeypatch.setitem(PROFILES, "default", profile)
    settings = shop.folder / "kapell.yaml"
    settings.write_text(settings.read_text("utf-8") + OWN, "utf-8")
    script(shop, {"label": "*", "text": "It is Bo's."})
    shop.workflow("w", 'steps: [{id: a, ask: "Whose is {{ inputs.it }}?"}]\n')
    return shop


async def test_it_is_sent_once_a_person_agrees(asking: Shop) -> None:
    async with asking.open() as app:
        run: RunId = await ran(app, "w", it="E-123456")
        assert (await app.reader.run(app.tenant, run)).status is RunStatus.WAITING
        (row,) = await app.approvals.list(run)
        assert row.details.rule == "guardrails.request"
        assert "E-123456" in repr((await app.approvals.show(run, row.path)).data)
        assert await sent(app) == []
        assert await app.approvals.answer(run, row.path, True, by="eve")
        async with working(app):
            assert await output(app, run) == "It is Bo's."
        (request,) = await sent(app)
        assert request.messages[-1].text == "Whose is E-123456?"


async def test_rejected_it_is_not_sent(asking: Shop) -> None:
    async with asking.open() as app:
        run = await ran(app, "w", it="E-123456")
        (row,) = await app.approvals.list(run)
        assert await app.approvals.answer(run, row.path, False, by="eve")
        async with working(app):
            summary = await reached(app, run)
        assert (summary.status, summary.error_code) == (RunStatus.FAILED, "approval_rejected")
        assert await sent(app) == []
