"""A judge model asked about an answer before it is used: a call of its own of the same step run.

Whatever becomes of that call, the scorer's verdict stands: without an opinion it counts alone, but
under ``strict``, where an answer that nobody could judge does not pass.
"""

from collections.abc import Callable

from kapell.core.agents.turns import corrections
from kapell.core.events.budget import BudgetReserved
from kapell.core.events.model import ModelAnswered, ModelJudged, ModelRequested
from kapell.core.guardrails.grounding.answers import Grounding
from kapell.core.guardrails.grounding.judge import opinions as judge
from kapell.core.guardrails.labels import label_of
from kapell.core.pricing.forecast import forecast
from kapell.core.pricing.quote import worst_cost, worst_tokens
from kapell.core.runs import paths
from kapell.core.runs.decide import breaking
from kapell.core.runs.decide.steps import grounds, money, replies, requests
from kapell.core.runs.decide.steps.results import finish
from kapell.core.runs.decide.thinking import Thinking
from kapell.core.runs.fold.guards import profile_for
from kapell.core.runs.inputs import CallBroke, CallHeld, ModelReplied
from kapell.core.runs.state import Judging, OpenCall, StepRun
from kapell.kit.errors import Failure, KapellError, Kind
from kapell.kit.json import Json, encode

OFFLINE = "offline"
_ASKED_FOR = "judge_offline"
"""Why there is no verdict where the whole run is on a model that gives none: no guard failed."""
_EXTRA = len(judge.INSTRUCTIONS.encode()) + len(encode(judge.SCHEMA))


def ask(t: Thinking, run: StepRun, judging: Judging) -> None:
    """Ask the judge about an answer, with its worst case set aside; else use what is known."""
    model = grounds.judge_of(t, run)
    value = t.names(run).unpacked(judging.value)
    found = grounds.checked(t, run, value)
    if not model or model == OFFLINE or not isinstance(found, Grounding):
        why = _ASKED_FOR if model == OFFLINE else "judge_failed"
        _conclude(t, run, judging, value, found, None, why)
        return
    sources, mask = grounds.sources_for(t, run)
    text = judge.question(found, sources, f"{t.state.run_id}:{judging.call}")
    size = len(text.encode()) + _EXTRA
    try:
        quote = requests.quote_of(t, model)
        prompt = t.pack(text)
    except KapellError:
        _conclude(t, run, judging, value, found, None, "judge_failed")
        return
    tokens = worst_tokens(size)
    usd = int(worst_cost(quote, tokens, judge.MAX_OUTPUT))
    room = money.place(t, run, usd, tokens + judge.MAX_OUTPUT)
    if room == "later":
        t.waitlists.for_money(run.path)
        return
    if room == "never":
        _conclude(t, run, judging, value, found, None, "judge_budget")
        return
    call = paths.call(run.path, run.attempt, run.calls + 1)
    t.emit(
        ModelRequested(
            call=call,
            path=run.path,
            model=model,
            prompt=prompt,
            max_output=judge.MAX_OUTPUT,
            key=f"{t.state.run_id}:{judging.call}!judge",
            turn=len(run.turns) + 1,
            size=size,
            forecast=forecast(quote, size, judge.MAX_OUTPUT, step=paths.step_of(run.path)),
            label=label_of(run.label | run.ground | mask),
            judges=judging.call,
        )
    )
    t.emit(BudgetReserved(call, usd, tokens + judge.MAX_OUTPUT))


