"""Waiting for people, signals and times; commands that come too late or twice."""

import pytest

from kapell.core.runs.commands import Answer, Cancel, Merge, Resume, Signal
from kapell.core.runs.inputs import Claimed, Poisoned, TimePassed
from tests.unit.core.runs.running import DOWN, asked, paths, ran, sim

ASK = "- {id: a, approval: {title: 'Send {{ inputs.n }}?', data: {t: old, u: x}, edit: [t]%s}}"


def test_a_wait_ends_at_its_time() -> None:
    made = sim("- {id: w, wait: {for: 90s}}")
    made.claim()
    due = made.now + 90
    made.run()
    assert (made.now, made.state.status) == (due, "succeeded")


def test_a_signal_is_taken_by_who_waits_for_it() -> None:
    made = ran("- {id: w, wait: {signal: paid, match: signal.n == inputs.n}}", inputs={"n": 2})
    assert made.state.status == "waiting"
    made.tell(Signal("paid", {"n": 1}))
    made.tell(Signal("paid", "of another make"))
    made.tell(Signal("other", {"n": 2}))
    assert made.state.status == "waiting"
    made.tell(Signal("paid", {"n": 2}))
    assert made.output == {"n": 2}


def test_a_signal_that_came_before_is_taken_once() -> None:
    made = sim(
        """
        - {id: t, tool: t}
        - {id: w, wait: {signal: paid}}
        - {id: x, wait: {signal: paid}}
        """
    )
    made.claim()
    made.tell(Signal("paid", 1))
    made.run()
    assert made.state.steps["w"].output.value == 1  # type: ignore[union-attr]  # small, inline
    assert made.state.status == "waiting"


def test_a_match_that_cannot_be_worked_out_is_none() -> None:
    made = ran("- {id: w, wait: {signal: paid, match: signal.n > 1}}")
    made.tell(Signal("paid", {"n": "text"}))
    assert made.state.status == "waiting"


def test_an_answer_changes_only_what_may_be_edited() -> None:
    made = ran(ASK % "")
    made.tell(Answer("a", True, "fine", {"t": "new", "u": "not this"}), actor="user:eva")
    assert isinstance(made.output, dict)
    assert made.output["data"] == {"t": "new", "u": "x"}
    assert (made.output["approved"], made.output["by"]) == (True, "user:eva")
    before = len(made.events)
    made.tell(Answer("a", False))
    assert len(made.events) == before


def test_a_rejection_is_a_success() -> None:
    made = ran(ASK % "")
    made.tell(Answer("a", approved=False))
    assert made.state.status == "succeeded"


@pytest.mark.parametrize(
    ("taken", "status"), [("reject", "succeeded"), ("approve", "succeeded"), ("fail", "failed")]
)
def test_nobody_answers(taken: str, status: str) -> None:
    made = ran(ASK % f", expires: 2d, on_expiry: {taken}")
    assert made.state.status == status
    if status == "succeeded":
        assert isinstance(made.output, dict)
        assert made.output["approved"] is (taken == "approve")
    else:
        assert made.state.failure is not None
        assert made.state.failure.code == "approval_expired"


@pytest.mark.requirement("DX-01")
def test_cancel_lets_calls_settle_and_undoes() -> None:
    made = sim("- {id: a, tool: t, compensate: {tool: undo}}\n- {id: b, tool: t}")
    made.claim()
    made.tell(Cancel("enough"))
    assert made.state.status == "running"
    made.run()
    assert [path for path, _ in asked(made)] == ["a", "a!undo/undo"]
    assert made.types[-1] == "run.cancelled"


def test_a_call_that_fails_after_cancel_is_not_the_runs_failure() -> None:
    made = sim("- {id: a, tool: bad}")
    made.claim()
    made.tell(Cancel())
    made.run()
    assert made.state.status == "cancelled"


@pytest.mark.requirement("DX-01")
@pytest.mark.parametrize("claimed", [True, False])
def test_cancel_of_a_waiting_or_queued_run(claimed: bool) -> None:
    made = sim("- {id: a, approval: {title: Ok?}}")
    if claimed:
        made.claim()
    made.tell(Cancel())
    assert made.state.status == "cancelled"
    before = len(made.events)
    for command in (Cancel(), Answer("a", True), Signal("s"), Resume()):
        made.tell(command)
    made.give(TimePassed(), Claimed("w", 2))
    assert len(made.events) == before


def test_a_command_that_cannot_be_stored_changes_nothing() -> None:
    made = ran("- {id: w, wait: {signal: s}}")
    before = len(made.events)
    made.tell(Signal("s", "nul \0"))
    assert len(made.events) == before


@pytest.mark.requirement("DX-08")
def test_merge_adopts_the_outcome_of_a_fork() -> None:
    made = ran("- {id: a, tool: bad}")
    made.tell(Merge("other", 42))
    assert (made.state.status, made.output, made.state.generation) == ("succeeded", 42, 2)


@pytest.mark.requirement("DX-06")
def test_a_poisoned_run_waits_for_a_person_and_goes_on_when_told() -> None:
    made = sim("- {id: a, tool: t}\n- {id: b, approval: {title: Ok?}, depends_on: []}")
    made.claim()
    made.give(Poisoned(DOWN, 3))
    assert (made.state.status, made.state.phase) == ("waiting", "held")
    assert paths(made, "step.dead") == [""]
    from_here = len(made.events)
    made.tell(Resume())
    assert made.state.phase == "held"
    assert len(made.events) == from_here
