"""A call that must not be repeated, and nobody knows its outcome: a person says what to do."""

import pytest

from kapell.core.events.run import RunForked, RunWaiting
from kapell.core.runs.changes import changes_of
from kapell.core.runs.commands import Cancel, Repair, Retry
from kapell.core.runs.inputs import CallBroke, TimePassed
from kapell.core.runs.rows import DeadLetterClosed, DeadLetterOpened
from kapell.kit.ids import RunId
from kapell.testing.simulation import Simulation
from tests.unit.core.runs.driving import checked
from tests.unit.core.runs.running import BAD, DOWN, asked, paths, sim

PAY = "{id: pay, tool: once.pay, compensate: {tool: refund}}"
TOLD = "{id: told, tool: t, with: {paid: '{{ steps.pay.output }}'}}"


def lost(steps: str, *, head: str = "") -> Simulation:
    """Return a run whose worker was lost during its first calls, and everything else done."""
    made = sim(steps, head=head)
    made.claim()
    made.crash()
    made.run()
    checked(made)
    return made


def letters(made: Simulation) -> list[str]:
    """Return what is on the list of dead letters, from the rows that follow from the log."""
    found: list[str] = []
    for row in changes_of(made.state, [e.payload for e in made.events], 0.0, "w"):
        if isinstance(row, DeadLetterOpened):
            found.append(row.path)
        elif isinstance(row, DeadLetterClosed):
            found = [one for one in found if one != row.path and not one.startswith(row.path + "/")]
    return found


@pytest.mark.requirement("DX-06")
@pytest.mark.parametrize("command", [Repair("pay", "it had been paid"), Retry("pay"), Retry()])
def test_a_step_of_unknown_outcome_waits_and_so_does_what_depends_on_it(
    command: Repair | Retry,
) -> None:
    made = lost(f"- {PAY}\n- {TOLD}")
    assert asked(made) == []
    assert (made.state.status, made.state.phase, made.state.dead) == ("waiting", "going", ["pay"])
    assert (made.state.steps["pay"].status, made.state.steps["pay"].waits) == ("waiting", "person")
    waits = [e.payload for e in made.events if isinstance(e.payload, RunWaiting)]
    assert waits[-1].dead == 1
    assert letters(made) == ["pay"]
    made.crash()
    assert asked(made) == []
    made.effect = lambda call, args: "paid now" if call.path == "pay" else args
    made.tell(command)
    made.run()
    checked(made)
    paid = "it had been paid" if isinstance(command, Repair) else "paid now"
    assert (made.state.status, made.output) == ("succeeded", {"paid": paid})
    assert (made.state.dead, letters(made)) == ([], [])
    assert made.state.generation == 1


@pytest.mark.requirement("DX-06")
def test_a_block_goes_on_when_a_person_has_said_what_happened_in_it() -> None:
    made = lost(
        f"- {{id: b, steps: [{PAY}, {TOLD}]}}\n- {{id: c, set: {{b: '{{{{ steps.b.output }}}}'}}}}"
    )
    assert (asked(made), made.state.status, made.state.dead) == ([], "waiting", ["b/pay"])
    made.tell(Repair("b/pay", 7))
    made.run()
    assert (made.state.status, made.output) == ("succeeded", {"b": {"paid": 7}})


@pytest.mark.requirement("DX-06")
@pytest.mark.parametrize("retried", [False, True])
def test_an_item_of_unknown_outcome_is_collected_when_a_person_has_said(retried: bool) -> None:
    made = lost(
        f"""
        - id: all
          for_each: [1, 2]
          concurrency: 2
          on_item_error: collect
          steps: [{PAY}, {TOLD}]
        - {{id: sum, set: {{got: "{{{{ steps.all.output }}}}"}}}}
        """
    )
    assert made.state.dead == ["all[0]/pay", "all[1]/pay"]
    made.tell(Repair("all[0]/pay", "by hand"))
    made.tell(Retry("all[1]/pay") if retried else Repair("all[1]/pay", None))
    made.run()
    assert made.state.status == "succeeded"
    assert isinstance(made.output, dict)
    got = made.output["got"]
    assert isinstance(got, list)
    paid = [one["output"]["paid"] for one in got if isinstance(one, dict)]
    assert paid == ["by hand", {} if retried else None]
    assert [one["status"] for one in got if isinstance(one, dict)] == ["succeeded"] * 2
    assert [path for path, _ in asked(made) if path.endswith("pay")] == ["all[1]/pay"] * retried


