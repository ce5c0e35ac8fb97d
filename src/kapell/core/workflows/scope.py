"""What an expression may see at its place in a workflow."""

import msgspec

from kapell.core.workflows.order import Order

RUN_MEMBERS = ("id", "started_at", "scheduled_for", "attempt_of", "tenant")
STEP_MEMBERS = ("output", "status", "error")
ERROR_MEMBERS = ("code", "message", "step")
PASS_MEMBERS = ("number", "previous")
RESERVED = ("inputs", "steps", "run", "error", "pass", "index", "signal", "loop")
"""Names no item may have."""
DEFAULT_ITEM = "item"
"""Name of a for_each's item when the author gives none."""


class Level(msgspec.Struct, frozen=True):
    """A sequence of steps around the place, and the step of it we are in.

    ``at`` is None where all its steps have ended (results and outputs). ``holder`` names the step
    that holds the sequence, '' for the workflow itself. ``itself`` says that the step we are in has
    ended too (compensation).
    """

    order: Order
    at: str | None
    holder: str = ""
    itself: bool = False


class Scope(msgspec.Struct, frozen=True):
    """Names visible at a place.

    ``inputs`` is None when any input may be given. ``names`` are the items of for_each around.
    ``homes`` tells for every id of the workflow which steps hold a sequence with it.
    """

    inputs: frozenset[str] | None
    homes: dict[str, tuple[str, ...]]
    levels: tuple[Level, ...] = ()
    names: frozenset[str] = frozenset()
    extras: frozenset[str] = frozenset()

    def within(self, level: Level) -> "Scope":
        """Return the scope inside another sequence."""
        return msgspec.structs.replace(self, levels=(*self.levels, level))

    def at(self, step: str | None, *, itself: bool = False) -> "Scope":
        """Return the scope at a step of the innermost sequence."""
        level = msgspec.structs.replace(self.levels[-1], at=step, itself=itself)
        return msgspec.structs.replace(self, levels=(*self.levels[:-1], level))

    def item(self, name: str) -> "Scope":
        """Return the scope inside a for_each."""
        return msgspec.structs.replace(
            self, names=self.names | {name}, extras=self.extras | {"index"}
        )

    def plus(self, *extras: str) -> "Scope":
        """Return the scope with further names, such as ``pass`` or ``error``."""
        return msgspec.structs.replace(self, extras=self.extras | set(extras))

    def roots(self) -> tuple[str, ...]:
        """Return every name an expression may begin with."""
        return ("inputs", "steps", "run", *sorted(self.extras), *sorted(self.names))

    def visible_steps(self) -> tuple[str, ...]:
        """Return the ids that may be read here."""
        found: list[str] = []
        for level in self.levels:
            if level.at is None:
                found.extend(level.order.after)
            else:
                found.extend(sorted(level.order.before(level.at)))
                if level.itself:
                    found.append(level.at)
        return tuple(found)
