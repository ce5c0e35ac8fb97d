"""When a run is taken for one that runs away, so that a person has to look."""

import msgspec

from kapell.core.approvals.question import SAID_NO
from kapell.kit.errors import Failure
from kapell.kit.json import Json


class Breaker(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Ceilings of a run; None where there is none.

    ``failures`` in a row, of an agent or of the run; ``times`` in a row an agent was less sure than
    ``confidence`` (0..1); ``repeats`` refused requests for a call that was made before, in one
    answer; ``usd`` in nano-dollars, for runs without a budget of their own; ``calls`` of models and
    of tools that they ask for, ``runs`` begun, both with all that the run began.
    """

    failures: int | None = 3
    confidence: float | None = 0.5
    times: int = 2
    repeats: int | None = 3
    usd: int | None = None
    calls: int | None = None
    runs: int | None = None


AGENT_HELD = "agent_held"
"""Code of the refusal of an agent that failed in too many runs in a row."""

_OF_OTHERS = SAID_NO | {
    AGENT_HELD,
    "cost_limit",
    "guard_failed",
    "quota_spent",
    "rate_limited",
    "model_dishonest",
    "model_key_missing",
    "model_key_wrong",
    "model_quota_spent",
    "model_rate_limited",
    "model_setting_missing",
    "model_timeout",
    "model_unavailable",
    "model_unknown",
}


def its_own(failure: Failure) -> bool:
    """Tell whether a failure says something of the agent: no person, provider or limit made it."""
    return failure.code not in _OF_OTHERS


UNUSUAL = 3
"""How many times the usual most of its workflow a run costs that deserves a look."""

SURE = 5
"""Runs of a workflow from which it is known what is usual."""


def confidence_of(value: Json) -> float | None:
    """Return how sure a structured answer says it is, 0..1; None when it does not say."""
    said = value.get("confidence") if isinstance(value, dict) else None
    if isinstance(said, bool) or not isinstance(said, int | float) or not 0 <= said <= 1:
        return None
    return float(said)


def less(limit: int | None, used: int) -> int | None:
    """Return what is left of a ceiling for what a run begins."""
    return None if limit is None else max(limit - used, 0)