def test_an_item_that_is_the_call_itself_keeps_its_place() -> None:
    made = lost("- {id: a, for_each: [1, 2], concurrency: 2, tool: once.pay}\n- {id: b, tool: t}")
    assert (made.state.dead, asked(made)) == (["a[0]", "a[1]"], [])
    made.tell(Retry("a[1]"))
    made.run()
    assert (made.state.status, [path for path, _ in asked(made)]) == ("waiting", ["a[1]"])
    made.tell(Repair("a[0]", 1))
    made.run()
    assert (made.state.status, [path for path, _ in asked(made)]) == ("succeeded", ["a[1]", "b"])


@pytest.mark.requirement("DX-05")
def test_a_run_that_waits_for_a_person_to_say_what_happened_can_be_cancelled() -> None:
    made = lost(f"- {PAY}\n- {TOLD}")
    made.tell(Cancel("enough"))
    made.run()
    assert made.state.status == "cancelled"
    assert paths(made, "compensation.succeeded") == ["pay"]


@pytest.mark.requirement("DX-05")
def test_what_fails_beside_it_ends_the_wait_and_undoes_it() -> None:
    made = sim(f"- {PAY}\n- {{id: b, tool: bad, depends_on: [], compensate: {{tool: undo}}}}")
    made.claim()
    made.crash()
    made.run()
    assert made.state.failure is not None
    assert (made.state.status, made.state.failure.code) == ("failed", "bad")
    assert paths(made, "compensation.succeeded") == ["pay"]


@pytest.mark.requirement("DX-06")
def test_a_held_run_goes_on_when_only_a_person_is_waited_for() -> None:
    made = sim(
        f"- {PAY}\n- {{id: b, tool: t, depends_on: []}}\n- {{id: c, tool: t, depends_on: [b]}}",
        lambda c, a: BAD if c.path == "b" else a,
        head="on_failure: hold",
    )
    made.claim()
    made.crash()
    made.run()
    assert (made.state.phase, made.state.dead) == ("held", ["pay", "b"])
    made.tell(Repair("b", 1))
    made.run()
    assert (made.state.phase, made.state.dead) == ("going", ["pay"])
    assert [path for path, _ in asked(made)] == ["b", "c"]
    made.tell(Repair("pay", 1))
    assert made.state.status == "succeeded"


@pytest.mark.requirement("DX-06")
def test_a_part_that_fails_around_it_takes_it_off_the_list() -> None:
    made = sim(
        f"""
        - id: p
          on_error: continue
          parallel:
            a: [{PAY}]
            b: [{{id: x, tool: bad}}]
        - {{id: c, tool: t}}
        """
    )
    made.claim()
    made.crash()
    made.run()
    assert made.state.status == "succeeded"
    assert (made.state.dead, letters(made)) == ([], [])
    assert [entry.path for entry in made.state.undo] == ["p.a/pay"]


@pytest.mark.requirement("DX-06")
def test_a_part_that_times_out_around_it_takes_it_and_open_questions_off_the_lists() -> None:
    made = sim(
        f"""
        - id: p
          on_error: continue
          timeout: 5s
          parallel:
            a: [{PAY}]
            b: [{{id: x, tool: t}}]
            c: [{{id: y, approval: {{title: Ok?}}}}]
        - {{id: c, tool: t}}
        """
    )
    made.claim()
    made.crash()
    assert letters(made) == ["p.a/pay"]
    made.now += 6
    made.give(TimePassed())
    assert (made.state.dead, letters(made)) == ([], [])
    assert set(paths(made, "step.skipped")) == {"p.a/pay", "p.c/y"}
    made.run()
    assert made.state.status == "succeeded"
    assert [entry.path for entry in made.state.undo] == ["p.a/pay"]


