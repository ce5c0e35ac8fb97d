"""Crashes, forks, children, caches, large values: what a log must carry over."""

import msgspec
import pytest

from kapell.core.events.run import RunForked
from kapell.core.events.step import StepSucceeded
from kapell.core.events.value import INLINE_LIMIT, ArtifactRef, Inline
from kapell.core.expressions import Limits
from kapell.core.runs.commands import ChildOutcome, Repair
from kapell.core.runs.decide import decide
from kapell.core.runs.fold import evolve, fold
from kapell.core.runs.inputs import Claimed, TimePassed, ToolReplied
from kapell.core.runs.repeats import repeated
from kapell.core.runs.status import RUN_TRANSITIONS, RunStatus, after
from kapell.kit.errors import Bug
from kapell.kit.ids import RunId
from kapell.kit.json import Json
from kapell.testing.simulation import Simulation
from tests.unit.core.runs.driving import checked
from tests.unit.core.runs.running import BAD, asked, paths, ran, sim


@pytest.mark.requirement("DX-04")
def test_a_lost_tool_call_is_made_again_under_its_key() -> None:
    made = sim("- {id: a, tool: t}")
    made.claim()
    key = made.state.calls["a#1/1"].key
    made.crash()
    assert made.state.calls["a#1/2"].key == key
    made.run()
    assert made.state.status == "succeeded"


@pytest.mark.requirement("DX-06")
def test_a_call_that_must_not_be_repeated_waits_for_a_person_while_others_go_on() -> None:
    made = sim(
        """
        - {id: a, tool: once.pay, compensate: {tool: undo}}
        - {id: b, tool: t, depends_on: []}
        - {id: c, tool: t, depends_on: [b]}
        """
    )
    made.claim()
    made.crash()
    made.run()
    assert [path for path, _ in asked(made)] == ["b", "c"]
    assert (made.state.status, made.state.dead) == ("waiting", ["a"])
    assert [entry.path for entry in made.state.undo] == ["a"]
    made.tell(Repair("a", "it had been paid"))
    assert made.state.status == "succeeded"
    assert [entry.path for entry in made.state.undo] == ["a"]


def test_a_handled_step_is_not_called_again_after_a_crash() -> None:
    made = sim("- {id: a, tool: bad, on_error: {steps: [{id: h, tool: t}]}}")
    made.claim()
    made.step()
    made.crash()
    assert [call.path for call in made.state.calls.values()] == ["a!error/h"]


def test_a_leaving_worker_begins_no_call() -> None:
    made = sim("- {id: a, for_each: [1, 2, 3], tool: t}")
    made.claim()
    context = msgspec.structs.replace(made.context(), draining=True)
    decision = decide(made.carried, [ToolReplied("a[0]#1/1", None)], context)
    assert [type(e).__name__ for e in decision.events] == ["ToolReturned", "StepSucceeded"]
    assert not made.state.calls


def fork(made: Simulation, upto: int, change: RunForked | None = None) -> Simulation:
    """Return a run that goes on from a prefix of another's log."""
    return made.fork(upto, change or RunForked(RunId("r0"), upto))


@pytest.mark.requirement("DX-08", "DX-09")
def test_a_run_forked_anywhere_comes_to_the_same_end() -> None:
    made = sim(
        """
        - {id: a, tool: t, with: {n: 1}}
        - id: o
          for_each: [1, 2]
          concurrency: 2
          steps: [{id: x, tool: t}, {id: w, wait: {for: 1m}}]
        - {id: p, parallel: {l: [{id: y, tool: t}], r: [{id: z, set: {n: 1}}]}}
        - {id: l, loop: {until: pass.number == 2, steps: [{id: q, tool: t}]}}
        """,
        seed=3,
    )
    made.run()
    for upto in range(3, len(made.events) + 1):
        other = fork(made, upto)
        other.run()
        assert (other.state.status, other.output) == ("succeeded", made.output), upto
        checked_fork = other.stored_events()
        assert len(checked_fork) == other.state.seq


