"""What comes back from calls to models and tools: an answer, a result, or nothing."""

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from kapell.core.agents.turns import UNREADABLE, corrections
from kapell.core.events.budget import BudgetAlerted
from kapell.core.events.guarding.guard import GuardVerdict, PolicyVerdict
from kapell.core.events.model import AskedTool, ModelAnswered, ModelFailed
from kapell.core.events.tool import ToolFailed, ToolReturned
from kapell.core.events.value import Packed
from kapell.core.gateway.calls import ModelAnswer, Try
from kapell.core.guardrails.labels import label_of
from kapell.core.guardrails.verdicts import Verdict
from kapell.core.limits.breaker import confidence_of
from kapell.core.policies.notes import Fact
from kapell.core.policies.spending import Spending
from kapell.core.pricing.quote import Quote, cost, worst_cost
from kapell.core.runs.decide import breaking
from kapell.core.runs.decide.origins import failed_label, result_label
from kapell.core.runs.decide.steps import grounds, money
from kapell.core.runs.decide.steps.requests import schema_of_step
from kapell.core.runs.decide.steps.results import finish
from kapell.core.runs.decide.thinking import Thinking
from kapell.core.runs.inputs import ModelReplied, ToolReplied
from kapell.core.runs.state import OpenCall, StepRun
from kapell.core.workflows.schemas import problem_of
from kapell.kit.errors import Failure, KapellError, Kind
from kapell.kit.json import Json


def judged(t: Thinking, opened: OpenCall, facts: Iterable[Fact]) -> None:
    """Record what the gates decided on the way of a call."""
    for fact in facts:
        if isinstance(fact, Verdict):
            t.emit(GuardVerdict(call=opened.call, path=opened.path, verdict=fact))
        elif isinstance(fact, Spending):
            reason: Literal["day", "limit"] = "day" if fact.unusual else "limit"
            t.emit(BudgetAlerted(reason, fact.limit, fact.used, fact.whose, fact.every))
        else:
            t.emit(PolicyVerdict(call=opened.call, path=opened.path, judgement=fact))


def model_replied(t: Thinking, event: ModelReplied) -> None:
    """Take a model's answer: settle it, check it, use it or have it corrected."""
    opened = t.state.calls.get(event.call)
    if opened is None:
        return
    run = t.state.steps[opened.path]
    text, whole = storable(t, event.answer)
    asks, thoughts = _asks(t, run, event.answer), _thoughts(t, event.answer)
    schema = schema_of_step(t.program, run)
    problem = _problem(schema, event.answer, opened, asks) if whole else "it held a NUL character"
    value = event.answer.value if schema is not None else event.answer.text
    found = grounds.checked(t, run, value) if not (problem or asks) else None
    judged(t, opened, event.facts)
    spent = cost_of(t, opened, event.answer)
    money.settle(t, opened, spent, event.answer.usage.total)
    act = grounds.demanded(t, run, found)
    unjudged = grounds.unjudged(t, run, found, act)
    if act == "correct" and not unjudged:
        problem = grounds.problem(found)
    t.emit(
        ModelAnswered(
            call=opened.call,
            path=run.path,
            model=opened.name,
            text=text,
            value=t.pack(value) if schema is not None and not (problem or asks) else None,
            usage=event.answer.usage,
            cost=spent,
            seconds=event.seconds,
            problem=problem,
            asks=() if problem else asks,
            thoughts=thoughts,
            offline=event.answer.offline,
            cached=event.answer.cached,
            by=by_whom(opened, event.answer),
            tries=event.answer.tries,
            confidence=_confidence(event.answer, None if problem or asks else value),
            grounding=grounds.score(found),
            unjudged=unjudged,
        )
    )
    if problem and corrections(run.turns) > t.place(run).step.corrections:
        failure = grounds.refused(run, found) or _invalid(run, problem, event.answer.refused)
        t.later("broke", run.path, failure)
    elif problem or asks or unjudged:
        t.later("call", run.path)
    elif breaking.doubted(t, run.path):
        pass  # a person looks at the run, and so at this answer
    elif act:
        grounds.doubted(t, run, act, value, found)
    else:
        finish(t, run, lambda: t.pack(value))
    t.freed(run)
    money.after(t, opened)


