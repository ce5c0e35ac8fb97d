"""Child runs: given up at a timeout, begun anew, and what they spent in the end."""

from functools import partial

import pytest

from kapell.core.runs.commands import ChildOutcome, Retry
from kapell.core.runs.inputs import TimePassed
from tests.unit.core.runs.driving import checked
from tests.unit.core.runs.running import BAD, overdue, paths, sim

CHILD = "workflow: sub, detached: true"


@pytest.mark.requirement("DX-04")
@pytest.mark.parametrize(
    ("step", "late"),
    [
        (f"timeout: 5s, {CHILD}", "a"),
        (f"timeout: 5s, for_each: [1], on_item_error: collect, {CHILD}", "a[0]"),
        (f"timeout: 5s, steps: [{{id: x, {CHILD}}}]", "a/x"),
        (f"timeout: 5s, steps: [{{id: x, for_each: [1], {CHILD}}}]", "a/x[0]"),
    ],
)
def test_a_child_run_that_takes_too_long_is_given_up(step: str, late: str) -> None:
    sub = "{name: sub, steps: [{id: x, tool: t}]}"
    made = sim(
        f"- {{id: a, on_error: continue, budget: {{tokens: 9}}, {step}}}\n- {{id: b, tool: t}}",
        workflows={"sub": sub},
    )
    made.claim()
    child = made.state.children[late]
    overdue(made)
    checked(made)
    assert not made.state.children
    assert len(paths(made, "step.timed_out")) == 1
    assert made.state.tokens == 9
    made.tell(ChildOutcome(child.run_id, late, "cancelled", tokens=3))
    made.tell(ChildOutcome(child.run_id, late, "cancelled", tokens=3))
    assert (made.state.tokens, made.state.meters[""].tokens) == (3, 3)
    made.run()
    assert (made.state.status, made.types.count("child.settled")) == ("succeeded", 1)
    checked(made)


def test_what_a_child_run_spent_that_was_given_up_counts_though_the_run_has_ended() -> None:
    sub = "{name: sub, steps: [{id: x, tool: t}]}"
    made = sim(
        f"- {{id: a, on_error: continue, timeout: 5s, {CHILD}}}\n- {{id: b, tool: t}}",
        workflows={"sub": sub},
    )
    made.claim()
    child = made.state.children["a"]
    overdue(made)
    made.run()
    assert (made.state.status, made.state.tokens) == ("succeeded", 0)
    made.tell(ChildOutcome(child.run_id, "a", "succeeded", output=1, usd=4, tokens=7))
    made.tell(ChildOutcome(child.run_id, "a", "succeeded", output=1, usd=4, tokens=7))
    assert (made.state.usd, made.state.tokens, made.state.output) == (4, 7, made.state.output)
    assert made.types[-2:] == ["run.succeeded", "child.settled"]
    checked(made)


def test_what_a_child_run_gives_back_that_was_given_up_lets_others_begin() -> None:
    sub = "{name: sub, steps: [{id: x, tool: t}]}"
    made = sim(
        f"""
        - {{id: a, on_error: continue, timeout: 5s, {CHILD}}}
        - {{id: b, wait: {{for: 1h}}, depends_on: []}}
        - {{id: c, {CHILD}, depends_on: [a, b]}}
        """,
        head="budget: {tokens: 9}",
        workflows={"sub": sub},
    )
    made.claim()
    first = made.state.children["a"]
    overdue(made)
    assert made.state.tokens == 9
    made.tell(ChildOutcome(first.run_id, "a", "cancelled", tokens=3))
    made.run()
    assert made.state.children["c"].tokens == 6


@pytest.mark.requirement("GR-07")
def test_what_a_child_run_learns_after_its_end_corrects_its_parent() -> None:
    sub = "{name: sub, steps: [{id: x, tool: t}]}"
    made = sim(
        f"- {{id: s, budget: {{tokens: 90}}, steps: [{{id: a, {CHILD}}}]}}\n- {{id: b, tool: t}}",
        workflows={"sub": sub},
    )
    made.claim()
    child = made.state.children["s/a"].run_id
    ended = partial(ChildOutcome, child, "s/a", "succeeded", 1, None)
    made.tell(ended(usd=40, tokens=30, owing=True))
    made.tell(ended(usd=25, tokens=20, owing=True))
    meter = made.state.meters[""]
    assert (meter.usd, meter.tokens, made.state.usd) == (25, 20, 25)
    made.run()
    made.tell(ended(usd=10, tokens=8))
    made.tell(ended(usd=10, tokens=8))
    assert (made.state.status, made.state.usd, made.state.tokens) == ("succeeded", 10, 8)
    assert made.types.count("child.settled") == 2
    assert made.types[-1] == "child.settled"


@pytest.mark.requirement("DX-06")
def test_a_run_gives_up_its_child_runs_when_its_time_is_up_and_begins_them_anew() -> None:
    sub = "{name: sub, steps: [{id: x, tool: t}]}"
    made = sim(
        f"- {{id: a, parallel: {{b: [{{id: c, {CHILD}}}]}}}}",
        head="timeout: 5s",
        workflows={"sub": sub},
    )
    made.claim()
    first = made.state.children["a.b/c"].run_id
    overdue(made)
    assert (made.state.status, made.state.dead, len(made.state.children)) == ("failed", [""], 0)
    made.tell(Retry())
    made.give(TimePassed())
    made.tell(ChildOutcome(first, "a.b/c", "cancelled"))
    made.tell(ChildOutcome(made.state.children["a.b/c"].run_id, "a.b/c", "succeeded"))
    assert made.state.status == "succeeded"


def test_an_item_gives_its_slot_back_when_a_child_run_in_it_ends() -> None:
    sub = "{name: sub, steps: [{id: x, tool: t}]}"
    made = sim(
        f"""
        - id: a
          for_each: [1, 2]
          concurrency: 1
          steps: [{{id: c, {CHILD}}}, {{id: w, approval: {{title: Ok?}}}}]
        """,
        workflows={"sub": sub},
    )
    made.claim()
    made.tell(ChildOutcome(made.state.children["a[0]/c"].run_id, "a[0]/c", "succeeded"))
    assert list(made.state.children) == ["a[1]/c"]


@pytest.mark.requirement("DX-06")
@pytest.mark.parametrize("crash", [False, True])
def test_a_child_run_that_a_person_begins_anew_waits_for_its_slot(crash: bool) -> None:
    made = sim(
        f"- {{id: s, set: {{n: 1}}}}\n"
        f"- {{id: a, join: always, for_each: [1, 2], steps: [{{id: x, {CHILD}}}]}}",
        workflows={"sub": "{name: sub, steps: [{id: x, tool: t}]}"},
    )
    made.claim()
    made.tell(ChildOutcome(made.state.children["a[0]/x"].run_id, "a[0]/x", "failed", failure=BAD))
    assert (made.state.dead, list(made.state.children)) == (["a[0]/x"], ["a[1]/x"])
    made.tell(Retry())
    if crash:
        made.crash()
        made.give(TimePassed())
    for path in ("a[1]/x", "a[0]/x"):
        assert list(made.state.children) == [path]
        made.tell(ChildOutcome(made.state.children[path].run_id, path, "succeeded"))
    assert made.state.status == "succeeded"
