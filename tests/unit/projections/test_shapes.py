"""Views of random runs: every step stands where its author wrote it, and the end ends it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kapell.core.runs.state import OpenCall
from kapell.core.runs.status import TERMINAL, RunStatus, StepStatus
from kapell.core.workflows.version import Version
from kapell.kit.errors import Failure, Kind
from kapell.kit.json import Json
from kapell.projections import addresses
from kapell.projections.outline import outline
from kapell.projections.traces.spans import trace
from kapell.projections.tree import RunView, begin, fold, tree
from kapell.testing.simulation import Simulation
from tests.drawing import examples
from tests.unit.core.runs.driving import Driver
from tests.unit.core.runs.strategies import FATES, Fate, versions
from tests.unit.core.workflows.authoring import version_of

OPEN = {StepStatus.RUNNING, StepStatus.WAITING, StepStatus.ASSIGNED}

AGAIN = """
name: again
defaults: {retry: {attempts: 3, backoff: 1s}}
steps:
  - id: block
    retry: {attempts: 2, backoff: 1s, on: [unavailable]}
    steps:
      - {id: first, set: {v: 1}}
      - id: inside
        for_each: [1, 2, 3]
        as: n
        concurrency: 3
        tool: file.read
        retry: {attempts: 1}
        with: {path: "{{ n }}"}
  - id: each
    for_each: [1, 2]
    as: n
    retry: {attempts: 2, backoff: 1s, on: [unavailable]}
    steps:
      - id: sides
        parallel:
          left: [{id: l, tool: file.read, retry: {attempts: 1}, with: {path: left}}]
          right: [{id: r, set: {v: 1}}]
"""


def _first_attempts_fail(call: OpenCall, args: Json) -> Json | Failure:
    del args
    if "#2" in call.path or call.path.endswith("[0]"):
        return "text"
    return Failure(code="model_unavailable", message="Down.", kind=Kind.UNAVAILABLE)


def _again() -> RunView:
    """Return a run in which blocks succeed when they are tried a second time."""
    sim = Simulation(version_of(AGAIN), {}, _first_attempts_fail)
    sim.run()
    return tree(sim.events)


@pytest.mark.requirement("WF-08", "OB-01")
def test_what_a_second_attempt_holds_stands_below_its_step() -> None:
    view = _again()
    assert view.status is RunStatus.SUCCEEDED
    assert [step.step for step in view.inner("")] == ["block", "each"]
    assert [step.step for step in view.inner("block")] == ["block/first", "block/inside"]
    assert [step.step for step in view.inner("each")] == ["each/sides"]
    assert [step.step for step in view.inner("each/sides")] == [
        "each/sides.left/l",
        "each/sides.right/r",
    ]


def test_what_an_earlier_attempt_came_to_is_gone() -> None:
    view = _again()
    assert {step.step: step.status for step in view.steps.values()} == dict.fromkeys(
        view.steps, StepStatus.SUCCEEDED
    )
    inside = view.steps["block/inside"]
    assert (inside.total, inside.done, inside.ended[StepStatus.FAILED]) == (3, 3, 0)


def test_the_spans_of_a_second_attempt_stand_below_it() -> None:
    sim = Simulation(version_of(AGAIN), {}, _first_attempts_fail)
    sim.run()
    spans = trace(sim.events).spans
    for inner, outer in (
        ("block#2/first", "block#2"),
        ("block/first", "block"),
        ("each[1]#2/sides.left/l", "each[1]#2/sides"),
        ("each[1]#2/sides", "each[1]#2"),
    ):
        assert spans[inner].parent_id == spans[outer].span_id, inner


@pytest.mark.slow
@pytest.mark.requirement("WF-08", "OB-01")
@settings(max_examples=examples(60))
@given(versions(), FATES, st.integers(0, 1000), st.integers(-1, 30))
def test_every_step_has_its_place_and_none_goes_on_when_the_run_has_ended(
    version: Version, fate: Fate, seed: int, cancel_at: int
) -> None:
    sim = Driver(version, fate, seed, trouble=20).run(cancel_at=cancel_at)
    planned = outline(version, beside=True)
    view = tree(sim.events)
    laid_out = begin(sim.events[0], outline(version))
    for event in sim.events[1:]:
        fold(laid_out, event)
    for name, step in view.steps.items():
        assert name in planned
        above = addresses.parent_of(name)
        assert (above in view.steps) is ("/" in name), name
        assert laid_out.steps[name] == step
        if view.ended:
            assert step.status not in OPEN, name
            assert not step.live
    assert view.ended == (sim.state.status in TERMINAL)
