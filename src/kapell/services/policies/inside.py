"""Calls that stay inside, where nobody wrote rules: most calls are such, and few facts decide."""

from typing import TypeAlias

from kapell.core.policies.caller import Caller
from kapell.core.policies.ruled import Ruled
from kapell.core.tools.spec import ToolSpec, accepts, outside
from kapell.services.policies.current import Version
from kapell.services.policies.policies import Terms

_MOST = 1_000
"""Rulings that are at hand: as many as there are tools, times a few."""

Facts: TypeAlias = tuple[object, ...]


def facts_of(version: Version, spec: ToolSpec, caller: Caller, terms: Terms) -> Facts | None:
    """Return all that may decide a call; None where more may: other rules, or where it reaches."""
    if not version.built_in or outside(spec):
        return None
    if terms.domains or terms.recipients:
        return None
    return (
        version.digest,
        spec.name,
        spec.effects,
        spec.accepts,
        caller.profile,
        caller.asked,
        accepts(spec, caller.labels),
    )


class InsideRulings:
    """Rulings by the facts that decided them; rules draw no lots and read no clock."""

    def __init__(self) -> None:
        self._known: dict[Facts, Ruled] = {}

    def of(self, facts: Facts | None) -> Ruled | None:
        """Return the ruling on a call, None when it has still to be judged."""
        return None if facts is None else self._known.get(facts)

    def keep(self, facts: Facts | None, ruled: Ruled) -> None:
        """Keep a ruling."""
        if facts is None:
            return
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[facts] = ruled
