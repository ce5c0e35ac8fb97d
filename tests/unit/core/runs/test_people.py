"""Waiting for people, signals and times; commands that come too late or twice."""

import pytest

from kapell.core.events.run import RunForked
from kapell.core.gateway.calls import ModelAnswer
from kapell.core.runs.commands import (
    Answer,
    Cancel,
    Merge,
    Repair,
    Resume,
    Retry,
    Signal,
)
from kapell.core.runs.inputs import Claimed, Poisoned, TimePassed, ToolReplied
from kapell.core.runs.state import OpenCall
from kapell.kit.errors import Failure, Kind
from kapell.kit.ids import RunId
from kapell.kit.json import Json
from tests.unit.core.runs.driving import checked
from tests.unit.core.runs.running import BAD, DOWN, asked, echo, overdue, paths, ran, sim

ASK = "- {id: a, approval: {title: 'Send {{ inputs.n }}?', data: {t: old, u: x}, edit: [t]%s}}"


def test_a_wait_ends_at_its_time() -> None:
    made = sim("- {id: w, wait: {for: 90s}}")
    made.claim()
    due = made.now + 90
    made.run()
    assert (made.now, made.state.status) == (due, "succeeded")


@pytest.mark.requirement("DX-07")
@pytest.mark.parametrize(
    ("wait", "code"),
    [
        ("for: '{{ 1e300 }}'", "span_too_long"),
        ("for: '{{ inputs.n }}'", "span_too_long"),
        ("until: '{{ 1e18 }}'", "instant_out_of_range"),
        ("until: '{{ -1e15 }}'", "instant_out_of_range"),
        ("until: '{{ inputs.t }}'", "instant_out_of_range"),
    ],
)
def test_a_time_that_no_calendar_has_fails_the_step(wait: str, code: str) -> None:
    inputs: dict[str, Json] = {"n": "999999999d", "t": "9999-12-31T23:59:59-12:00"}
    made = ran(f"- {{id: w, wait: {{{wait}}}}}", inputs=inputs)
    failure = made.state.failure
    assert failure is not None
    assert (made.state.status, failure.code, failure.kind) == ("failed", code, Kind.INVALID)
    assert failure.step == "w"
    assert failure.advice


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


@pytest.mark.requirement("WF-11")
@pytest.mark.parametrize(("late", "approved"), [(-1.0, True), (0.0, False), (60.0, False)])
def test_an_answer_counts_when_it_was_given_in_time(late: float, approved: bool) -> None:
    made = sim("- {id: a, approval: {title: Ok?, expires: 2d, on_expiry: reject}}")
    made.claim()
    expires = made.state.steps["a"].due
    assert expires is not None
    # Nobody worked when the time was up: the answer is read long after it was given.
    made.now = expires + 3600
    made.tell(Answer("a", approved=True), at=expires + late)
    made.give(TimePassed())
    assert made.state.status == "succeeded"
    assert ("approval.expired" in made.types) is not approved
    assert isinstance(made.output, dict)
    assert made.output["approved"] is approved


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


def test_a_leaf_times_out_and_is_tried_again() -> None:
    made = sim("- {id: a, tool: t, timeout: 5s, retry: {attempts: 2, backoff: 1s, jitter: false}}")
    made.claim()
    made.now += 5
    made.give(TimePassed())
    assert made.types[-4:] == [
        "tool.failed",
        "step.timed_out",
        "step.retry_scheduled",
        "run.waiting",
    ]
    made.run()
    assert made.state.status == "succeeded"


def test_a_part_times_out_by_its_work_and_not_by_waiting() -> None:
    made = sim(
        """
        - id: b
          timeout: 5s
          steps: [{id: w, wait: {for: 1h}}, {id: t, tool: t}, {id: u, tool: t}]
        """
    )
    made.claim()
    made.step()
    assert made.state.calls
    made.now += 3
    made.give(ToolReplied("b/t#1/1", None))
    made.now += 3
    made.give(TimePassed())
    assert made.state.status == "failed"
    assert paths(made, "step.timed_out") == ["b"]


def test_the_whole_run_times_out() -> None:
    made = sim("- {id: a, tool: t}", head="timeout: 5s")
    made.claim()
    made.now += 6
    made.give(TimePassed())
    assert made.state.failure is not None
    assert made.state.failure.code == "step_timed_out"
    assert made.state.status == "failed"


def test_items_get_their_slot_back_when_a_part_times_out() -> None:
    made = sim(
        """
        - id: o
          for_each: [1, 2]
          on_item_error: collect
          steps: [{id: b, timeout: 5s, steps: [{id: t, tool: t}]}]
        """
    )
    made.claim()
    made.now += 6
    made.give(TimePassed())
    made.run()
    assert [path for path, _ in asked(made)] == ["o[1]/b/t"]