def replied(t: Thinking, event: ModelReplied, opened: OpenCall) -> None:
    """Take what a judge says; what is no verdict leaves the scorer's."""
    answer = event.answer
    text, storable = replies.storable(t, answer)
    clean = storable and answer.finish == "stop" and not (answer.refused or answer.asks)
    value = t.pack(answer.value) if clean else None

    def end(found: grounds.Checked) -> tuple[judge.Opinion | None, str]:
        count = len(found.sentences) if isinstance(found, Grounding) else 0
        said = judge.opinion(answer.value, count) if clean else None
        spent = replies.cost_of(t, opened, answer)
        money.settle(t, opened, spent, answer.usage.total)
        t.emit(
            ModelAnswered(
                call=opened.call,
                path=opened.path,
                model=opened.name,
                text=text,
                value=value if said is not None else None,
                usage=answer.usage,
                cost=spent,
                seconds=event.seconds,
                offline=answer.offline,
                cached=answer.cached,
                by=replies.by_whom(opened, answer),
                tries=answer.tries,
                judges=opened.judges,
            )
        )
        return said, "" if said is not None else "judge_unclear"

    _ended(t, event, opened, end)


def broke(t: Thinking, event: CallBroke, opened: OpenCall) -> None:
    """Go on without a judge: its call failed."""

    def end(found: grounds.Checked) -> tuple[None, str]:
        del found
        replies.end_call(
            t,
            opened,
            event.failure,
            unknown=event.unknown,
            seconds=event.seconds,
            tries=event.tries,
        )
        return None, "judge_failed"

    _ended(t, event, opened, end)


def held(t: Thinking, event: CallHeld, opened: OpenCall) -> None:
    """Go on without a judge: people would have to agree to its call, who are not asked for that."""

    def end(found: grounds.Checked) -> tuple[None, str]:
        del found
        failure = Failure(
            "approval_needed",
            "People would have to agree before the judge is asked.",
            Kind.DENIED,
            advice="Let the policy allow the judge's model, or do without a judge.",
            step=opened.path,
        )
        replies.end_call(t, opened, failure, unknown=False, seconds=event.seconds)
        return None, "judge_held"

    _ended(t, event, opened, end)


def _ended(
    t: Thinking,
    event: ModelReplied | CallBroke | CallHeld,
    opened: OpenCall,
    end: Callable[[grounds.Checked], tuple[judge.Opinion | None, str]],
) -> None:
    """End a judge's call, and use the answer it was asked about if that still waits for it."""
    run = t.state.steps[opened.path]
    judging = run.judging
    value: Json = None
    found: grounds.Checked = None
    waits = judging is not None and judging.call == opened.judges
    if judging is not None and waits:
        # Everything that may have to be fetched comes before the first event.
        value = t.names(run).unpacked(judging.value)
        found = grounds.checked(t, run, value)
    replies.judged(t, opened, event.facts)
    said, without = end(found)
    run = t.state.steps[opened.path]
    if judging is not None and waits:
        _conclude(t, run, judging, value, found, said, without)
    t.freed(run)
    money.after(t, opened)


def _conclude(
    t: Thinking,
    run: StepRun,
    judging: Judging,
    value: Json,
    found: grounds.Checked,
    said: judge.Opinion | None,
    without: str,
) -> None:
    """Use an answer, send it back, show it to people or fail, as both verdicts have it."""
    whole = found
    if said is not None and isinstance(found, Grounding):
        whole = judge.lowered(found, said)
    closed = without not in ("", _ASKED_FOR) and profile_for(t.program, t.state, run) == "strict"
    act = grounds.demanded(t, run, whole)
    if closed and not act:
        act = grounds.unsettled(t, run)
    problem = grounds.problem(whole) if act == "correct" else ""
    t.emit(
        ModelJudged(
            call=judging.call,
            path=run.path,
            judge=grounds.judge_of(t, run),
            score=None if said is None else said.score,
            without=without,
            closed=closed,
            grounding=grounds.score(whole),
            problem=problem,
        )
    )
    run = t.state.steps[run.path]
    if problem and corrections(run.turns) > t.place(run).step.corrections:
        t.later("broke", run.path, grounds.refused(run, whole))
    elif problem:
        t.later("call", run.path)
    elif act:
        grounds.doubted(t, run, act, value, whole)
    elif not breaking.doubted(t, run.path):
        packed = judging.value
        finish(t, run, lambda: packed)
