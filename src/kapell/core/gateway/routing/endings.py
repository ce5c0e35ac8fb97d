"""How a route ends without an answer: which failures another deployment can mend, and one error."""

from collections.abc import Sequence

from kapell.core.gateway.calls import Try
from kapell.core.gateway.failures import failure
from kapell.core.gateway.routing.choice import GiveUp
from kapell.core.gateway.routing.route import Deployment, Route
from kapell.kit.errors import KapellError, Kind

_MENDABLE = frozenset(
    {
        "model_rate_limited",
        "model_unavailable",
        "model_timeout",
        "model_answer_broken",
        "model_key_missing",
        "model_key_wrong",
        "model_quota_spent",
        "model_unknown",
        "model_setting_missing",
    }
)

UNCERTAIN = frozenset({"model_timeout", "model_answer_broken"})
"""Failures after which the provider may charge all the same."""


def mendable(error: KapellError, failed: Deployment, others: Sequence[Deployment]) -> bool:
    """Tell whether one of the others may succeed where a deployment failed.

    What a provider refuses (an invalid request, its content filter) the next would refuse too, or
    should not be asked to let through. A prompt too long for one may fit one that reads more.
    """
    if error.code == "model_context_exceeded":
        return any(_reads_more(one, failed) for one in others)
    return error.code in _MENDABLE


def _reads_more(one: Deployment, failed: Deployment) -> bool:
    return one.context is not None and one.context > (failed.context or 0)


def gave_up(
    route: Route, tries: Sequence[Try], end: GiveUp, errors: Sequence[KapellError]
) -> KapellError:
    """Return the error of a route nobody answered for; it names every try."""
    said = f"The route `{route.name}` has no answer, {end.reason}: {told(tries)}."
    kinds = {error.kind for error in errors}
    if kinds <= {Kind.LIMITED}:
        return failure("route_limited", said, retry_after=end.retry_after)
    if kinds & {Kind.UNAVAILABLE, Kind.LIMITED}:
        return failure("route_failed", said)
    return failure("route_unusable", said, advice=errors[0].advice)


def refused(route: Route, tries: Sequence[Try], error: KapellError) -> KapellError:
    """Return the error of a failure nobody else can mend; it keeps its code and its advice."""
    asked = [one for one in tries if one.outcome == "failed"]
    before = f" Before: {told(asked[:-1])}." if len(asked) > 1 else ""
    said = f"{error.message} The route `{route.name}` asks nobody else about that.{before}"
    return type(error)(said, code=error.code, advice=error.advice, retry_after=error.retry_after)


def told(tries: Sequence[Try]) -> str:
    """Return the tries in words, each with its code."""
    return "; ".join(_told(one) for one in tries) or "nobody could be asked"


def _told(one: Try) -> str:
    if one.outcome == "skipped":
        return f"{one.deployment} was not asked ({one.reason})"
    return f"{one.deployment} failed after {one.seconds:.1f} s ({one.code})"
