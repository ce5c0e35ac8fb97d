"""The tree of a run, folded from logs that the machine wrote."""

import msgspec
import pytest

from kapell.core.events.budget import BudgetSettled
from kapell.core.runs.commands import Cancel, Retry
from kapell.core.runs.status import RunStatus, StepStatus
from kapell.projections.outline import outline
from kapell.projections.tree import RunView, StepView, begin, fold, tree
from tests.unit.projections.histories import simulated, until_asked, whole

DONE = StepStatus.SUCCEEDED


@pytest.fixture(scope="module")
def view() -> RunView:
    return tree(whole())


def test_every_step_is_there_in_the_order_it_began(view: RunView) -> None:
    assert [step.step for step in view.inner("")] == [
        "load",
        "classify",
        "replies",
        "sides",
        "again",
        "way",
        "pause",
        "never",
        "kept",
        "last",
    ]
    assert [step.step for step in view.inner("replies")] == ["replies/draft", "replies/release"]
    assert [step.step for step in view.inner("sides")] == ["sides.a/x", "sides.b/y"]
    assert [step.step for step in view.inner("again")] == ["again/p"]
    assert [step.step for step in view.inner("way")] == ["way:one/z"]


@pytest.mark.requirement("WF-08", "OB-01")
def test_states_and_counters(view: RunView) -> None:
    assert view.status is RunStatus.SUCCEEDED
    assert view.steps["never"].status is StepStatus.SKIPPED
    classify = view.steps["classify"]
    assert (classify.total, classify.done, classify.retries) == (3, 3, 1)
    assert classify.ended == {DONE: 3}
    assert view.steps["again/p"].ended == {DONE: 2}
    assert all(step.status in (DONE, StepStatus.SKIPPED) for step in view.steps.values())
    assert not view.approvals
    assert not any(step.live for step in view.steps.values())


@pytest.mark.requirement("OB-08", "LG-06")
def test_money_and_tokens_are_those_of_the_machine() -> None:
    sim = until_asked()
    view = tree(sim.events)
    assert (view.usd, view.tokens) == (sim.state.usd, sim.state.tokens)
    assert view.steps["classify"].usd == 3 * 20_000
    assert view.steps["replies/draft"].tokens == 3 * 15
    assert view.usd == sum(step.usd for step in view.steps.values())


@pytest.mark.requirement("OB-08")
def test_a_late_settlement_corrects_the_earlier_one() -> None:
    events = until_asked().events
    before = tree(events)
    settled = next(event for event in events if event.type == "budget.settled")
    booked = settled.payload
    assert isinstance(booked, BudgetSettled)
    late = msgspec.structs.replace(
        settled,
        seq=len(events) + 1,
        payload=msgspec.structs.replace(booked, usd=booked.usd + 500),
    )
    after = tree([*events, late])
    assert after.usd == before.usd + 500
    assert after.steps["classify"].usd == before.steps["classify"].usd + 500
    assert after.tokens == before.tokens


@pytest.mark.requirement("WF-11")
def test_what_waits_for_a_person_is_listed() -> None:
    view = tree(until_asked().events)
    assert view.status is RunStatus.WAITING
    assert view.waiting is not None
    assert view.waiting.approvals == 3
    assert list(view.approvals) == [f"replies[{n}]/release" for n in range(3)]
    release = view.steps["replies/release"]
    assert release.status is StepStatus.WAITING
    assert release.waits == "approval"
    assert view.steps["replies"].status is StepStatus.RUNNING


@pytest.mark.requirement("WF-05")
def test_a_failure_shows_its_dead_letter_and_what_was_undone() -> None:
    view = tree(whole(broken=("last",)))
    assert view.status is RunStatus.FAILED
    assert view.failure is not None
    assert (view.failure.code, view.failure.step) == ("file_missing", "last")
    assert view.steps["last"].status is StepStatus.DEAD
    assert view.steps["kept"].status is StepStatus.COMPENSATED
    assert view.steps["kept!undo/undo"].status is DONE


def test_cancelling_ends_what_was_live() -> None:
    sim = until_asked()
    sim.tell(Cancel("enough"))
    sim.run()
    view = tree(sim.events)
    assert view.status is RunStatus.CANCELLED
    assert view.reason == "enough"
    assert not view.approvals
    assert not any(step.live for step in view.steps.values())


def test_a_step_that_is_tried_again_counts_once() -> None:
    broken = ["first"]
    text = "name: w\non_failure: hold\nsteps: [{id: first, tool: file.read, with: {path: x}}]"
    sim = simulated(text, broken=tuple(broken))
    sim.run()
    assert _only(tree(sim.events)).status is StepStatus.DEAD
    sim.effect = lambda call, args: {"rows": []}
    sim.tell(Retry("first"))
    sim.run()
    step = _only(tree(sim.events))
    assert step.status is DONE
    assert step.done == 1


def test_what_is_still_to_come_is_laid_out() -> None:
    sim = until_asked()
    planned = outline(sim.program.version)
    assert planned[:3] == ["load", "classify", "replies"]
    assert "replies/draft" in planned
    assert "sides.b/y" in planned
    assert not any("!" in step for step in planned)
    view = begin(sim.events[0], planned)
    for event in sim.events[1:]:
        fold(view, event)
    assert list(view.steps) == planned
    assert view.steps["last"].status is StepStatus.QUEUED
    begun = {name: one for name, one in view.steps.items() if one.status is not StepStatus.QUEUED}
    assert begun == tree(sim.events).steps


def _only(view: RunView) -> StepView:
    (step,) = view.steps.values()
    return step


def test_a_view_can_be_made_at_any_event() -> None:
    events = whole()
    for length in range(1, len(events) + 1):
        view = tree(events[:length])
        assert view.seq == length
        for step in view.steps.values():
            assert min([0, *step.ended.values()]) == 0
            assert not step.total or step.done + len(step.live) <= step.total
