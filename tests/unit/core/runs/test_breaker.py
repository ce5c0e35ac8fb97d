"""The breaker: what runs away is held with its state, and a person says what becomes of it."""

import textwrap
from collections.abc import Callable, Sequence

import pytest

from kapell.core.agents.definition import Agent
from kapell.core.events.budget import BudgetAlerted
from kapell.core.events.guarding.guard import BreakerTripped
from kapell.core.gateway.calls import ModelAnswer, Usage
from kapell.core.limits.breaker import Breaker, confidence_of
from kapell.core.pricing.foresight import RunForecast
from kapell.core.pricing.quote import Quote
from kapell.core.runs.commands import Cancel, ChildOutcome, Repair, Retry
from kapell.core.runs.state import OpenCall
from kapell.core.workflows.pins import Pins
from kapell.kit.errors import Failure, Kind
from kapell.kit.json import Json
from kapell.testing.simulation import Simulation
from tests.unit.core.runs.driving import checked
from tests.unit.core.runs.running import BAD, DOWN, ONCE
from tests.unit.core.runs.test_delegation import children
from tests.unit.core.runs.test_turns import TOOLS, ask, turn_of
from tests.unit.core.workflows.authoring import version_of

NO_MONEY = Failure("cost_limit", "No room.", Kind.LIMITED, retryable=True, retry_after=9000.0)
AGENTS = {
    "worker": Agent(name="worker", instructions="You work.", tools=("look.*",)),
    "boss": Agent(name="boss", instructions="You lead.", tools=("agent.worker",)),
    "judge": Agent(
        name="judge",
        instructions="You judge.",
        output={"type": "object", "properties": {"confidence": {"type": "number"}}},
    ),
}
EACH = """
- {id: a, agent: worker, prompt: "{{ item }}", for_each: [1, 2, 3, 4, 5], on_item_error: collect}
- {id: b, set: {done: true}, depends_on: [a]}
"""
ONE = "- {id: a, agent: worker, prompt: Do it., retry: {attempts: 2, backoff: 1s}}"


def running(
    steps: str,
    effect: Callable[[OpenCall], Json | Failure | ModelAnswer],
    breaker: Breaker | None = None,
    *,
    head: str = "",
    forecast: RunForecast | None = None,
    price: int = 0,
) -> Simulation:
    text = f"name: w\n{head}\nsteps:\n{textwrap.indent(textwrap.dedent(steps), '  ')}"
    version = version_of(text, Pins(agents=AGENTS), ONCE)
    made = Simulation(
        version,
        {},
        lambda call, args: effect(call),
        tools=TOOLS,
        quotes={"offline": Quote(model="offline", input_price=price, output_price=price)},
        breaker=breaker or Breaker(),
        forecast=forecast,
    )
    made.run()
    checked(made)
    return made


def tripped(made: Simulation) -> Sequence[BreakerTripped]:
    return [e.payload for e in made.events if isinstance(e.payload, BreakerTripped)]


def failing(times: int, failure: Failure = BAD) -> Callable[[OpenCall], Json | Failure]:
    left = [failure] * times
    return lambda call: left.pop() if left else "done"


@pytest.mark.requirement("GR-09", "GR-10")
def test_an_agent_that_fails_three_times_in_a_row_is_held_and_goes_on_when_a_person_says_so() -> (
    None
):
    made = running(EACH, failing(3))
    (trip,) = tripped(made)
    assert (trip.scope, trip.name, trip.reason, trip.path) == (
        "agent", "worker", "failures", "a[2]",
    )  # fmt: skip
    assert (made.state.status, made.state.phase, made.state.dead) == ("waiting", "held", ["a[2]"])
    failure = made.state.steps["a[2]"].failure
    assert failure is not None
    assert failure.code == "breaker_tripped"
    assert "[bad]" in failure.message
    made.tell(Retry("a[2]"))
    made.run()
    checked(made)
    assert made.state.status == "succeeded"


@pytest.mark.requirement("GR-10")
@pytest.mark.parametrize("how", ["edit", "output", "end"])
def test_a_person_edits_gives_the_result_or_ends_it(how: str) -> None:
    prompts: list[Json] = []

    def effect(call: OpenCall) -> Json | Failure:
        prompts.append(getattr(call.prompt, "value", None))
        return BAD if len(prompts) <= 3 else "done"

    made = running(EACH, effect)
    if how == "edit":
        made.tell(Retry("a[2]", given="Say yes."))
    elif how == "output":
        made.tell(Repair("a[2]", "mine"))
    else:
        made.tell(Cancel("enough"))
    made.run()
    checked(made)
    assert made.state.status == ("cancelled" if how == "end" else "succeeded")
    assert prompts[3:] == {"edit": ["Say yes.", "4", "5"], "output": ["4", "5"], "end": []}[how]