@pytest.mark.requirement("DX-05")
@pytest.mark.parametrize("cancelled", [False, True])
def test_what_always_runs_and_what_undoes_have_time_when_that_of_the_run_is_up(
    cancelled: bool,
) -> None:
    made = sim(
        """
        - {id: a, tool: t, compensate: {tool: undo}}
        - {id: b, tool: t, compensate: {tool: undo}}
        - {id: c, join: always, tool: t}
        """,
        head="timeout: 5s",
    )
    made.claim()
    made.step()
    if cancelled:
        made.tell(Cancel())
    while overdue(made).step():
        pass
    assert made.state.status == ("cancelled" if cancelled else "failed")
    assert [path for path, _ in asked(made)] == [
        "a", *(() if cancelled else ("c",)), "b!undo/undo", "a!undo/undo"
    ]  # fmt: skip
    assert ("" in made.state.dead) is not cancelled


def test_a_run_whose_time_was_up_is_given_it_anew_by_a_retry() -> None:
    made = sim("- {id: a, tool: t}", head="timeout: 5s\non_failure: hold")
    made.claim()
    assert overdue(made).state.phase == "held"
    made.tell(Retry())
    made.now += 4
    made.give(TimePassed())
    made.run()
    assert made.state.status == "succeeded"


@pytest.mark.requirement("DX-05")
@pytest.mark.parametrize("part", ["b", ""])
def test_a_call_that_may_have_taken_effect_in_a_part_that_times_out_is_undone(
    part: str,
) -> None:
    made = sim(
        """
        - id: b
          timeout: %s
          for_each: [1]
          steps:
            - {id: x, for_each: [1], as: one, tool: t, compensate: {tool: undo}}
            - {id: y, tool: t, compensate: {tool: undo}, depends_on: []}
        """
        % ("5s" if part else "1h"),
        head="" if part else "timeout: 5s",
    )
    made.claim()
    overdue(made).run()
    checked(made)
    assert made.state.status == "failed"
    assert made.state.dead[0] == ("b[0]" if part else "")
    assert sorted(paths(made, "compensation.succeeded")) == ["b[0]/x[0]", "b[0]/y"]


def test_who_ended_a_run_whose_time_was_up_ended_it() -> None:
    made = sim("- {id: a, tool: t}", head="timeout: 5s\non_failure: hold")
    made.claim()
    overdue(made).tell(Cancel())
    made.tell(Retry())
    assert made.state.status == "cancelled"


@pytest.mark.requirement("DX-06")
@pytest.mark.parametrize("command", [Retry(), Retry("p"), Repair("p", 1)])
def test_what_is_dead_in_a_part_goes_with_the_part(command: Retry | Repair) -> None:
    tries: list[str] = []

    def effect(call: OpenCall, args: Json) -> Json | Failure | ModelAnswer:
        tries.append(call.call)
        return BAD if len(tries) == 1 else echo(call, args)

    made = sim(
        "- {id: p, timeout: 5s, parallel: {l: [{id: x, tool: t}], r: [{id: y, tool: t}]}}",
        effect,
        head="on_failure: hold",
    )
    made.claim()
    made.step()
    overdue(made)
    assert made.state.dead == ["p.l/x", "p"]
    made.tell(command)
    made.run()
    assert (made.state.status, made.state.dead) == ("succeeded", [])
    assert tries[1:] == ([] if isinstance(command, Repair) else ["p#2.l/x#1/1", "p#2.r/y#1/1"])


@pytest.mark.requirement("DX-08")
def test_a_fork_of_a_cancelled_run_begins_anew_what_was_cut_short() -> None:
    made = sim("- {id: b, steps: [{id: x, tool: t}]}", lambda c, a: BAD)
    made.claim()
    made.tell(Cancel())
    made.run()
    assert made.state.status == "cancelled"
    again = made.fork(len(made.events), RunForked(RunId("r0"), len(made.events)))
    again.effect = echo
    assert again.run().status == "succeeded"


@pytest.mark.parametrize("limit", ["timeout: 5s", "budget: {time: 5s}"])
def test_what_handles_a_part_that_took_too_long_has_time(limit: str) -> None:
    handler = "{steps: [{id: h, tool: t}]}"
    made = sim(f"- {{id: p, {limit}, on_error: {handler}, steps: [{{id: x, tool: t}}]}}")
    made.claim()
    overdue(made).run()
    assert [path for path, _ in asked(made)] == ["p!error/h"]
    assert made.state.status == "succeeded"


def test_several_that_take_too_long_at_once_are_dealt_with_one_after_the_other() -> None:
    made = sim(
        """
        - id: p
          on_error: continue
          parallel:
            l: [{id: a, timeout: 5s, steps: [{id: x, tool: t}, {id: y, join: always, tool: t}]}]
            r: [{id: b, timeout: 5s, tool: t}]
        """
    )
    made.claim()
    overdue(made)
    assert paths(made, "tool.requested") == ["p.l/a/x", "p.r/b"]
    assert made.state.status == "succeeded"
