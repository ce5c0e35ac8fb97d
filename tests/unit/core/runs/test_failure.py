"""Failure: tried again, handled, undone, held."""

import textwrap

import msgspec
import pytest

from kapell.core.events.step import StepRetryScheduled
from kapell.core.gateway.calls import ModelAnswer
from kapell.core.runs.commands import Cancel, Repair, Retry
from kapell.core.runs.inputs import CallBroke
from kapell.core.runs.state import OpenCall
from kapell.kit.errors import Failure, Kind
from kapell.kit.json import Json
from tests.unit.core.runs.running import BAD, DOWN, asked, echo, paths, ran, said, sim

UNDO = "compensate: {tool: undo, with: {own: '{{ steps.%s.output.n }}', seen: '{{ inputs.n }}'}}"


@pytest.mark.requirement("DX-04")
def test_retries_back_off_with_the_same_jitter_each_time() -> None:
    text = "- {id: a, tool: down, retry: {attempts: 4, backoff: 2s, max: 5s}}"
    waits = []
    for made in (ran(text), ran(text)):
        found = []
        for event in made.events:
            if isinstance(event.payload, StepRetryScheduled):
                found.append(event.payload.at - event.at)
        waits.append(found)
    assert waits[0] == waits[1]
    assert all(
        low <= one <= high for one, low, high in zip(waits[0], (1, 2, 2.5), (2, 4, 5), strict=True)
    )
    assert len(asked(made)) == 4


@pytest.mark.requirement("DX-04")
@pytest.mark.parametrize(("on", "calls"), [("[unavailable]", 2), ("[down]", 2), ("[limited]", 1)])
def test_only_the_named_kinds_and_codes_are_tried_again(on: str, calls: int) -> None:
    made = ran(f"- {{id: a, tool: down, retry: {{attempts: 2, on: {on}}}}}")
    assert len(asked(made)) == calls
    assert made.state.status == "failed"


@pytest.mark.parametrize(("wish", "waited"), [(90.0, 90.0), (99_999_999_999.0, 3600.0)])
def test_the_other_side_says_when_to_come_back(wish: float, waited: float) -> None:
    later = Failure("busy", "", Kind.LIMITED, retry_after=wish)
    made = sim("- {id: a, tool: t, retry: {attempts: 2, backoff: 1s}}", lambda c, a: later)
    made.claim()
    made.step()
    assert made.state.steps["a"].due == made.now + waited


@pytest.mark.parametrize(
    "handler", ["continue", "{steps: [{id: h, set: {c: '{{ error.code }}'}}]}"]
)
def test_on_error(handler: str) -> None:
    made = ran(
        f"""
        - {{id: a, tool: bad, on_error: {handler}}}
        - {{id: b, set: {{was: "{{{{ steps.a.status }}}}", out: "{{{{ steps.a.output }}}}"}}}}
        """
    )
    done = handler != "continue"
    assert made.output == {
        "was": "succeeded" if done else "failed",
        "out": {"c": "bad"} if done else None,
    }


def test_a_failing_handler_fails_the_step() -> None:
    made = ran("- {id: a, tool: down, on_error: {steps: [{id: h, tool: bad}]}}")
    assert made.state.status == "failed"
    assert made.state.failure is not None
    assert (made.state.failure.code, made.state.failure.step) == ("bad", "a!error/h")


def test_what_a_handler_did_is_not_undone_as_the_step() -> None:
    made = ran(
        """
        - id: a
          tool: bad
          on_error: {steps: [{id: h, set: {n: 1}}]}
          compensate: {tool: undo}
        - {id: b, tool: bad}
        """
    )
    assert paths(made, "compensation.started") == []


def test_a_failing_branch_stops_waiting_siblings_and_lets_calls_settle() -> None:
    made = sim(
        """
        - id: p
          on_error: continue
          parallel:
            a: [{id: x, tool: bad}, {id: y, tool: t}]
            b: [{id: x, approval: {title: Ok?}}]
            c: [{id: x, tool: t, compensate: {tool: undo}}, {id: y, tool: t}]
        """
    )
    made.run()
    assert made.state.status == "succeeded"
    assert paths(made, "step.skipped") == ["p.b/x"]
    assert [path for path, _ in asked(made)] == ["p.a/x", "p.c/x"]


