"""Facts about what guards and policies decided at the doors."""

from typing import TypeAlias

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


GuardEvent: TypeAlias = GuardVerdict | PolicyVerdict
