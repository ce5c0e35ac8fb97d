"""How often what happened within a time, counted from the entries of the record."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TypeAlias

import msgspec

from kapell.core.audit.record import Entry

Acts: TypeAlias = Mapping[str, Mapping[str, int]]
"""How often which verdict, by action."""

_PROGRAMS = ("worker:", "run:", "system")


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """What a stretch of the record holds.

    ``findings`` are what content guards found, by kind; ``profiles`` those that their verdicts were
    given under; ``policies`` the versions that policies judged by; ``people`` who acted.
    """

    entries: int
    acts: Acts
    findings: Mapping[str, int]
    profiles: Mapping[str, int]
    policies: Mapping[str, int]
    people: Mapping[str, int]


class Tally:
    """Counts entries, one after another."""

    def __init__(self) -> None:
        self._entries = 0
        self._acts: dict[str, Counter[str]] = {}
        self._findings: Counter[str] = Counter()
        self._profiles: Counter[str] = Counter()
        self._policies: Counter[str] = Counter()
        self._people: Counter[str] = Counter()

    def take(self, entry: Entry) -> None:
        """Count an entry."""
        act = entry.act
        self._entries += 1
        self._acts.setdefault(act.action, Counter())[act.verdict or "done"] += 1
        if not act.actor.startswith(_PROGRAMS):
            self._people[act.actor] += 1
        if act.action == "guard.verdict":
            for name, value in act.details.items():
                if "." in name and isinstance(value, int):
                    self._findings[name] += value
            self._profiles[str(act.details.get("profile", ""))] += 1
        elif act.action == "policy.verdict":
            self._policies[str(act.details.get("version", ""))] += 1

    def counted(self) -> Counted:
        """Return what was counted, sorted by names."""
        return Counted(
            entries=self._entries,
            acts={name: _sorted(self._acts[name]) for name in sorted(self._acts)},
            findings=_sorted(self._findings),
            profiles=_sorted(self._profiles),
            policies=_sorted(self._policies),
            people=_sorted(self._people),
        )


def those(acts: Acts, actions: Iterable[str]) -> Acts:
    """Return the acts that are called so, or whose names begin so."""
    wanted = tuple(actions)
    return {
        name: verdicts
        for name, verdicts in acts.items()
        if any(name == one or name.startswith(f"{one}.") for one in wanted)
    }


def _sorted(counter: Mapping[str, int]) -> dict[str, int]:
    return {name: counter[name] for name in sorted(counter)}
