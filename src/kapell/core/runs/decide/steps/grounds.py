"""Answers that must be held by their sources: looked at, sent back, shown to people, refused."""

from typing import TypeAlias

from kapell.core.events.guarding.approval import ApprovalRequested
from kapell.core.events.step import StepWaiting
from kapell.core.events.value import packed_digest
from kapell.core.expressions import DEFAULT, ExpressionTooExpensive
from kapell.core.guardrails.grounding.answers import Grounding, ground
from kapell.core.guardrails.grounding.demand import Score
from kapell.core.guardrails.grounding.sources import Source, sources_of, texts_of
from kapell.core.guardrails.labels import AGENT, Mask, label_of
from kapell.core.runs.decide.steps.results import reraise_if_cheap
from kapell.core.runs.decide.thinking import Thinking
from kapell.core.runs.state import StepRun
from kapell.kit.errors import Failure, KapellError, Kind
from kapell.kit.json import Json

CODE = "answer_ungrounded"

_CHEAP = 20_000
"""Characters of answer and sources that are compared on the event loop (a few milliseconds)."""

_DOUBT = "The sources do not hold all of it."
_UNKNOWN = "It is not known whether the sources hold all of it."

_SHOWN = 10
_LONG = 300

Checked: TypeAlias = Grounding | Failure | None
"""How an answer is held by its sources, why that cannot be said, or None: nobody asked for it."""


def checked(t: Thinking, run: StepRun, value: Json) -> Checked:
    """Hold an answer against its sources, where its step demands it. Emits nothing.

    Raises:
        NeedsValues: the sources are artifacts that are not at hand.
        ExpressionTooExpensive: it takes too long for the event loop.
    """
    demand = t.place(run).step.grounded
    if demand is None:
        return None
    text = value if isinstance(value, str) else "\n\n".join(texts_of(value))
    try:
        sources, _ = sources_for(t, run)
    except KapellError as error:
        reraise_if_cheap(t, error)
        return Failure.of(error, run.path)
    size = len(text) + sum(len(source.text) for source in sources)
    if size > _CHEAP and t.ctx.limits is not DEFAULT:
        raise ExpressionTooExpensive("Comparing the answer with its sources takes long.")
    return ground(text, sources, demand.threshold)


def sources_for(t: Thinking, run: StepRun) -> tuple[tuple[Source, ...], Mask]:
    """Return what the answers of a step run are held against, and where that comes from."""
    names, demand = t.names(run), t.place(run).step.grounded
    if demand is not None and demand.sources is not None:
        return sources_of(names.value(demand.sources)), names.label
    outputs = [ask.output for turn in run.turns for ask in turn.asks if ask.output is not None]
    found = tuple(one for output in outputs for one in sources_of(names.unpacked(output)))
    return found, run.label


def judge_of(t: Thinking, run: StepRun) -> str:
    """Return the model that judges the answers of a step run; empty without one.

    The model that stands in for every other stands in for this one too.
    """
    demand = t.place(run).step.grounded
    judge = demand.judge if demand is not None else None
    return (t.state.request.model or judge) if judge else ""


def unjudged(t: Thinking, run: StepRun, found: Checked, act: str) -> bool:
    """Tell whether a judge is asked about an answer; not where its sources refuse it already."""
    return isinstance(found, Grounding) and act != "block" and bool(judge_of(t, run))


def problem(found: Checked) -> str:
    """Return what is told to the model of an answer that its sources do not hold; else nothing."""
    if not isinstance(found, Grounding) or not found.flagged:
        return ""
    named = [one for one in found.sentences if one.score < found.threshold or "judge" in one.flaws]
    lines = [f"- {one.text[:_LONG]} ({', '.join(one.flaws) or 'words'})" for one in named[:_SHOWN]]
    return (
        "the sources do not hold all of it. Leave out or correct these sentences, and say only "
        "what the sources say:\n" + "\n".join(lines)
    )


def refused(run: StepRun, found: Checked) -> Failure | None:
    """Return the failure of a step whose answer its sources do not hold; None when it is held."""
    if isinstance(found, Failure):
        return found
    if found is None or not found.flagged:
        return None
    worst = min(found.sentences, key=lambda one: one.score)
    return Failure(
        CODE,
        f"{len(found.flagged)} of {len(found.sentences)} sentences of the answer are not supported "
        f"by its sources (score {found.score:g}, {', '.join(worst.flaws) or 'words'}).",
        Kind.INVALID,
        advice="Give better sources, ask for less, use a stronger model, or lower 'threshold'.",
        step=run.path,
    )


def demanded(t: Thinking, run: StepRun, found: Checked) -> str:
    """Return what becomes of an answer: ``correct``, ``ask`` or ``block``; empty: it is fine."""
    demand = t.place(run).step.grounded
    if demand is None or found is None:
        return ""
    if isinstance(found, Failure):
        return "block"
    return demand.on_failure if found.flagged else ""


def unsettled(t: Thinking, run: StepRun) -> str:
    """Return what becomes of an answer that must be judged and could not be: ``ask`` or ``block``.

    Sending it back would help nothing: no sentence of it is known to be wrong.
    """
    demand = t.place(run).step.grounded
    return "ask" if demand is not None and demand.on_failure == "ask" else "block"


def score(found: Checked) -> Score | None:
    """Return what the log keeps of a look at an answer."""
    if not isinstance(found, Grounding):
        return None
    return Score(found.score, len(found.flagged), len(found.sentences))


def doubted(t: Thinking, run: StepRun, act: str, value: Json, found: Checked) -> None:
    """Show an answer to people, or fail."""
    if act == "ask" and isinstance(found, Grounding):
        _ask_people(t, run, value, found)
    else:
        t.later("broke", run.path, refused(run, found) or _unjudged(run))


def _unjudged(run: StepRun) -> Failure:
    """Return the failure of a step whose answer nobody could judge; the log says why."""
    return Failure(
        CODE,
        "It could not be checked whether the sources support all of the answer.",
        Kind.INVALID,
        advice="`kapell runs events` says why; run it again, or name a route as the judge.",
        step=run.path,
    )


def _ask_people(t: Thinking, run: StepRun, value: Json, found: Grounding) -> None:
    """Ask people whether an answer is used although its sources do not hold all of it."""
    flagged = [{"sentence": one.text, "flaws": list(one.flaws)} for one in found.flagged]
    data = t.pack({"answer": value, "unsupported": flagged, "score": found.score})
    t.emit(
        ApprovalRequested(
            run.path,
            "Use this answer?",
            data,
            ("answer",),
            label=label_of(run.label | run.ground | AGENT),
            digest=packed_digest(data),
            rule="grounded",
            why=_DOUBT if found.flagged else _UNKNOWN,
            risk="medium",
        )
    )
    t.emit(StepWaiting(run.path, "approval"))


def rejected(run: StepRun, note: str) -> Failure:
    """Return the failure of a step whose doubtful answer people did not want."""
    return Failure(
        CODE,
        f"People did not want an answer that its sources do not hold. {note}".strip()[:1000],
        Kind.DENIED,
        advice="Give better sources, ask for less, or use a stronger model.",
        step=run.path,
    )