@pytest.mark.requirement("WF-05", "DX-05")
def test_finished_steps_are_undone_newest_first_with_frozen_arguments() -> None:
    made = ran(
        f"""
        - {{id: a, tool: t, with: {{n: 1}}, {UNDO % "a"}}}
        - {{id: b, tool: t, with: {{n: 2}}, {UNDO % "b"}}}
        - {{id: c, tool: bad}}
        """,
        inputs={"n": 7},
    )
    assert asked(made)[3:] == [
        ("b!undo/undo", {"own": 2, "seen": 7}),
        ("a!undo/undo", {"own": 1, "seen": 7}),
    ]
    assert made.types[-1] == "run.failed"
    assert {made.state.steps[one].status for one in "ab"} == {"compensated"}


@pytest.mark.requirement("DX-06")
def test_an_undo_that_fails_is_a_dead_letter_and_the_others_go_on() -> None:
    made = ran(
        """
        - {id: a, tool: t, compensate: {tool: undo}}
        - {id: b, tool: t, compensate: {tool: bad}}
        - {id: c, tool: bad}
        """
    )
    dead = [e.payload for e in made.events if e.type == "step.dead"]
    assert [(one.path, one.stage) for one in dead] == [("c", "step"), ("b", "compensation")]  # type: ignore[union-attr]  # they have both
    assert paths(made, "compensation.succeeded") == ["a"]
    assert made.state.status == "failed"


@pytest.mark.requirement("DX-05")
def test_a_call_of_unknown_outcome_is_undone_too() -> None:
    made = sim("- {id: a, tool: t, compensate: {tool: undo, with: {o: '{{ steps.a.output }}'}}}")
    made.claim()
    made.give(CallBroke("a#1/1", DOWN, unknown=True))
    made.run()
    assert asked(made) == [("a!undo/undo", {"o": None})]


@pytest.mark.requirement("DX-05")
def test_an_earlier_attempt_of_unknown_outcome_is_undone_too() -> None:
    made = sim(
        "- {id: a, tool: t, retry: {attempts: 2}, compensate: {tool: undo}}", lambda c, a: BAD
    )
    made.claim()
    made.give(CallBroke("a#1/1", DOWN, unknown=True))
    made.run()
    assert paths(made, "compensation.started") == ["a"]


@pytest.mark.requirement("DX-06")
def test_hold_waits_for_a_repair() -> None:
    made = ran(
        "- {id: a, tool: bad}\n- {id: b, set: {x: '{{ steps.a.output }}'}}", head="on_failure: hold"
    )
    assert (made.state.status, made.state.phase, made.state.dead) == ("waiting", "held", ["a"])
    made.tell(Repair("a", "mended"))
    assert (made.state.status, made.output) == ("succeeded", {"x": "mended"})


@pytest.mark.requirement("DX-06")
def test_a_failed_run_is_repaired_in_its_next_generation() -> None:
    made = ran("- {id: a, tool: bad}\n- {id: b, set: {x: 1}}")
    made.tell(Repair("a", None))
    assert (made.state.status, made.state.generation) == ("succeeded", 2)


def test_a_run_whose_steps_were_undone_is_not_repaired() -> None:
    made = ran("- {id: a, tool: t, compensate: {tool: undo}}\n- {id: b, tool: bad}")
    before = len(made.events)
    made.tell(Repair("b", 1))
    made.tell(Retry())
    assert len(made.events) == before


@pytest.mark.parametrize("path", ["", "b/a"])
def test_a_dead_step_is_tried_anew(path: str) -> None:
    fates: list[Json | Failure | ModelAnswer] = [BAD, "well"]
    made = ran("- {id: b, steps: [{id: a, tool: t}]}", lambda c, a: fates.pop(0))
    assert made.state.status == "failed"
    made.tell(Retry(path))
    made.run()
    assert (made.state.status, made.output) == ("succeeded", "well")
    assert [call.call for call in made.asked] == ["b/a#1/1", "b/a#2/1"]


def test_always_runs_whatever_happened_and_is_waited_for() -> None:
    made = ran(
        """
        - {id: a, tool: bad}
        - {id: b, tool: t}
        - id: clean
          join: always
          for_each: [1, 2]
          steps: [{id: w, wait: {for: 1m}}, {id: t, tool: t}]
        """
    )
    assert [path for path, _ in asked(made)] == ["a", "clean[0]/t", "clean[1]/t"]
    assert made.types[-1] == "run.failed"


_SEEN = """
    - {id: box, depends_on: [], steps: [{id: x, tool: bad}, {id: y, tool: t}]}
    - {id: fan, depends_on: [], for_each: [1], steps: [{id: w, approval: {title: Well?}}]}
    - {id: ask, depends_on: [], approval: {title: Well?}}
    - {id: later, depends_on: [], tool: down, retry: {attempts: 3}}
    - {id: done, depends_on: [], set: {x: 1}}
    - {id: mine, join: always, depends_on: [box], wait: {for: 1m}}
    - id: clean
      join: always
      depends_on: [box, fan, ask, later, done, mine]
      tool: t
      with:
        seen: >-
          {{ [steps.box.status, steps.fan.status, steps.ask.status, steps.later.status,
          steps.done.status, steps.mine.status] }}
        why: "{{ steps.box.error.code }}"
    """


