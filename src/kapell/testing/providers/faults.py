"""What can go wrong on purpose, and for which calls."""

import re
from typing import Literal, TypeAlias, get_args

import msgspec

from kapell.testing.providers.call import Call

FaultKind: TypeAlias = Literal[
    "rate_limit",
    "quota",
    "server_error",
    "overloaded",
    "away",
    "slow",
    "cut",
    "ends_early",
    "broken_json",
    "wrong_shape",
    "html",
    "empty",
    "filtered",
    "too_long",
    "refused",
]
"""``slow`` answers after ``seconds``; ``cut`` breaks the connection in the middle of the answer;
``ends_early`` ends a stream properly before the answer is complete (a plain answer is cut short).
"""


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """A fault for calls whose model, key and wire match.

    ``model`` and ``key`` are patterns where ``*`` stands for anything. ``times`` limits how many
    calls it spoils, None spoils all. ``seconds`` is the delay of ``slow`` and the Retry-After of
    ``rate_limit`` and ``away``.
    """

    kind: FaultKind
    model: str = "*"
    key: str = "*"
    wire: str = "*"
    times: int | None = 1
    seconds: float = 1.0

    def matches(self, call: Call) -> bool:
        """Tell whether the fault is meant for a call."""
        return (
            _matches(self.model, call.model)
            and _matches(self.key, call.key)
            and _matches(self.wire, call.wire)
        )


class Faults:
    """The faults still to come, in the order they were given."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Fault, list[int]]] = []

    def add(self, fault: Fault) -> None:
        """Put a fault behind those already waiting."""
        self._waiting.append((fault, [0]))

    def clear(self) -> None:
        """Spoil nothing more."""
        self._waiting.clear()

    def take(self, call: Call) -> Fault | None:
        """Return the fault a call meets, counting it as used.

        A model named ``fault-KIND`` always meets that fault: no control channel is needed.
        """
        named = call.model.removeprefix("fault-").replace("-", "_")
        if call.model.startswith("fault-") and named in get_args(FaultKind):
            return msgspec.convert({"kind": named, "times": None}, Fault)
        for fault, used in self._waiting:
            if (fault.times is None or used[0] < fault.times) and fault.matches(call):
                used[0] += 1
                return fault
        return None


def _matches(pattern: str, text: str) -> bool:
    return re.fullmatch(".*".join(re.escape(part) for part in pattern.split("*")), text) is not None