@pytest.mark.requirement("DX-08")
def test_a_run_forked_while_a_part_times_out_begins_that_part_anew() -> None:
    made = sim(
        """
        - id: p
          timeout: 5s
          on_error: continue
          for_each: [1]
          parallel:
            l: [{id: y, tool: t}]
            r: [{id: w, wait: {for: 1m}}, {id: z, tool: t}]
        """
    )
    made.claim()
    made.now += 6
    made.give(TimePassed())
    assert made.state.status == "succeeded"
    for upto in range(3, len(made.events)):
        other = fork(made, upto)
        other.run()
        assert other.state.status == "succeeded", upto


@pytest.mark.requirement("DX-08")
def test_a_run_forked_while_a_part_is_stopped_stops_its_items_too() -> None:
    made = sim(
        """
        - id: p
          on_error: continue
          parallel:
            l: [{id: x, tool: bad}]
            r: [{id: y, for_each: [1], tool: t}]
        """
    )
    made.claim()
    made.step()
    assert paths(made, "step.failed") == ["p.l/x"]
    other = fork(made, len(made.events))
    assert (other.state.status, paths(other, "step.skipped")) == ("succeeded", ["p.r/y"])


@pytest.mark.requirement("DX-08")
def test_a_fork_begins_what_is_dead_anew_and_undoes_nothing_copied() -> None:
    fates = iter([None, BAD, None, None, BAD])
    made = sim(
        """
        - {id: a, tool: t, compensate: {tool: undo}}
        - {id: b, tool: t, compensate: {tool: undo}}
        - {id: c, tool: t}
        """,
        lambda c, a: next(fates, None),
    )
    made.run()
    dead = made.types.index("step.dead") + 1
    other = fork(made, dead)
    other.run()
    assert other.state.status == "failed"
    assert [call.path for call in other.asked] == ["b", "c", "b!undo/undo"]


@pytest.mark.requirement("DX-08")
@pytest.mark.parametrize("path", ["a", "b"])
def test_a_fork_replaces_an_output(path: str) -> None:
    made = sim(
        """
        - {id: a, tool: t}
        - {id: b, tool: bad}
        - {id: c, set: {a: "{{ steps.a.output }}", b: "{{ steps.b.output }}"}}
        """
    )
    made.run()
    change = RunForked(RunId("r0"), 0, path=path, output=Inline("other"))
    other = fork(made, made.types.index("step.dead") + 1, change)
    other.effect = lambda c, a: "new"
    other.run()
    assert isinstance(other.output, dict)
    assert other.output[path] == "other"


def test_a_fork_replaces_the_inputs() -> None:
    made = sim("- {id: a, tool: t, with: {n: '{{ inputs.n }}'}}", inputs={"n": 1})
    made.claim()
    other = fork(made, len(made.events), RunForked(RunId("r0"), 0, inputs=Inline({"n": 2})))
    other.run()
    assert other.output == {"n": 2}


SUB = "{name: sub, steps: [{id: x, tool: t}]}"


@pytest.mark.requirement("WF-04")
def test_child_runs_hold_slots_and_end_their_step() -> None:
    made = sim(
        "- {id: a, for_each: [1, 2, 3], concurrency: 2, workflow: sub, detached: true}",
        workflows={"sub": SUB},
    )
    made.claim()
    assert (sorted(made.state.children), made.state.status) == (["a[0]", "a[1]"], "waiting")
    made.crash()
    for path in ("a[1]", "a[0]", "a[2]"):
        child = made.state.children[path]
        made.tell(ChildOutcome("not this", path, "failed"))
        made.tell(ChildOutcome(child.run_id, path, "succeeded", output=path, usd=5))
    assert made.state.status == "succeeded"
    assert isinstance(made.output, list)
    assert [one["output"] for one in made.output] == ["a[0]", "a[1]", "a[2]"]
    assert made.state.usd == 15


def test_a_failed_child_fails_its_step() -> None:
    made = sim("- {id: a, workflow: sub, detached: true}", workflows={"sub": SUB})
    made.claim()
    made.tell(ChildOutcome(made.state.children["a"].run_id, "a", "failed", failure=BAD))
    assert made.state.failure is not None
    assert (made.state.status, made.state.failure.code) == ("failed", "bad")


