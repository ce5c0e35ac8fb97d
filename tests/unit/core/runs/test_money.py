"""Budgets: set aside before, settled after, named when used up; corrections of late answers."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapell.core.events.budget import BudgetExceeded, BudgetReserved, BudgetWarned
from kapell.core.events.model import ModelAnswered, ModelFailed
from kapell.core.events.run import RunForked
from kapell.core.gateway.calls import ModelAnswer, Try, Usage
from kapell.core.pricing.quote import Quote
from kapell.core.runs.changes import changes_of, row_of
from kapell.core.runs.commands import ChildOutcome, LateAnswer, Retry
from kapell.core.runs.inputs import CallBroke, ModelReplied, TimePassed
from kapell.core.runs.rows import LedgerSettled
from kapell.kit.ids import RunId
from kapell.testing.simulation import Simulation
from tests.unit.core.runs.driving import checked, money_holds
from tests.unit.core.runs.running import BAD, asked, paths, ran, said, sim

# 1,000 nano-dollars a token: a call of `ask` reserves about 4.1 million at most
PRICE = (1_000_000_000, 1_000_000_000)
ASKS = "- {id: p, parallel: {l: [{id: a, ask: Hi}], m: [{id: b, ask: Hi}], r: [{id: c, ask: Hi}]}}"

CHILD = "{name: sub, steps: [{id: x, tool: t}]}"


def _exceeded(made: Simulation) -> list[tuple[str, str]]:
    found = [e.payload for e in made.events if isinstance(e.payload, BudgetExceeded)]
    return [(one.scope, one.what) for one in found]


@pytest.mark.requirement("GR-07")
@pytest.mark.parametrize(
    ("head", "step", "scope", "what"),
    [
        ("budget: {usd: 0.001}", "ask: Hi", "", "usd"),
        ("budget: {tokens: 100}", "ask: Hi", "", "tokens"),
        ("", "ask: Hi, budget: {usd: 0.001}", "a", "usd"),
        ("", "budget: {tokens: 9}, steps: [{id: b, ask: Hi}]", "a", "tokens"),
    ],
)
def test_a_call_without_room_fails_and_names_the_budget(
    head: str, step: str, scope: str, what: str
) -> None:
    made = ran(f"- {{id: a, {step}}}", head=head, quote=PRICE)
    assert asked(made) == []
    assert _exceeded(made) == [(scope, what)]
    assert made.state.failure is not None
    assert made.state.failure.code == "budget_exceeded"
    assert (f"step '{scope}'" if scope else "the run") in made.state.failure.message


CAUGHT = [
    "{id: a, ask: Hi, on_error: continue}",
    "{id: a, ask: Hi, on_error: {steps: [{id: h, tool: t}]}}",
    "{id: a, for_each: [1, 2], on_item_error: collect, ask: Hi}",
    "{id: a, for_each: [1, 2], on_item_error: collect, steps: [{id: b, ask: Hi}]}",
    "{id: a, on_error: continue, retry: {attempts: 2, on: [denied]}, steps: [{id: b, ask: Hi}]}",
    "{id: a, on_error: continue, parallel: {l: [{id: b, ask: Hi}], r: [{id: c, ask: Hi}]}}",
]


@pytest.mark.requirement("GR-07")
@pytest.mark.parametrize("caught", CAUGHT)
@pytest.mark.parametrize("head", ["budget: {usd: 0.001}", "budget: {tokens: 100}"])
def test_the_runs_own_budget_stops_the_run_whatever_deals_with_failures(
    head: str, caught: str
) -> None:
    made = ran(
        f"- {{id: u, tool: t, compensate: {{tool: undo}}}}\n- {caught}\n- {{id: z, tool: t}}",
        head=head,
        quote=PRICE,
    )
    assert [path for path, _ in asked(made)] == ["u", "u!undo/undo"]
    assert made.state.failure is not None
    assert (made.state.status, made.state.failure.code) == ("failed", "budget_exceeded")
    assert "the run is used up" in made.state.failure.message
    assert made.state.failure.step.startswith("a")
    assert _exceeded(made) == [("", "usd" if "usd" in head else "tokens")]
    assert made.state.dead == [""]
    checked(made)
    money_holds(made)


@pytest.mark.requirement("GR-07")
def test_a_held_run_out_of_budget_waits_and_can_be_tried_again() -> None:
    made = sim(
        f"- {CAUGHT[0]}\n- {{id: z, tool: t}}",
        head="on_failure: hold\nbudget: {usd: 0.001}",
        quote=PRICE,
    )
    made.run()
    assert (made.state.status, made.state.phase, made.state.dead) == ("waiting", "held", [""])
    made.quotes = {"offline": Quote(model="offline", input_price=0, output_price=0)}
    made.tell(Retry())
    made.run()
    assert made.state.status == "succeeded"
    assert [path for path, _ in asked(made)] == ["a", "z"]


@pytest.mark.requirement("GR-07")
@pytest.mark.parametrize("caught", CAUGHT[:1] + CAUGHT[2:3])
def test_a_steps_own_budget_is_an_ordinary_failure(caught: str) -> None:
    own = caught.replace("ask: Hi", "agent: writer, prompt: Hi, budget: {usd: 0.001}")
    made = ran(f"- {own}\n- {{id: z, tool: t}}", head="budget: {usd: 1}", quote=PRICE)
    assert made.state.status == "succeeded"
    assert [path for path, _ in asked(made)][-1] == "z"


@pytest.mark.requirement("GR-07")
def test_calls_side_by_side_wait_for_room_instead_of_failing() -> None:
    made = ran(ASKS, head="budget: {usd: 0.006}", quote=PRICE)
    assert made.state.status == "succeeded"
    money_holds(made)
    requested = [i for i, kind in enumerate(made.types) if kind == "model.requested"]
    answered = [i for i, kind in enumerate(made.types) if kind == "model.answered"]
    assert requested[1] > answered[0]


@pytest.mark.requirement("GR-07")
def test_an_excess_is_recorded_and_stops_the_run() -> None:
    made = ran(
        "- {id: a, ask: Hi}\n- {id: b, ask: Hi}",
        lambda c, a: said("well", (10, 9000)),
        head="budget: {usd: 0.0055}",
        quote=PRICE,
    )
    assert (made.state.status, _exceeded(made)) == ("failed", [("", "usd")])
    assert made.state.usd == 9_010_000
    money_holds(made)


@pytest.mark.requirement("GR-07")
def test_four_fifths_are_warned_of_once_per_ceiling() -> None:
    made = ran(
        "- {id: a, ask: Hi}\n- {id: b, tool: t}",
        lambda c, a: said("well", (10, 4200)) if c.kind == "model" else a,
        head="budget: {tokens: 5000}",
    )
    warned = [e.payload for e in made.events if isinstance(e.payload, BudgetWarned)]
    assert [(one.scope, one.what, one.used) for one in warned] == [("", "tokens", 4210)]


@pytest.mark.requirement("GR-07")
def test_time_of_work_counts_and_waiting_does_not() -> None:
    made = sim("- {id: a, budget: {time: 5s}, steps: [{id: w, wait: {for: 1h}}, {id: t, tool: t}]}")
    made.claim()
    made.step()
    made.now += 4
    made.give(TimePassed())
    assert _exceeded(made) == []
    made.now += 1
    made.give(TimePassed())
    assert _exceeded(made) == [("a", "time")]
    assert made.state.status == "failed"


def test_a_sub_workflow_has_its_own_budget() -> None:
    sub = "{name: sub, budget: {tokens: 9}, steps: [{id: a, ask: Hi}]}"
    made = ran("- {id: s, workflow: sub, on_error: continue}", workflows={"sub": sub})
    assert (made.state.status, _exceeded(made)) == ("succeeded", [("s", "tokens")])


@pytest.mark.requirement("GR-07")
def test_a_takeover_settles_at_the_worst_and_a_late_answer_corrects() -> None:
    made = sim("- {id: a, ask: Hi}", quote=PRICE)
    made.claim()
    first = next(iter(made.state.calls.values()))
    made.crash()
    again = next(iter(made.state.calls.values()))
    assert (made.state.usd, made.state.tokens) == (first.usd, first.tokens)
    assert (again.call, again.key) == ("a#1/2", first.key)
    for _ in range(2):
        made.tell(LateAnswer(first.call, Usage(10, 5), 15_000))
    assert (made.state.usd, made.state.tokens) == (15_000, 15)
    made.give(ModelReplied(first.call, said("late")))
    made.run()
    assert (made.state.usd, made.state.tokens) == (30_000, 30)
    assert paths(made, "model.abandoned") == ["a"]
    assert len(paths(made, "budget.settled")) == 3
    money_holds(made)


@pytest.mark.requirement("GR-07")
def test_a_late_answer_corrects_the_costs_of_a_run_that_has_ended_and_nothing_else() -> None:
    made = sim("- {id: a, ask: Hi}", quote=PRICE)
    made.claim()
    first = next(iter(made.state.calls.values()))
    made.crash()
    made.run()
    ended = len(made.events)
    for _ in range(2):
        made.tell(LateAnswer(first.call, Usage(10, 5), 15_000))
    assert [e.type for e in made.events[ended:]] == ["budget.settled"]
    assert (made.state.status, made.state.usd) == ("succeeded", 30_000)
    assert made.state.tokens == 30
    (row,) = changes_of(made.state, [made.events[-1].payload], 0.0, "w")
    assert isinstance(row, LedgerSettled)
    assert (row.usd, row.input_tokens, row.output_tokens) == (15_000, 10, 5)
    checked(made)
    money_holds(made)


@pytest.mark.requirement("GR-07")
def test_a_late_answer_gives_back_to_the_budgets_around_its_step() -> None:
    made = sim("- {id: b, budget: {tokens: 9000}, steps: [{id: a, ask: Hi}]}", quote=PRICE)
    made.claim()
    first = next(iter(made.state.calls.values()))
    made.crash()
    made.tell(LateAnswer(first.call, Usage(10, 5), 15_000))
    for path in ("b", ""):
        meter = made.state.meters[path]
        assert (meter.usd, meter.tokens) == (15_000, 15), path
    made.run()
    money_holds(made)


@pytest.mark.requirement("GR-07", "DX-08")
def test_what_a_fork_took_over_counts_against_its_limit_and_is_not_its_cost() -> None:
    made = ran("- {id: a, ask: Hi}\n- {id: b, ask: Hi}", head="budget: {usd: 0.01}", quote=PRICE)
    assert (made.state.usd, row_of(made.state, None).usd) == (30_000, 30_000)
    upto = next(e.seq for e in made.events if getattr(e.payload, "path", "") == "b") - 1
    other = made.fork(upto, RunForked(RunId("r0"), upto))
    other.run()
    assert (other.state.usd, other.state.meters[""].usd) == (30_000, 30_000)
    assert (other.state.copied_usd, other.state.copied_tokens) == (15_000, 15)
    row = row_of(other.state, None)
    assert (row.usd, row.tokens) == (15_000, 15)
    again = other.fork(len(other.events), RunForked(RunId("r1"), len(other.events)))
    assert row_of(again.state, None).usd == 0


@pytest.mark.requirement("GR-07")
@given(
    st.integers(3_000_000, 20_000_000), st.integers(1, 5), st.integers(1, 6), st.integers(0, 99),
    st.lists(st.integers(1, 6000), min_size=6, max_size=6),
)  # fmt: skip
def test_reserved_and_settled_stay_within_the_limit(
    limit: int, concurrency: int, items: int, seed: int, used: list[int]
) -> None:
    made = sim(
        f"""
        - id: a
          for_each: {list(range(items))}
          concurrency: {concurrency}
          on_item_error: collect
          steps: [{{id: x, budget: {{usd: 0.009}}, ask: Hi}}, {{id: y, ask: Ho}}]
        """,
        lambda c, a: said("well", (10, used[int(c.path[2])])),
        head=f"budget: {{usd: {limit / 1e9:.9f}}}",
        quote=PRICE,
        seed=seed,
    )
    made.claim()
    for count in range(200):
        if made.state.status in ("succeeded", "failed") or not made.step():
            break
        if count == seed % 7:
            made.crash()
    assert made.state.status in ("succeeded", "failed")
    money_holds(made)
    checked(made)


def _allotted(made: Simulation) -> dict[str, int | None]:
    return {path: child.tokens for path, child in made.state.children.items()}


def _ends(made: Simulation, path: str, tokens: int) -> None:
    child = made.state.children[path]
    made.tell(ChildOutcome(child.run_id, path, "succeeded", output=1, tokens=tokens))


@pytest.mark.requirement("GR-07")
def test_items_that_are_child_runs_share_what_is_left() -> None:
    made = sim(
        "- {id: a, for_each: [1, 2, 3, 4], concurrency: 3, workflow: sub, detached: true}",
        head="budget: {tokens: 90}",
        workflows={"sub": CHILD},
    )
    made.claim()
    assert _allotted(made) == {"a[0]": 30, "a[1]": 30, "a[2]": 30}
    _ends(made, "a[0]", 10)
    assert _allotted(made) == {"a[1]": 30, "a[2]": 30, "a[3]": 20}
    for path in ("a[1]", "a[2]", "a[3]"):
        _ends(made, path, 20)
    assert (made.state.status, made.state.tokens) == ("succeeded", 70)
    money_holds(made)


@pytest.mark.requirement("GR-07")
@pytest.mark.parametrize("spent", [60, 90])
def test_a_child_run_that_finds_nothing_left_waits_for_what_others_give_back(spent: int) -> None:
    made = sim(
        """
        - {id: a, depends_on: [], workflow: sub, detached: true}
        - {id: b, depends_on: [], workflow: sub, detached: true}
        """,
        head="budget: {tokens: 90}",
        workflows={"sub": CHILD},
    )
    made.claim()
    assert _allotted(made) == {"a": 90}
    made.crash()
    assert _allotted(made) == {"a": 90}
    _ends(made, "a", spent)
    if spent == 90:
        assert (made.state.status, _exceeded(made)) == ("failed", [("", "tokens")])
        return
    assert _allotted(made) == {"b": 30}
    _ends(made, "b", 30)
    assert made.state.status == "succeeded"


def _routed(*tries: Try) -> tuple[Simulation, ModelAnswered]:
    """Return a run whose one call a route has answered by its cheaper deployment."""
    usage = Usage(input_tokens=1_000, output_tokens=1_000)
    answer = ModelAnswer(text="ok", model="openai:b", usage=usage, tries=tries)
    made = sim("- {id: a, ask: Hi}", lambda call, args: answer, quote=(9_000_000, 9_000_000))
    for name, price in (("openai:a", 9_000_000), ("openai:b", 1_000_000)):
        made.quotes = {
            **(made.quotes or {}),
            name: Quote(model=name, input_price=price, output_price=price),
        }
    made.run()
    money_holds(made)
    (told,) = [e.payload for e in made.events if isinstance(e.payload, ModelAnswered)]
    return made, told


@pytest.mark.requirement("LG-04", "LG-06")
def test_a_route_costs_what_the_deployment_that_answered_costs_and_tells_its_decisions() -> None:
    won = Try(deployment="b", model="openai:b", outcome="answered", reason="next in order")
    made, told = _routed(won)
    assert (made.state.usd, told.cost, told.by, told.tries) == (2_000, 2_000, "openai:b", (won,))
    lost = Try(deployment="a", model="openai:a", outcome="failed", code="model_timeout")
    assert _routed(lost, won)[0].state.usd == 2_000
    charged = msgspec.structs.replace(lost, uncertain=True)
    made, told = _routed(charged, won)
    reserved = [e.payload.usd for e in made.events if isinstance(e.payload, BudgetReserved)]
    assert [made.state.usd] == reserved
    assert made.state.usd > 2_000


@pytest.mark.requirement("LG-10")
def test_an_answer_given_again_costs_nothing() -> None:
    usage = Usage(input_tokens=1_000, output_tokens=1_000)
    answer = ModelAnswer(text="ok", usage=usage, cached=True)
    made = sim("- {id: a, ask: Hi}", lambda call, args: answer, quote=PRICE)
    made.run()
    assert made.state.usd == 0


@pytest.mark.requirement("LG-04")
def test_a_route_that_gives_up_tells_its_decisions_too() -> None:
    made = sim("- {id: a, ask: Hi}")
    made.claim()
    tries = (Try(deployment="a", model="openai:a", outcome="failed", code="model_unavailable"),)
    (call,) = made.state.calls.values()
    made.give(CallBroke(call.call, BAD, tries=tries))
    (told,) = [e.payload for e in made.events if isinstance(e.payload, ModelFailed)]
    assert told.tries == tries