def _confidence(answer: ModelAnswer, value: Json) -> float | None:
    """Return how sure an answer says it is; the offline model knows too little to be asked."""
    return None if answer.offline else confidence_of(value)


def by_whom(opened: OpenCall, answer: ModelAnswer) -> str:
    """Return the model that answered in the name of a route; empty when that was named itself."""
    return answer.model if answer.tries and answer.model != opened.name else ""


def storable(t: Thinking, answer: ModelAnswer) -> tuple[Packed, bool]:
    """Return an answer's text as events hold it, and whether all of the answer can be held."""
    try:
        t.pack(answer.value)
        return t.pack(answer.text), True
    except KapellError:
        whole = answer.text.encode(errors="replace").decode()
        return t.pack(whole.replace("\0", "")), False


def cost_of(t: Thinking, opened: OpenCall, answer: ModelAnswer) -> int:
    """Return what an answer cost: by the price of who gave it, nothing if it was given again.

    A deployment of the route that may charge although it failed counts at its worst case, as far
    as what was set aside reaches.
    """
    if answer.cached:
        return 0
    quote = t.ctx.quotes.get(answer.model if answer.tries else opened.name)
    if not isinstance(quote, Quote):
        return opened.usd
    spent = int(cost(quote, answer.usage))
    unsure = 0
    for one in answer.tries:
        price = t.ctx.quotes.get(one.model) if one.uncertain else None
        if isinstance(price, Quote):
            asked = max(opened.tokens - opened.max_output, 0)
            unsure += int(worst_cost(price, asked, opened.max_output))
    return max(spent, min(spent + unsure, opened.usd))


_MOST_ASKS = 64
"""Tool calls of one turn; more come of a model that has lost its way."""


def _asks(t: Thinking, run: StepRun, answer: ModelAnswer) -> tuple[AskedTool, ...]:
    """Return what is asked for as events hold it: every ask has an id that no other has."""
    found: list[AskedTool] = []
    for place, ask in enumerate(answer.asks[: _MOST_ASKS + 1], start=1):
        known = any(ask.id == one.id for one in found)
        name = ask.id if ask.id and not known else f"{len(run.turns) + 1}.{place}"
        try:
            t.pack([name, ask.tool])
        except KapellError:
            found.append(AskedTool(f"{len(run.turns) + 1}.{place}", "?", broken=UNREADABLE))
            continue
        tool = ask.tool[:200]
        try:
            t.pack(ask.broken)
            found.append(AskedTool(name, tool, t.pack(ask.args), ask.broken[:2000]))
        except KapellError:
            found.append(AskedTool(name, tool, broken=UNREADABLE))
    return tuple(found)


def _thoughts(t: Thinking, answer: ModelAnswer) -> Packed | None:
    if not answer.thoughts:
        return None
    try:
        return t.pack(list(msgspec.to_builtins(answer.thoughts)))
    except KapellError:
        return None


_NO_MORE = "there are no more tools to ask for: answer with what you know"


def _problem(schema: Json, answer: ModelAnswer, call: OpenCall, asks: Sequence[AskedTool]) -> str:
    if answer.refused:
        return answer.refused
    if asks and not call.tools:
        return _NO_MORE
    if len(asks) > _MOST_ASKS:
        return f"at most {_MOST_ASKS} tool calls can be made at once"
    if asks and answer.finish != "length":
        return ""
    if answer.finish == "length":
        return "the answer was cut off at its limit of output tokens"
    if schema is None:
        return "" if answer.text else "the answer was empty"
    if answer.value is None:
        return "the answer was not the JSON asked for"
    return problem_of(schema, answer.value)


