"""What policies say of the limits of money: `limit` rules of `kapell.budget`."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from kapell.core.policies.asking.documents import BudgetDocument
from kapell.core.policies.caller import Caller
from kapell.core.policies.kinds import LIMIT, PACKAGES
from kapell.kit.errors import Denied
from kapell.kit.money import nano
from kapell.services.gateway.spending import Said
from kapell.services.policies.describing import described
from kapell.services.policies.policies import Policies

_PACKAGE = PACKAGES["budget"]


class _Limit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """US dollars for each of a kind, how many times a usual day deserves a look; null is none."""

    per: Literal["conversation", "user", "tenant"]
    usd: float | msgspec.UnsetType | None = msgspec.UNSET
    unusual: float | msgspec.UnsetType | None = msgspec.UNSET


class PolicyLimits:
    """Asks the policies before each call that costs money."""

    def __init__(self, policies: Policies) -> None:
        self._policies = policies

    async def limits(self, caller: Caller) -> Said:
        """Return what holds for a call; of several limits the lowest does.

        Raises:
            Denied: ``policy_failed``, ``policy_broken``: nobody could say.
        """
        version = await self._policies.current.version()
        if _PACKAGE not in version.judge.packages:
            return Said()
        least = self._policies.terms.least
        document = BudgetDocument(**described(caller, self._policies.now(), least))
        found = (await version.judge.evaluate([_PACKAGE], document)).get(_PACKAGE, {})
        given = found.get(LIMIT, []) if isinstance(found, Mapping) else []
        try:
            said = msgspec.convert(given, list[_Limit])
        except msgspec.ValidationError as error:
            raise Denied(
                f"The rule `limit` of {_PACKAGE} gives something that is not a limit: {error}",
                code="policy_failed",
                advice='Let it give objects such as {"per": "user", "usd": 25}.',
            ) from error
        usd = _lowest((one.per, one.usd) for one in said)
        return Said(
            usd={per: None if most is None else max(int(nano(most)), 0) for per, most in usd},
            unusual=dict(_lowest((one.per, one.unusual) for one in said)),
        )


def _lowest(
    said: Iterable[tuple[str, float | msgspec.UnsetType | None]],
) -> Sequence[tuple[str, float | None]]:
    """Return the lowest number that is said of each, None where only null is."""
    found: dict[str, float | None] = {}
    for per, most in said:
        if isinstance(most, msgspec.UnsetType):
            continue
        known = found.get(per)
        found[per] = most if known is None else known if most is None else min(known, most)
    return tuple(found.items())