@pytest.mark.requirement("GR-09")
def test_retries_handlers_and_successes_between_are_no_run_away() -> None:
    passing = {"n": 0}

    def shaky(call: OpenCall) -> Json | Failure:
        passing["n"] += 1
        return "done" if passing["n"] % 3 == 0 else DOWN

    steps = EACH.replace("on_item_error", "retry: {attempts: 3, backoff: 1s}, on_item_error")
    assert not tripped(running(steps, shaky))
    handled = "\n".join(
        f"- {{id: t{n}, tool: look.up, with: {{}}, on_error: {{steps: [{{id: h{n}, set: {{}}}}]}}}}"
        for n in range(5)
    )
    assert running(handled, lambda call: BAD).state.status == "succeeded"


@pytest.mark.requirement("GR-09")
@pytest.mark.parametrize("code", ["approval_rejected", "approval_expired"])
def test_people_who_say_no_are_no_run_away(code: str) -> None:
    no = Failure(code, "No.", Kind.DENIED)
    steps = "\n".join(
        f"- {{id: t{n}, tool: look.up, with: {{}}, on_error: continue}}" for n in range(5)
    )
    assert running(steps, lambda call: no).state.status == "succeeded"
    assert not tripped(running(EACH, lambda call: no))
    mixed = running(steps, lambda call: no if call.path in ("t1", "t3") else BAD)
    assert [trip.path for trip in tripped(mixed)] == ["t4"], "what broke counts on"


@pytest.mark.requirement("GR-09")
def test_failures_of_a_run_that_only_goes_on_over_them_hold_it() -> None:
    steps = "\n".join(
        f"- {{id: t{n}, tool: look.up, with: {{}}, on_error: continue}}" for n in range(5)
    )
    made = running(steps, lambda call: BAD)
    (trip,) = tripped(made)
    assert (trip.scope, trip.reason, trip.path) == ("run", "failures", "t2")
    without = running(steps, lambda call: BAD, Breaker(failures=None))
    assert without.state.status == "succeeded"


@pytest.mark.requirement("GR-09")
def test_two_answers_in_a_row_an_agent_is_not_sure_of_hold_the_run() -> None:
    said = iter([0.4, 0.9, 0.3, 0.2, 0.8])
    steps = '- {id: a, agent: judge, prompt: "{{ item }}", for_each: [1, 2, 3, 4]}'

    def effect(call: OpenCall) -> ModelAnswer:
        value: Json = {"confidence": next(said)}
        return ModelAnswer(text=str(value), value=value, usage=Usage(1, 1))

    made = running(steps, effect)
    (trip,) = tripped(made)
    assert (trip.scope, trip.name, trip.reason, trip.path) == (
        "agent", "judge", "confidence", "a[3]",
    )  # fmt: skip
    made.tell(Retry("a[3]"))
    made.run()
    assert made.state.status == "succeeded"


@pytest.mark.requirement("GR-09")
def test_two_answers_in_a_row_that_a_run_is_not_sure_of_hold_it_whoever_gave_them() -> None:
    said = iter([0.4, 0.9, 0.3, 0.2])
    steps = "\n".join(f"- {{id: s{n}, ask: How sure?, output: {{type: object}}}}" for n in range(5))

    def effect(call: OpenCall) -> ModelAnswer:
        value: Json = {"confidence": next(said)}
        return ModelAnswer(text=str(value), value=value, usage=Usage(1, 1))

    made = running(steps, effect)
    (trip,) = tripped(made)
    assert (trip.scope, trip.name, trip.reason, trip.path) == ("run", "step s3", "confidence", "s3")


HELD, LOOSE = "The bridge is 120 metres long.", "The bridge is 130 metres long."


@pytest.mark.requirement("GR-08", "GR-09")
@pytest.mark.parametrize(
    ("answers", "trips"),
    [((LOOSE, LOOSE, HELD), ["a[1]"]), ((LOOSE, HELD, LOOSE), []), ((HELD, HELD, HELD), [])],
)
def test_answers_that_their_sources_do_not_hold_are_doubts_too(
    answers: tuple[str, ...], trips: list[str]
) -> None:
    steps = f"""
    - id: a
      ask: "How long is bridge {{{{ item }}}}?"
      for_each: [1, 2, 3]
      concurrency: 1
      on_item_error: collect
      grounded: {{sources: "{HELD}", on_failure: block}}
    """
    left = iter(answers)

    def effect(call: OpenCall) -> ModelAnswer:
        return ModelAnswer(text=next(left), usage=Usage(1, 1))

    made = running(steps, effect)
    found = tripped(made)
    assert [one.path for one in found] == trips
    assert {(one.scope, one.name, one.reason) for one in found} <= {
        ("agent", "step a", "confidence")
    }


def test_only_numbers_from_0_to_1_say_how_sure_an_answer_is() -> None:
    said: list[Json] = [{"confidence": one} for one in (0, 0.5, 1, 1.5, -1, True, "0.1", None)]
    said += [{}, [], 0.3]
    assert [confidence_of(one) for one in said] == [0, 0.5, 1] + [None] * 8


