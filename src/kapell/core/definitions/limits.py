"""Limits an author sets: retries, budgets, caches, what answers must keep to, and defaults."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from kapell.core.definitions.authored import Amount, Authored, Span, doc
from kapell.core.definitions.problems import Problems
from kapell.core.guardrails.grounding.demand import Grounded
from kapell.kit.errors import Place
from kapell.kit.json import Json


class RetryForm(Authored, kw_only=True):
    """How often, after what pause and on which failures a failed attempt is repeated."""

    called: ClassVar[str] = "`retry`"

    attempts: Annotated[
        Annotated[int, Meta(ge=1, le=100)] | None,
        doc("Tries altogether, the first one counted (1 to 100).", default=1),
    ] = None
    backoff: Annotated[
        Span | None, doc("Pause before the second try; it doubles each time.", default="1s")
    ] = None
    max: Annotated[Span | None, doc("Longest pause between two tries.", default="30s")] = None
    jitter: Annotated[
        bool | None, doc("Vary the pauses so that many steps do not return at once.", default=True)
    ] = None
    on: Annotated[
        list[str] | None,
        doc("Kinds or codes of errors that are tried again.", default=["unavailable", "limited"]),
    ] = None


class BudgetForm(Authored, kw_only=True):
    """Ceilings; what reaches one stops with a clear state that names it."""

    called: ClassVar[str] = "`budget`"

    usd: Annotated[Amount | None, doc("US dollars.")] = None
    tokens: Annotated[
        Annotated[int, Meta(ge=0)] | None, doc("Tokens read and written, together.")
    ] = None
    time: Annotated[
        Span | None, doc("Time at work; waiting for people, signals or a queue does not count.")
    ] = None


class CacheForm(Authored, kw_only=True):
    """A result is used again instead of doing the step anew."""

    called: ClassVar[str] = "`cache`"

    ttl: Annotated[Span, doc("How long a result may be used again.")]
    key: Annotated[
        str | None, doc("Template of the key; without one, the input of the step is the key.")
    ] = None


class DefaultsForm(Authored, kw_only=True):
    """What `agent`, `ask`, `tool` and `code` steps have unless they say otherwise."""

    called: ClassVar[str] = "`defaults`"

    timeout: Annotated[Span | None, doc("Time one attempt may take.")] = None
    retry: Annotated[RetryForm | None, doc("How failed attempts are repeated.")] = None


class GroundedForm(Authored, kw_only=True):
    """Every sentence of an answer is held against sources; what they do not hold is flagged."""

    called: ClassVar[str] = "`grounded`"

    sources: Annotated[
        Json,
        doc(
            "What answers are held against: a template, or a list of texts or of objects with "
            "`name` and `text`. Without it, what the tools of the agent returned."
        ),
    ] = None
    on_failure: Annotated[
        Literal["correct", "ask", "block"] | None,
        doc(
            "What becomes of an answer that is flagged: it goes back to the model, people are "
            "asked, or the step fails.",
            default="correct",
        ),
    ] = None
    threshold: Annotated[
        Annotated[float, Meta(gt=0, le=1)] | None,
        doc("Sentences that score less are flagged.", default=0.7),
    ] = None
    judge: Annotated[
        str | None,
        doc(
            "Model that is asked too whether the sources hold an answer. It can only lower a "
            "score. Without it, the one of `guardrails.grounding.judge`; `off` asks none."
        ),
    ] = None


def judge_inherited(place: Place, problems: Problems) -> None:
    """Note a judge that is to be the model of whoever calls."""
    problems.error(
        "judge_inherited",
        "A judge is a model of its own: it inherits none.",
        place,
        "Leave `judge` out to have the one of the workspace, or name a model of a provider.",
    )


def grounded_of(form: GroundedForm | None) -> Grounded | None:
    """Return what an author demands, with what is left out filled in."""
    if form is None:
        return None
    return Grounded(
        sources=form.sources,
        on_failure=form.on_failure or "correct",
        threshold=form.threshold or 0.7,
        judge=form.judge,
    )