def _invalid(run: StepRun, problem: str, refused: str) -> Failure:
    if refused:
        return Failure(
            "guardrail_blocked",
            f"A guardrail let none of {corrections(run.turns)} answers of the model pass.",
            Kind.DENIED,
            advice="The log says what kinds of things were found in them (`kapell runs events`).",
            step=run.path,
        )
    used = sum(1 for turn in run.turns if turn.asks)
    if problem == _NO_MORE and used:
        return Failure(
            "turns_spent",
            f"After {used} turns with tools the agent asked for more instead of answering.",
            Kind.CONFLICT,
            advice="Raise `turns:` in the agent's file, ask it for less, or use a stronger model.",
            step=run.path,
        )
    return Failure(
        "answer_invalid",
        f"The model's answer was wrong after {corrections(run.turns)} tries: {problem}"[:1000],
        Kind.INVALID,
        advice="Loosen the 'output' schema, say more in the prompt, or use a stronger model.",
        step=run.path,
    )


def tool_replied(t: Thinking, event: ToolReplied) -> None:
    """Take a tool's result."""
    opened = t.state.calls.get(event.call)
    if opened is None:
        return
    judged(t, opened, event.facts)
    try:
        packed = t.pack(event.output)
    except KapellError as error:
        failure = Failure.of(error, opened.path)
        end_call(t, opened, failure, unknown=not opened.ask, seconds=event.seconds)
        if opened.ask:
            t.later("call", opened.path)
        else:
            t.later("broke", opened.path, failure, unknown=True)
        t.freed(t.state.steps[opened.path])
        return
    _charge(t, opened, event.cost)
    label = result_label(t, opened, t.ctx.tools.get(opened.name), event.trust)
    t.emit(
        ToolReturned(
            call=opened.call,
            path=opened.path,
            tool=opened.name,
            output=packed,
            files=event.files,
            seconds=event.seconds,
            ask=opened.ask,
            trust=event.trust,
            notes=event.notes,
            label=label_of(label),
        )
    )
    run = t.state.steps[opened.path]
    t.freed(run)
    if opened.ask:
        t.later("call", run.path)
    else:
        finish(t, run, lambda: packed)


def _charge(t: Thinking, call: OpenCall, cost: int | None = None) -> None:
    """Settle what a call to a tool costs, if it costs anything."""
    if call.usd:
        money.settle(t, call, call.usd if cost is None else cost, 0)


def once(call: OpenCall, failure: Failure, *, unknown: bool) -> Failure:
    """Return the failure of a call; one that may have taken effect is no passing trouble.

    Where the tool must not be called twice, nothing is tried again because of it, unless the author
    names its code.
    """
    if not unknown or call.kind != "tool" or call.repeatable:
        return failure
    return msgspec.structs.replace(failure, kind=Kind.CONFLICT, retryable=False, retry_after=None)


def end_call(
    t: Thinking,
    call: OpenCall,
    failure: Failure,
    *,
    unknown: bool,
    seconds: float = 0.0,
    tries: tuple[Try, ...] = (),
    strange: bool = False,
) -> None:
    """Record that a call ended without a result; a model's unknown outcome costs its worst case.

    ``strange``: what it says of its failure may be words of strangers.
    """
    if call.kind == "model":
        money.settle(t, call, call.usd if unknown else 0, call.tokens if unknown else 0)
        t.emit(
            ModelFailed(
                call=call.call,
                path=call.path,
                model=call.name,
                failure=failure,
                seconds=seconds,
                tries=tries,
            )
        )
    else:
        if unknown:
            _charge(t, call)
        elif call.usd:
            money.settle(t, call, 0, 0)
        t.emit(
            ToolFailed(
                call=call.call,
                path=call.path,
                tool=call.name,
                failure=failure,
                unknown=unknown,
                seconds=seconds,
                ask=call.ask,
                label=failed_label(t, call, strange=strange),
            )
        )