@pytest.mark.requirement("GR-09")
def test_an_agent_that_insists_on_one_call_is_held() -> None:
    def effect(call: OpenCall) -> Json | ModelAnswer:
        if call.kind == "tool":
            return {"found": call.call}
        return ask(("look.up", {"q": 1}), ("look.in", {"q": turn_of(call)}))

    made = running(ONE, effect)
    (trip,) = tripped(made)
    assert (trip.scope, trip.name, trip.reason) == ("agent", "worker", "repeats")
    assert made.state.phase == "held"


@pytest.mark.requirement("GR-09", "GR-07")
def test_a_run_without_a_budget_is_held_when_it_costs_too_much_and_goes_on_after_a_look() -> None:
    steps = '- {id: a, agent: worker, prompt: "{{ item }}", for_each: [1, 2, 3, 4, 5, 6, 7]}'
    made = running(steps, lambda call: "done", Breaker(usd=40), price=1_000_000)
    (trip,) = tripped(made)
    assert (trip.scope, trip.reason, trip.path) == ("run", "cost", "")
    ended = len([e for e in made.events if e.type == "step.succeeded"])
    assert 0 < ended < 7
    made.tell(Retry())
    made.run()
    checked(made)
    assert len(tripped(made)) == 2  # from where the person looked, it counts anew
    budgeted = running(
        steps, lambda call: "done", Breaker(usd=40), head="budget: {usd: 1}", price=1_000_000
    )
    assert budgeted.state.status == "succeeded"


@pytest.mark.requirement("GR-07")
def test_spending_far_out_of_habit_is_told_once() -> None:
    steps = '- {id: a, agent: worker, prompt: "{{ item }}", for_each: [1, 2, 3, 4, 5]}'
    habit = RunForecast(runs=5, usd=9_000_000, low=8_000_000, high=9_000_000)
    made = running(steps, lambda call: "done", forecast=habit, price=10**12)
    (alert,) = [e.payload for e in made.events if isinstance(e.payload, BudgetAlerted)]
    assert (alert.reason, alert.limit) == ("habit", 9_000_000)
    assert alert.used > 3 * alert.limit
    young = RunForecast(runs=4, usd=9_000_000, low=8_000_000, high=9_000_000)
    unsure = running(steps, lambda call: "done", forecast=young, price=10**12)
    assert "budget.alerted" not in unsure.types


@pytest.mark.requirement("GR-09")
def test_a_run_and_all_it_began_stop_at_a_number_of_calls_and_of_runs() -> None:
    def effect(call: OpenCall) -> Json | ModelAnswer:
        if call.kind == "tool":
            return {"found": call.call}
        return ask(("look.in", {"q": turn_of(call)}))

    made = running(ONE, effect, Breaker(calls=5))
    (trip,) = tripped(made)
    assert (trip.scope, trip.reason, trip.path) == ("run", "calls", "")
    assert len(made.asked) == 5
    made.tell(Retry())
    made.run()
    assert len(tripped(made)) == 2

    def delegating(call: OpenCall) -> ModelAnswer:
        return ask(("agent.worker", {"task": f"Part {turn_of(call)}."}))

    led = running(ONE.replace("worker", "boss"), delegating, Breaker(calls=50, runs=4))
    (child,) = children(led)
    told = ChildOutcome(child.run_id, child.call, "succeeded", "x", None, 0, 3, calls=7, runs=3)
    led.tell(told)
    led.run()
    assert (led.state.breaking.calls, led.state.breaking.runs) == (9, 4)
    assert [one.reason for one in tripped(led)] == ["runs"]


@pytest.mark.requirement("GR-07", "GR-10")
def test_a_call_without_room_in_a_limit_of_money_holds_the_run_whatever_handles_failures() -> None:
    steps = """
    - id: a
      agent: worker
      prompt: Do it.
      retry: {attempts: 5, backoff: 1s}
      on_error: continue
    """
    made = running(steps, failing(1, NO_MONEY))
    (trip,) = tripped(made)
    assert (trip.scope, trip.reason) == ("money", "cost")
    failure = made.state.steps["a"].failure
    assert failure is not None
    assert failure.code == "cost_limit"
    made.tell(Retry("a"))
    made.run()
    checked(made)
    assert made.state.status == "succeeded"


def test_a_run_without_a_breaker_counts_nothing() -> None:
    version = version_of(
        f"name: w\nsteps:\n{textwrap.indent(EACH, '  ')}", Pins(agents=AGENTS), ONCE
    )
    made = Simulation(version, {}, lambda call, args: BAD, tools=TOOLS)
    made.run()
    assert made.state.status == "succeeded"
    assert made.state.breaking.failures == made.state.breaking.calls == 0