def test_a_cached_result_is_used_again_under_its_key() -> None:
    made = ran(
        """
        - {id: l, for_each: [1, 1, 2], tool: t, with: {n: "{{ item }}"}, cache: {ttl: 1h}}
        """
    )
    assert [path for path, _ in asked(made)] == ["l[0]", "l[2]"]
    assert isinstance(made.output, list)
    assert [one["output"]["n"] for one in made.output] == [1, 1, 2]


def test_large_values_become_artifacts_and_are_asked_for_after_a_crash() -> None:
    large = "x" * (INLINE_LIMIT + 1)
    made = sim(
        """
        - {id: a, tool: t, with: {text: "{{ inputs.l }}"}}
        - {id: b, tool: t}
        - {id: c, set: {n: "{{ steps.a.output.text | length }}"}}
        """,
        inputs={"l": large},
    )
    made.claim()
    made.step()
    assert isinstance(made.state.steps["a"].output, ArtifactRef)
    made.crash()
    context = made.context()
    context.values.clear()
    decision = decide(made.carried, [ToolReplied("b#1/2", None)], context)
    assert decision.needs
    made.values.update({key: {"text": large} for key in decision.needs})
    made.give()
    assert made.output == {"n": len(large)}


def test_what_is_too_dear_for_the_event_loop_is_decided_again_with_the_same_result() -> None:
    text = "- {id: a, set: {n: '{{ range(500) | list | length }}'}}"
    whole, cheap = sim(text), sim(text)
    whole.claim()
    context = msgspec.structs.replace(cheap.context(), limits=Limits(operations=50))
    first = decide(cheap.carried, [Claimed("w", 1)], context)
    assert (first.hard, first.events) == (True, ())
    later = msgspec.structs.replace(cheap.context(), now=cheap.now + 9)
    again = decide(cheap.carried, (), later)
    assert list(again.events) == [event.payload for event in whole.events[1:]]
    assert again.at == cheap.now


@pytest.mark.requirement("DX-01")
def test_what_the_table_does_not_know_cannot_happen() -> None:
    kinds = sorted({kind for _, kind in RUN_TRANSITIONS} | {"run.queued"})
    for status in RunStatus:
        for kind in kinds:
            if (status, kind) in RUN_TRANSITIONS:
                assert after(status, kind) is RUN_TRANSITIONS[status, kind]
            else:
                with pytest.raises(Bug, match="cannot see"):
                    after(status, kind)


def test_every_moment_of_a_run_is_its_fold() -> None:
    made = sim("- {id: a, for_each: [1, 2], steps: [{id: x, tool: t}, {id: y, tool: down}]}")
    made.claim()
    checked(made)
    while made.state.status == "running" and made.step():
        checked(made)
    assert paths(made, "step.dead")


def _again(first: Simulation, steps: str, inputs: Json = None, model: str | None = None) -> int:
    """Return how many calls the same workflow makes with the results of another run at hand."""
    given = inputs if isinstance(inputs, dict) else {}
    other = sim(steps, inputs=given, model=model)
    other.cached = dict(first.cached)
    other.run()
    assert other.state.status == "succeeded"
    return len(other.asked)


@pytest.mark.parametrize(
    "work",
    [
        "ask: Hi",
        "agent: writer, prompt: Hi",
        "steps: [{id: b, ask: Hi}]",
        "parallel: {l: [{id: b, ask: Hi}]}",
    ],
)
def test_a_result_kept_of_one_model_is_not_used_for_another(work: str) -> None:
    steps = f"- {{id: a, {work}, cache: {{ttl: 1h}}}}"
    first = ran(steps)
    assert len(first.asked) == 1
    assert _again(first, steps) == 0
    assert _again(first, steps, model="other") == 1
    keyed = f"- {{id: a, {work}, cache: {{ttl: 1h, key: mine}}}}"
    first = ran(keyed)
    assert (_again(first, keyed), _again(first, keyed, model="other")) == (0, 1)


