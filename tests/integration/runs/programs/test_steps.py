"""A `code` step goes through the door of every tool, in a sandbox, in the run's folder."""

import pytest

from kapell.core.events.tool import ToolRequested, ToolReturned
from kapell.core.runs.status import RunStatus
from tests.fixtures.sandboxes import bubblewrap_for
from tests.integration.runs.shop import Shop, folded, output, reached, started, working

SUM = """\
inputs: {n: {type: integer, default: 4}}
steps:
  - id: calc
    code:
      language: python
      source: |
        import os
        open("out.txt", "w").write("{{ not a template }}")
        print("working")
        {"total": input["n"] * 2, "files": os.listdir("/work")}
      input: {n: "{{ inputs.n }}"}
    output: {type: object, required: [total], properties: {total: {type: integer}}}
  - id: read
    tool: file.read
    with: {path: out.txt}
outputs: {calc: "{{ steps.calc.output }}", text: "{{ steps.read.output.text }}"}
"""


@pytest.mark.requirement("WF-12", "TL-01", "TL-02")
async def test_a_program_is_a_step_by_configuration_alone(shop: Shop) -> None:
    await bubblewrap_for("python")
    async with shop.open() as app, working(app):
        run = await started(app, shop.workflow("sum", SUM), {"n": 21})
        assert await output(app, run) == {
            "calc": {"total": 42, "files": ["out.txt"]},
            "text": "{{ not a template }}",
        }
        events = [event.payload for event in await app.histories.events(run)]
    asked = next(one for one in events if isinstance(one, ToolRequested))
    given = next(one for one in events if isinstance(one, ToolReturned))
    assert asked.tool == "code.run"
    assert [change.path for change in given.files] == ["out.txt"]
    assert given.seconds > 0
    assert given.trust == "untrusted"
    assert given.notes["backend"] == "bubblewrap"
    assert given.notes["exit"] == 0
    assert given.notes["limit"] is None
    limits = given.notes["limits"]
    assert isinstance(limits, dict)
    assert limits["seconds"] == 30


@pytest.mark.requirement("TL-02")
@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("{language: python, source: 'raise ValueError(4)'}", "program_failed"),
        ("{language: python, source: 'object()'}", "program_result"),
        ("{language: python, source: 'while True: pass', timeout: 500ms}", "program_limit"),
        ("{language: python, source: '1.5'}", "output_invalid"),
    ],
)
async def test_what_goes_wrong_fails_the_step_with_its_reason(
    shop: Shop, code: str, error: str
) -> None:
    await bubblewrap_for("python")
    text = f"steps:\n  - {{id: a, code: {code}, output: {{type: integer}}}}\n"
    async with shop.open() as app, working(app):
        run = await started(app, shop.workflow("wrong", text))
        assert (await reached(app, run, RunStatus.FAILED)).status is RunStatus.FAILED
        failure = (await folded(app, run)).failure
    assert failure is not None
    assert failure.code == error
    assert failure.advice


@pytest.mark.requirement("WF-12")
async def test_a_program_may_come_from_a_step_before(shop: Shop) -> None:
    await bubblewrap_for("python")
    text = (
        "steps:\n"
        "  - {id: draft, set: {program: 'sum(input)'}}\n"
        "  - id: go\n"
        "    code: {language: python, source: '{{ steps.draft.output.program }}', input: [1, 2]}\n"
        "outputs: {sum: '{{ steps.go.output }}'}\n"
    )
    async with shop.open() as app, working(app):
        run = await started(app, shop.workflow("given", text))
        assert await output(app, run) == {"sum": 3}
