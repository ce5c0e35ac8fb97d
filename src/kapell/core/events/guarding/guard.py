"""Facts about what guards and policies decided at the doors."""

from typing import Literal, TypeAlias

import msgspec

from kapell.core.guardrails.verdicts import Verdict
from kapell.core.policies.judgement import Judgement


class GuardVerdict(msgspec.Struct, frozen=True, kw_only=True, tag="guard.verdict"):
    """A guard found something worth telling in what passed with a call."""

    call: str
    path: str
    verdict: Verdict


class PolicyVerdict(msgspec.Struct, frozen=True, kw_only=True, tag="policy.verdict"):
    """A policy was asked about a call."""

    call: str
    path: str
    judgement: Judgement


class BreakerTripped(msgspec.Struct, frozen=True, kw_only=True, tag="breaker.tripped"):
    """The run is held for a person: too much went wrong, or was used.

    ``scope`` is what ran away: an ``agent`` (``name``), the ``run``, or ``money`` that a limit
    keeps. ``path`` is the step run that awaits the person, empty for the whole run. ``open`` says
    that the agent is held in all runs, for what it did in others.
    """

    path: str
    scope: Literal["run", "agent", "money"]
    name: str
    reason: Literal["failures", "confidence", "repeats", "cost", "calls", "runs", "open"]


GuardEvent: TypeAlias = BreakerTripped | GuardVerdict | PolicyVerdict
