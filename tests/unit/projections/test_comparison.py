"""Two runs beside each other, and two versions."""

import pytest

from kapell.projections.changes import changes
from kapell.projections.comparison import compare
from tests.unit.core.workflows.authoring import version_of
from tests.unit.projections.histories import EVERYTHING, simulated, until_asked, whole

SMALL = """
name: w
steps:
  - {id: a, tool: file.read, with: {path: x}}
  - {id: b, steps: [{id: inner, set: {v: 1}}]}
  - {id: c, set: {v: 1}}
"""


@pytest.mark.requirement("DX-08")
def test_a_run_is_the_same_as_itself() -> None:
    events = whole()
    view = compare(events, events)
    assert view.shared == len(events)
    assert view.parted_at == ""
    assert view.same_version
    assert view.same_inputs
    assert view.same_output
    assert view.first == view.second


@pytest.mark.requirement("DX-08")
def test_they_part_where_they_differ() -> None:
    view = compare(whole(), whole(broken=("last",)))
    assert view.parted_at == "kept"
    found = {one.step: one for one in view.steps}
    assert found["classify"].difference == "same"
    assert (found["last"].first.status, found["last"].second.status) == ("succeeded", "dead")
    assert found["last"].difference == "state"
    assert found["kept!undo/undo"].difference == "only_second"
    assert (view.first.status, view.second.status) == ("succeeded", "failed")
    assert 0 < view.shared < 200


def test_other_outputs_are_found_by_path() -> None:
    one, other = simulated(SMALL), simulated(SMALL)
    other.effect = lambda call, args: {"rows": [2]}
    one.run()
    other.run()
    view = compare(one.events, other.events)
    found = {step.step: step for step in view.steps}
    assert found["a"].difference == "output"
    assert found["a"].paths == ("a",)
    assert found["c"].difference == "same"


def test_a_run_under_way_lacks_steps() -> None:
    view = compare(whole(), until_asked().events)
    assert {one.step for one in view.steps if one.difference == "only_first"} >= {"last", "kept"}


@pytest.mark.requirement("WF-08")
def test_changes_of_a_version_are_named_step_by_step() -> None:
    old = version_of(SMALL)
    assert changes(old, version_of(f"# a comment\n{SMALL}")).steps == ()
    new = version_of(
        SMALL.replace("path: x", "path: y")
        .replace("{id: inner, set: {v: 1}}", "{id: inner, set: {v: 1}}, {id: more, set: {v: 2}}")
        .replace("  - {id: c, set: {v: 1}}\n", "")
        + "outputs: {v: 1}\n"
    )
    found = changes(old, new)
    assert [(one.step, one.kind, one.keys) for one in found.steps] == [
        ("c", "removed", ()),
        ("a", "changed", ("args",)),
        ("b/more", "added", ()),
    ]
    assert found.parts == ("outputs",)
    assert found.of("b") is None


def test_every_construct_can_be_compared() -> None:
    version = version_of(EVERYTHING)
    other = version_of(EVERYTHING.replace("{id: y, tool: file.read", "{id: y, tool: file.delete"))
    assert [one.step for one in changes(version, other).steps] == ["sides.b/y"]
