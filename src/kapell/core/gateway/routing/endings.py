"""How a route ends without an answer: which failures another deployment can mend, and one error.

    RouteFailed    somebody may answer later
    RouteLimited   all are at a limit, theirs or ours
    RouteUnusable  nobody lets us in
    RouteRefused   the request itself is refused: another one would not mend it

Each holds the route's ``tries``. The error of a model that was asked without a route has one too
where it turned that model's breaker.
"""

from collections.abc import Sequence
from copy import copy
from typing import TypeAlias

from kapell.core.gateway.calls import Try
from kapell.core.gateway.routing.choice import GiveUp
from kapell.core.gateway.routing.route import Deployment, Route
from kapell.kit.errors import Denied, Invalid, KapellError, Kind, Limited, Unavailable

_FAILED = "Try again later; `kapell models health` shows how the route's deployments are."
_LIMITED = "Try again later, or add a deployment to the route; `kapell models health` shows more."
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
        "policy_denied",
    }
)

UNCERTAIN = frozenset({"model_timeout", "model_answer_broken"})
"""Failures after which the provider may charge all the same."""


class RouteFailed(Unavailable):
    """Nobody answered; later somebody may."""

    default_code = "route_failed"
    tries: tuple[Try, ...] = ()


class RouteLimited(Limited):
    """Nobody could be asked now: all are at a limit."""

    default_code = "route_limited"
    tries: tuple[Try, ...] = ()


class RouteUnusable(Denied):
    """Nobody lets us in."""

    default_code = "route_unusable"
    tries: tuple[Try, ...] = ()


class RouteRefused(Invalid):
    """The request is refused, in a way that nobody else can mend; the code says how."""

    tries: tuple[Try, ...] = ()


Ended: TypeAlias = RouteFailed | RouteLimited | RouteUnusable | RouteRefused
"""How a route can end without an answer."""


def tries_of(error: BaseException) -> tuple[Try, ...]:
    """Return the decisions of the route that ended in an error, or what turned a breaker."""
    if not isinstance(error, KapellError):
        return ()
    tries: tuple[Try, ...] = getattr(error, "tries", ())
    return tries


def turning(error: KapellError, one: Try) -> KapellError:
    """Return an error that also holds what the call that ended in it did to a breaker.

    It is another one: calls that waited for the same adapter may share theirs.
    """
    made = copy(error)
    vars(made)["tries"] = (one,)
    return made


def may_be_charged(error: KapellError) -> bool:
    """Tell whether a provider may charge for a call that ended in an error."""
    return error.code in UNCERTAIN or any(one.uncertain for one in tries_of(error))


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
    ended: Ended
    if kinds <= {Kind.LIMITED}:
        ended = RouteLimited(said, advice=_LIMITED, retry_after=end.retry_after)
    elif kinds & {Kind.UNAVAILABLE, Kind.LIMITED}:
        ended = RouteFailed(
            said, advice=_FAILED + _forbidden(errors), retry_after=_pause(end, errors)
        )
    else:
        ended = RouteUnusable(said, advice=errors[0].advice)
    ended.tries = tuple(tries)
    return ended


def _forbidden(errors: Sequence[KapellError]) -> str:
    """Return what to do about the first deployment that policies forbade: waiting helps nothing."""
    found = next((one.advice for one in errors if one.code == "policy_denied"), "")
    return f" {found}" if found else ""


def _pause(end: GiveUp, errors: Sequence[KapellError]) -> float | None:
    """Return after how many seconds somebody may answer: known when all who failed said so."""
    if end.retry_after is not None:
        return end.retry_after
    asked = [one.retry_after for one in errors]
    named = [one for one in asked if one is not None]
    return min(named) if named and len(named) == len(asked) else None


def refused(route: Route, tries: Sequence[Try], error: KapellError) -> KapellError:
    """Return the error of a failure nobody else can mend; it keeps its code and its advice."""
    asked = [one for one in tries if one.outcome == "failed"]
    before = f" Before: {told(asked[:-1])}." if len(asked) > 1 else ""
    said = f"{error.message} The route `{route.name}` asks nobody else about that.{before}"
    if not isinstance(error, Invalid):  # a bug of ours stays one
        return type(error)(said, code=error.code, advice=error.advice)
    ended = RouteRefused(said, code=error.code, advice=error.advice)
    ended.tries = tuple(tries)
    return ended


def told(tries: Sequence[Try]) -> str:
    """Return the tries in words, each with its code."""
    return "; ".join(_told(one) for one in tries) or "nobody could be asked"


def _told(one: Try) -> str:
    if one.outcome == "skipped":
        return f"{one.deployment} was not asked ({one.reason})"
    if one.outcome == "waited":
        return f"{one.deployment} was waited for, for {one.seconds:.1f} s"
    return f"{one.deployment} failed after {one.seconds:.1f} s ({one.code})"