@pytest.mark.requirement("DX-06")
@pytest.mark.parametrize("command", [Repair("a!undo/undo", 1), Retry("a!undo/undo"), Retry()])
def test_an_undo_of_unknown_outcome_waits_for_a_person_too(command: Repair | Retry) -> None:
    made = sim(
        """
        - {id: z, tool: t, compensate: {tool: undo}}
        - {id: a, tool: t, compensate: {tool: once.refund}}
        - {id: b, tool: bad}
        """
    )
    made.claim()
    while "a!undo/undo#1/1" not in made.state.calls:
        made.step()
    made.crash()
    made.run()
    assert (made.state.status, made.state.phase) == ("waiting", "undoing")
    assert made.state.dead == ["b", "a!undo/undo"]
    made.tell(command)
    made.run()
    checked(made)
    assert made.state.status == "failed"
    assert paths(made, "compensation.succeeded") == ["a", "z"]
    assert [path for path, _ in asked(made)].count("a!undo/undo") == isinstance(command, Retry)


def test_no_step_is_tried_anew_or_given_a_result_while_the_run_is_being_cancelled() -> None:
    made = sim(f"- {PAY}\n- {{id: b, tool: t, depends_on: []}}")
    made.claim()
    made.crash()
    made.tell(Cancel())
    made.tell(Retry("pay"))
    made.tell(Repair("pay", 1))
    assert made.state.phase == "cancelling"
    made.run()
    assert made.state.status == "cancelled"


@pytest.mark.requirement("DX-06")
def test_a_call_that_may_have_taken_effect_is_not_made_again_by_itself() -> None:
    made = sim("- {id: pay, tool: once.pay, retry: {attempts: 3}}\n- {id: b, tool: t}")
    made.claim()
    made.give(CallBroke("pay#1/1", DOWN, unknown=True))
    made.run()
    assert made.state.failure is not None
    assert (made.state.status, made.state.failure.code) == ("failed", "down")
    assert "step.retry_scheduled" not in made.types


@pytest.mark.requirement("DX-06")
@pytest.mark.parametrize("inner", ["pay", "b/pay"])
def test_a_call_that_takes_too_long_is_not_made_again_by_itself(inner: str) -> None:
    step = "{id: pay, tool: once.pay, timeout: 5s, retry: {attempts: 3}}"
    if "/" in inner:
        step = "{id: b, timeout: 5s, retry: {attempts: 3}, steps: [{id: pay, tool: once.pay}]}"
    made = sim(f"- {step}")
    made.claim()
    made.now += 6
    made.give(TimePassed())
    made.run()
    assert made.state.status == "failed"
    assert (asked(made), "step.retry_scheduled" in made.types) == ([], False)


@pytest.mark.requirement("DX-05")
def test_a_call_that_may_have_taken_effect_is_undone_while_it_waits_to_be_made_again() -> None:
    pay = "{id: pay, tool: t, retry: {attempts: 2}, compensate: {tool: undo}}"
    made = sim(f"- {pay}\n- {{id: b, tool: bad, depends_on: []}}")
    made.claim()
    made.give(CallBroke("pay#1/1", DOWN, unknown=True))
    made.run()
    assert made.state.status == "failed"
    assert paths(made, "compensation.succeeded") == ["pay"]
    again = made.fork(len(made.events), RunForked(RunId("r0"), len(made.events)))
    assert sorted(call.path for call in again.state.calls.values()) == ["b", "pay"]


@pytest.mark.requirement("DX-08")
def test_a_fork_goes_on_with_the_handler_of_a_step_that_was_undone() -> None:
    handler = "{steps: [{id: h, tool: bad}]}"
    made = sim(f"- {{id: pay, tool: t, compensate: {{tool: undo}}, on_error: {handler}}}")
    made.claim()
    made.give(CallBroke("pay#1/1", DOWN, unknown=True))
    made.run()
    assert paths(made, "compensation.succeeded") == ["pay"]
    again = made.fork(len(made.events), RunForked(RunId("r0"), len(made.events)))
    again.run()
    assert (again.state.status, again.state.dead) == ("failed", ["pay!error/h"])
    again.tell(Repair("pay!error/h", "mended"))
    assert (again.state.status, again.output) == ("succeeded", "mended")
