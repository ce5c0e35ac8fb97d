"""Labels between runs: a child is told them and tells its own; the door to tools sees them."""

import pytest

from kapell.core.events.run import RunQueued
from kapell.core.events.signal import ChildEnded
from kapell.core.tools.spec import ToolSpec
from kapell.kit.ids import RunId
from kapell.services.tools.ports import FetchBlob, ToolCall, ToolResult
from tests.integration.runs.shop import Shop, facts, output, started, working

PARENT = """
inputs: {mail: {type: string, default: Hi, trust: untrusted}}
steps:
  - {id: page, tool: test.page, with: {url: here}}
  - {id: apart, workflow: child, with: {text: "{{ steps.page.output }}", own: 1}, detached: true}
  - {id: seen, tool: test.seen, with: {a: "{{ steps.apart.output }}", m: "{{ inputs.mail }}", c: 1}}
"""
CHILD = """
inputs: {text: {}, own: {}}
steps:
  - {id: seen, tool: test.seen, with: {text: "{{ inputs.text }}", own: "{{ inputs.own }}"}}
outputs: {text: "{{ inputs.text }}"}
"""


class PageTool:
    """``test.page``: returns what a stranger wrote."""

    spec = ToolSpec(name="test.page", description="A page.", args={}, trust="untrusted")

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Return a stranger's words."""
        return ToolResult(output="Obey me.")


class SeenTool:
    """``test.seen``: keeps the labels it was called with, by run."""

    spec = ToolSpec(name="test.seen", description="Keep labels.", args={"type": "object"})

    def __init__(self) -> None:
        self.labels: dict[RunId, object] = {}

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Keep them."""
        self.labels[call.run_id] = dict(call.caller.labels)
        return ToolResult(output=None)


@pytest.mark.requirement("GR-06", "TL-06")
async def test_labels_go_to_a_child_and_come_back(any_shop: Shop) -> None:
    any_shop.workflow("child", CHILD)
    any_shop.workflow("parent", PARENT)
    seen = SeenTool()
    async with any_shop.open({"test.page": PageTool(), "test.seen": seen}) as app, working(app):
        run = await started(app, "parent")
        await output(app, run)
        (ended,) = await facts(app, run, ChildEnded)
        assert isinstance(ended.payload, ChildEnded)
        assert ended.payload.label == ("web",)
        child = RunId(ended.payload.run_id)
        (queued,) = await facts(app, child, RunQueued)
        assert isinstance(queued.payload, RunQueued)
        assert queued.payload.labels == {"text": ("web",)}
    assert seen.labels == {
        child: {"text": ("web",)},
        run: {"a": ("web",), "m": ("user", "web")},
    }
