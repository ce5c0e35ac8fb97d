"""What policies say of the limits of money: `limit` rules of `kapell.budget`."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from kapell.core.policies.asking.documents import AgentPart, BudgetDocument, RunPart
from kapell.core.policies.caller import Caller
from kapell.core.policies.kinds import LIMIT, PACKAGES
from kapell.kit.errors import Denied
from kapell.kit.money import nano
from kapell.services.policies.policies import Policies

_PACKAGE = PACKAGES["budget"]


class _Limit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """US dollars for each of a kind; null is no limit."""

    per: Literal["conversation", "user", "tenant"]
    usd: float | None


class PolicyLimits:
    """Asks the policies before each call that costs money."""

    def __init__(self, policies: Policies) -> None:
        self._policies = policies

    async def limits(self, caller: Caller) -> Mapping[str, int | None]:
        """Return nano-dollars by what they are counted per; of several the lowest holds.

        Raises:
            Denied: ``policy_failed``, ``policy_broken``: nobody could say.
        """
        version = await self._policies.current.version()
        if _PACKAGE not in version.judge.packages:
            return {}
        document = BudgetDocument(
            tenant=caller.tenant,
            subject=caller.subject,
            conversation=caller.conversation,
            run=RunPart(id=caller.run_id, workflow=caller.workflow, path=caller.path),
            agent=AgentPart(name=caller.agent),
            time=self._policies.now(),
        )
        found = (await version.judge.evaluate([_PACKAGE], document)).get(_PACKAGE, {})
        given = found.get(LIMIT, []) if isinstance(found, Mapping) else []
        try:
            said = msgspec.convert(given, list[_Limit])
        except msgspec.ValidationError as error:
            raise Denied(
                f"The rule `limit` of {_PACKAGE} says no limit: {error}",
                code="policy_failed",
                advice='Let it give objects such as {"per": "user", "usd": 25}.',
            ) from error
        limits: dict[str, int | None] = {}
        for one in sorted(said, key=lambda one: float("inf") if one.usd is None else one.usd):
            limits.setdefault(one.per, None if one.usd is None else max(int(nano(one.usd)), 0))
        return limits