@pytest.mark.parametrize("caught", [False, True])
def test_always_sees_what_failed_and_what_was_left_alone(caught: bool) -> None:
    steps = textwrap.dedent(_SEEN)
    if caught:
        steps = f"- id: all\n  on_error: continue\n  steps:\n{textwrap.indent(steps, '    ')}"
    made = ran(steps)
    assert made.types[-1] == ("run.succeeded" if caught else "run.failed")
    seen = ["failed", "skipped", "skipped", "failed", "succeeded", "succeeded"]
    assert asked(made)[-1] == (
        "all/clean" if caught else "clean",
        {"seen": seen, "why": "bad"},
    )


@pytest.mark.requirement("DX-04")
def test_always_is_tried_again_while_the_run_fails() -> None:
    made = ran("- {id: a, tool: bad}\n- {id: b, join: always, tool: down, retry: {attempts: 3}}")
    assert len(asked(made)) == 4


def test_a_wrong_answer_goes_back_with_the_same_attempt() -> None:
    answers: list[Json] = ["no", {"n": "no"}, {"n": 1}]
    made = ran(
        "- {id: a, ask: Count, output: {type: object, properties: {n: {type: integer}}}}",
        lambda c, a: said(answers.pop(0)),
    )
    assert made.output == {"n": 1}
    assert [call.call for call in made.asked] == ["a#1/1", "a#1/2", "a#1/3"]
    assert len({call.key for call in made.asked}) == 3


def test_corrections_end() -> None:
    made = ran(
        "- {id: a, ask: Count, corrections: 2, output: {type: object}}", lambda c, a: said("no")
    )
    assert len(made.asked) == 3
    assert made.state.failure is not None
    assert made.state.failure.code == "answer_invalid"


def test_an_output_that_breaks_its_schema_fails_a_tool_step() -> None:
    made = ran("- {id: a, tool: t, with: {n: 1}, output: {type: string}}")
    assert made.state.failure is not None
    assert made.state.failure.code == "output_invalid"


def test_results_that_cannot_be_stored_are_failures_not_crashes() -> None:
    tool = ran(
        "- {id: a, tool: t, compensate: {tool: undo}}",
        lambda c, a: "nul \0" if c.path == "a" else a,
    )
    assert tool.state.failure is not None
    assert tool.state.failure.code == "value_not_json"
    assert paths(tool, "compensation.succeeded") == ["a"]
    model = ran("- {id: a, ask: Hi}", lambda c, a: said("nul \0"))
    assert model.state.failure is not None
    assert model.state.failure.code == "answer_invalid"


@pytest.mark.requirement("DX-04")
def test_a_call_that_fails_in_a_stopped_part_is_not_tried_again() -> None:
    made = ran(
        """
        - id: p
          on_error: continue
          parallel:
            a: [{id: x, tool: bad}]
            b: [{id: x, tool: down, retry: {attempts: 2}}]
        """
    )
    assert made.state.status == "succeeded"
    assert "step.retry_scheduled" not in made.types


@pytest.mark.requirement("DX-05")
def test_nothing_goes_on_once_undoing_has_begun() -> None:
    made = ran(
        """
        - {id: a, tool: t, compensate: {tool: down}}
        - {id: w, wait: {for: 500ms}, compensate: {tool: undo}}
        - {id: b, tool: bad, depends_on: [a]}
        """
    )
    assert paths(made, "compensation.started") == ["a"]
    assert "w" not in paths(made, "step.succeeded")


@pytest.mark.requirement("DX-04")
@pytest.mark.parametrize(
    "held",
    [
        "{id: w, join: always, wait: {for: 5s}}",
        "{id: w, depends_on: [], steps: [{id: x, depends_on: [], tool: bad}, "
        "{id: y, depends_on: [x], join: always, wait: {for: 5s}}]}",
    ],
)
def test_always_waits_for_such_a_step_even_when_others_stand_between(held: str) -> None:
    made = ran(
        f"""
        - {{id: a, tool: bad}}
        - {held}
        - {{id: b, depends_on: [w], tool: t}}
        - {{id: c, depends_on: [b], tool: t}}
        - {{id: look, join: always, depends_on: [c], tool: t}}
        """
    )
    ended = [e.type for e in made.events if getattr(e.payload, "path", "").startswith("w")]
    assert ended[-1] == "step.succeeded"
    look = paths(made, "step.started").index("look")
    assert look == len(paths(made, "step.started")) - 1
    last = max(e.seq for e in made.events if getattr(e.payload, "path", "").startswith("w"))
    began = next(e.seq for e in made.events if getattr(e.payload, "path", "") == "look")
    assert last < began


