"""Who answers sees how files would change, and what their own edit changes, before it counts."""

from functools import partial

import pytest

from kapell.core.events.guarding.approval import ApprovalAnswered
from kapell.kit.errors import Conflict, Invalid
from kapell.kit.json import Json
from kapell.services.runs.ports import ApprovalRow
from tests.integration.approvals.test_desk import asked, changed
from tests.integration.runs.shop import Shop, facts, output, working

pytestmark = pytest.mark.requirement("GR-10", "WF-11")

POLICY = """package kapell.tool

import rego.v1

ask contains {"rule": "files", "reason": "A file changes."} if {
    input.tool.effects == "write"
    not startswith(input.run.path, "free")
}
"""
FILES = """
steps:
  - {id: free, tool: file.write, with: {path: a.txt, text: "one\\ntwo\\n"}}
  - {id: write, tool: file.write, with: {path: ./a.txt, text: "one\\nthree\\n"}}
  - {id: table, tool: table.write, with: {path: a.csv, rows: [{n: 1}]}}
  - {id: gone, tool: file.delete, with: {path: a.txt}}
  - {id: none, tool: file.delete, with: {path: b.txt}}
outputs: {text: "{{ steps.write.output.size }}"}
"""


def _of(step: str, row: ApprovalRow) -> bool:
    return row.step == step


@pytest.fixture
def files(shop: Shop) -> Shop:
    """Return a workspace that asks before a file changes."""
    (shop.folder / "policies" / "tools.rego").write_text(POLICY, "utf-8")
    shop.workflow("files", FILES)
    return shop


async def test_every_tool_that_changes_files_shows_how(files: Shop) -> None:
    async with files.open() as app:
        run = await asked(app, "files")
        desk = app.approvals
        wanted = {
            "write": ["--- a.txt", "+++ a.txt", "@@ -1,2 +1,2 @@", " one", "-two", "+three"],
            "table": ["--- (new)", "+++ a.csv", "@@ -0,0 +1,2 @@", "+n", "+1"],
            "gone": ["--- a.txt", "+++ (removed)", "@@ -1,2 +0,0 @@", "-one", "-three"],
            "none": ["b.txt: there is no such file in the run's folder"],
        }
        async with working(app):
            for step, lines in wanted.items():
                row = await changed(app, run, partial(_of, step))
                assert (await desk.show(run, row.path)).diff.splitlines() == lines
                await desk.answer(run, row.path, True)
            assert await output(app, run) == {"text": 10}


async def test_an_edit_is_seen_before_it_counts(files: Shop) -> None:
    async with files.open() as app:
        run = await asked(app, "files")
        desk = app.approvals
        edit: Json = {"text": "one\nfour\n"}
        seen = await desk.preview(run, "write#1/1", edit)
        assert seen.data == {"path": "./a.txt", "text": "one\nfour\n"}
        assert "+four" in seen.diff
        assert "-two" in seen.diff
        assert seen.edits.splitlines()[2:] == ["@@ -1,2 +1,2 @@", " one", "-three", "+four"]
        (row,) = await desk.list(run)
        assert row.answer is None
        with pytest.raises(Invalid) as caught:
            await desk.preview(run, "write#1/1", {"text": 1})
        assert caught.value.code == "approval_edit"
        assert await desk.answer(run, "write#1/1", True, data=edit)
        async with working(app):
            after = await changed(app, run, lambda one: one.step == "table")
        assert after.path == "table#1/1"
        (told,) = await facts(app, run, ApprovalAnswered)
        assert isinstance(told.payload, ApprovalAnswered)
        assert told.payload.digest == seen.digest
        with pytest.raises(Conflict, match="has an answer already"):
            await desk.preview(run, "write#1/1", edit)


async def test_a_file_that_stays_as_it_is_is_told_so(shop: Shop) -> None:
    (shop.folder / "policies" / "tools.rego").write_text(POLICY, "utf-8")
    shop.workflow(
        "same",
        "steps:\n  - {id: free, tool: file.write, with: {path: a, text: x}}\n"
        "  - {id: b, tool: file.write, with: {path: a, text: x}}\n",
    )
    async with shop.open() as app:
        run = await asked(app, "same")
        assert (await app.approvals.show(run, "b#1/1")).diff == "a: nothing changes in it"
