"""A request to a model that a policy holds: people approve of what is sent, and of nothing else."""

import json

import pytest

from kapell.bootstrap.app import App
from kapell.core.tools.spec import ToolSpec
from kapell.kit.ids import RunId
from kapell.kit.json import Json
from kapell.services.runs.ports import ApprovalRow
from kapell.services.tools.ports import FetchBlob, ToolCall, ToolResult
from tests.integration.approvals.test_desk import asked, changed
from tests.integration.guardrails.test_content import script, sent, shop
from tests.integration.runs.shop import Shop, output, working

__all__ = ["shop"]

pytestmark = pytest.mark.requirement("GR-10", "WF-11")

POLICY = """package kapell.model

import rego.v1

ask contains {"rule": "models", "reason": "Somebody looks at what is sent."}
"""
FLOW = """
inputs: {q: {type: string}}
steps: [{id: a, agent: counter, prompt: "Count {{ inputs.q }}."}]
"""


class Counter:
    """A tool that counts."""

    def __init__(self, description: str = "Count.") -> None:
        self.spec = ToolSpec(
            name="test.counting", description=description, args={"type": "object"}, folder=False
        )

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Return what there is."""
        del call, blob
        return ToolResult(output={"text": "There are twelve sheep."})


@pytest.fixture
def counting(shop: Shop) -> Shop:
    """Return a workspace whose agent calls a tool, and where people see all that is sent."""
    (shop.folder / "policies").mkdir()
    (shop.folder / "policies" / "models.rego").write_text(POLICY, "utf-8")
    (shop.folder / "agents").mkdir()
    (shop.folder / "agents" / "counter.md").write_text(
        "---\nname: counter\ndescription: Counts.\ntools: [test.counting]\nmax_output: 77\n"
        "temperature: 0.5\n---\nYou count.\n",
        "utf-8",
    )
    script(
        shop,
        {"asks": [{"tool": "test.counting", "args": {}}]},
        {"text": "Three."},
    )
    shop.workflow("w", FLOW)
    return shop


async def _question(app: App, run: RunId) -> tuple[ApprovalRow, dict[str, Json]]:
    (row,) = await app.approvals.list(run)
    data = await app.approvals.data(row)
    assert isinstance(data, dict)
    return row, data


async def test_all_that_is_sent_is_shown_and_the_next_turn_is_asked_about_anew(
    counting: Shop,
) -> None:
    async with counting.open({"test.counting": Counter()}) as app:
        run = await asked(app, "w", {"q": "sheep"})
        row, data = await _question(app, run)
        assert (data["model"], data["max_output"], data["temperature"]) == (
            "scripted:answers.yaml", 77, 0.5,
        )  # fmt: skip
        told = json.dumps(data["messages"])
        assert "You count." in told
        assert "Count sheep." in told
        assert "test.counting" in json.dumps(data["tools"])
        assert await sent(app) == []
        assert await app.approvals.answer(run, row.path, True)
        async with working(app):
            second = await changed(app, run, lambda one: one.path != row.path)
        assert len(await sent(app)) == 1
        _, data = await _question(app, run)
        assert "twelve sheep" in json.dumps(data["messages"])
        assert await app.approvals.answer(run, second.path, True)
        async with working(app):
            assert await output(app, run) == "Three."
        assert len(await sent(app)) == 2


async def test_what_is_sent_otherwise_after_a_restart_is_asked_about_anew(counting: Shop) -> None:
    """A tool's server says something else of it by then: nobody saw that."""
    async with counting.open({"test.counting": Counter()}) as app:
        run = await asked(app, "w", {"q": "sheep"})
        first, _ = await _question(app, run)
        assert await app.approvals.answer(run, first.path, True)
    async with counting.open({"test.counting": Counter("Count, and tell it on.")}) as app:
        async with working(app):
            await changed(app, run, lambda one: one.path != first.path)
        assert await sent(app) == []
        row, data = await _question(app, run)
        assert row.standing.digest != first.standing.digest
        assert "tell it on" in json.dumps(data["tools"])