@pytest.mark.parametrize(
    "work",
    [
        "steps: [{id: b, tool: t, with: {n: '{{ inputs.n }}'}}]",
        "loop: {steps: [{id: b, tool: t}], until: inputs.n > 0}",
        "switch: {cases: [{name: x, when: inputs.n > 0, steps: [{id: b, tool: t}]}]}",
        "tool: t, with: {n: '{{ inputs.n }}'}",
    ],
)
def test_a_result_kept_for_some_inputs_is_not_used_for_others(work: str) -> None:
    steps = f"- {{id: a, {work}, cache: {{ttl: 1h}}}}"
    first = ran(steps, inputs={"n": 1})
    assert _again(first, steps, {"n": 1}) == 0
    assert _again(first, steps, {"n": 2}) == 1


def test_a_result_of_a_tool_is_kept_for_the_files_it_was_made_from() -> None:
    steps = "- {id: a, tool: t, cache: {ttl: 1h}}\n- {id: b, tool: u}"
    first = ran(steps)
    other = sim(steps)
    other.cached = dict(first.cached)
    other.state.request = msgspec.structs.replace(other.state.request, workspace="/elsewhere")
    other.run()
    assert [path for path, _ in asked(other)] == ["a", "b"]


def _repeated(made: Simulation, upto: int, change: RunForked | None = None) -> list[str]:
    """Return the paths of what a fork after so many events does again, though it must not."""
    forked = change or RunForked(RunId("r0"), upto)
    events = [event.payload for event in made.events]
    state = fold(made.program, made.stored_events()[:upto])
    return [one.path for one in repeated(events, upto, evolve(made.program, state, forked, 0.0))]


@pytest.mark.requirement("DX-08")
@pytest.mark.parametrize("step", [
    "{id: a, tool: once.pay}",
    "{id: a, steps: [{id: x, tool: once.pay}]}",
    "{id: a, for_each: [1], tool: once.pay}",
    "{id: a, for_each: [1], steps: [{id: x, tool: once.pay}]}",
    "{id: a, loop: {steps: [{id: x, tool: once.pay}], until: 'true'}}",
    "{id: a, tool: bad, on_error: {steps: [{id: x, tool: once.pay}]}}",
])  # fmt: skip
def test_a_fork_repeats_what_was_open_or_unknown_in_what_it_keeps(step: str) -> None:
    made = sim(f"- {step}\n- {{id: b, tool: t}}\n- {{id: c, tool: t}}")
    made.claim()
    while not any(not call.repeatable for call in made.state.calls.values()):
        made.step()
    (call,) = made.state.calls.values()
    assert _repeated(made, len(made.events)) == [call.path]
    given = RunForked(RunId("r0"), 0, path=call.path, output=Inline("paid"))
    assert _repeated(made, len(made.events), given) == []
    lost = sim(f"- {step}\n- {{id: b, tool: t}}")
    lost.events, lost.effect = made.events[:], made.effect
    lost.crash()
    lost.run()
    assert lost.state.status == "waiting"
    assert _repeated(lost, len(lost.events)) == [call.path]
    open_at = len(made.events)
    made.run()
    assert made.state.status == "succeeded"
    assert _repeated(made, open_at) == [call.path]
    done = next(
        e.seq for e in made.events if isinstance(e.payload, StepSucceeded) and e.payload.path == "a"
    )
    for upto in range(done, len(made.events) + 1):
        assert _repeated(made, upto) == []


@pytest.mark.requirement("DX-08")
def test_a_fork_repeats_all_that_a_dead_block_holds_and_nothing_that_is_known_to_have_failed() -> (
    None
):
    made = sim("- {id: a, timeout: 5s, steps: [{id: x, tool: once.pay}, {id: y, tool: t}]}")
    made.claim()
    made.step()
    made.now += 6
    made.give(TimePassed())
    assert made.state.dead == ["a"]
    assert _repeated(made, len(made.events)) == ["a/x"]
    refused = ran("- {id: a, tool: once.bad}")
    assert refused.state.dead == ["a"]
    assert _repeated(refused, len(refused.events)) == []


@pytest.mark.requirement("DX-08")
def test_a_fork_begins_open_child_runs_anew() -> None:
    made = sim(
        "- {id: a, workflow: sub, detached: true}\n- {id: b, tool: t}", workflows={"sub": SUB}
    )
    made.claim()
    assert _repeated(made, len(made.events)) == ["a"]
    made.tell(ChildOutcome(made.state.children["a"].run_id, "a", "succeeded"))
    assert _repeated(made, len(made.events)) == []