@pytest.mark.requirement("DX-05")
@pytest.mark.parametrize("held", [False, True])
def test_who_cancels_a_run_wants_it_undone_whatever_it_does_with_failures(held: bool) -> None:
    made = ran(
        f"""
        - {{id: a, tool: t, compensate: {{tool: undo}}}}
        - {{id: b, set: {{x: 1}}, compensate: {{tool: undo}}}}
        - {"{id: c, tool: bad}" if held else "{id: c, approval: {title: Well?}}"}
        """,
        head="on_failure: hold",
    )
    assert (made.state.status, made.state.phase) == ("waiting", "held" if held else "going")
    made.tell(Cancel("enough"))
    made.run()
    assert (made.state.status, made.state.reason) == ("cancelled", "enough")
    assert paths(made, "compensation.succeeded") == ["b", "a"]


@pytest.mark.requirement("DX-22")
def test_a_leaving_worker_leaves_what_always_runs_to_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = sim("- {id: a, tool: t}\n- {id: b, join: always, tool: t}")
    made.claim()
    context = msgspec.structs.replace(made.context(), draining=True)
    with monkeypatch.context() as leaving:
        leaving.setattr(made, "context", lambda: context)
        made.give(CallBroke("a#1/1", BAD))
    assert (made.state.status, made.state.phase) == ("running", "failing")
    made.crash()
    made.run()
    assert made.state.status == "failed"
    assert [path for path, _ in asked(made)] == ["b"]


@pytest.mark.requirement("DX-04")
def test_always_does_not_wait_for_such_a_step_that_holds_what_failed() -> None:
    made = ran(
        """
        - {id: a, tool: bad}
        - {id: b, join: always, steps: [{id: x, tool: bad}]}
        - {id: look, join: always, tool: t, with: {b: "{{ steps.b.status }}"}}
        """
    )
    assert asked(made)[-1] == ("look", {"b": "failed"})


@pytest.mark.requirement("DX-04")
def test_items_that_wait_for_a_slot_end_with_the_whole_they_are_part_of() -> None:
    made = sim(
        """
        - id: a
          on_error: continue
          for_each: [1, 2]
          steps:
            - {id: x, for_each: [1, 2], as: y, tool: bad}
        - {id: b, tool: t}
        """
    )
    made.claim()
    assert list(made.state.calls) == ["a[0]/x[0]#1/1"]
    made.run()
    assert made.state.status == "succeeded"
    assert [path for path, _ in asked(made)] == ["a[0]/x[0]", "b"]


@pytest.mark.requirement("DX-05")
def test_a_takeover_of_a_run_that_is_being_undone_goes_on_with_that_alone() -> None:
    made = sim(
        """
        - {id: a, tool: t, compensate: {tool: undo}}
        - {id: b, on_error: continue, compensate: {tool: undo}, steps: [{id: x, tool: t}]}
        """
    )
    made.claim()
    made.step()
    made.tell(Cancel())
    made.give(CallBroke("b/x#1/1", BAD))
    assert made.state.undoing == "a"
    made.crash()
    made.run()
    assert made.state.status == "cancelled"
    assert paths(made, "compensation.succeeded") == ["a"]


@pytest.mark.requirement("WF-04", "DX-04")
@pytest.mark.parametrize(
    ("more", "waits"),
    [
        ("retry: {attempts: 2}", "p#2.l/a"),
        ("on_error: {steps: [{id: h, approval: {title: Ok}}]}", "p!error/h"),
    ],
)
def test_what_follows_a_failure_is_not_stopped_by_it(more: str, waits: str) -> None:
    tries: list[str] = []

    def effect(call: OpenCall, args: Json) -> Json | Failure | ModelAnswer:
        tries.append(call.call)
        return DOWN if len(tries) == 1 else echo(call, args)

    branch = "[{id: a, approval: {title: Ok}}, {id: x, tool: t, depends_on: []}]"
    made = ran(f"- {{id: p, {more}, parallel: {{l: {branch}}}}}", effect)
    assert paths(made, "step.skipped") == ["p.l/a"]
    assert [path for path, run in made.state.steps.items() if run.waits] == [waits]
