"""Which step waits for which: the order of one sequence of steps."""

from collections.abc import Iterator, Sequence

import msgspec

from kapell.core.workflows.authored.steps import StepForm
from kapell.core.workflows.version import Join


class Order(msgspec.Struct, frozen=True):
    """The order of one sequence: for each id the ids it waits for, in the author's order."""

    after: dict[str, tuple[str, ...]]

    def awaits(self, step: str, other: str) -> bool:
        """Say whether ``other`` has ended when ``step`` begins, through others too."""
        return any(one == other for one in self._back_from(step))

    def before(self, step: str) -> frozenset[str]:
        """Return every id that has ended when ``step`` begins, through others too."""
        return frozenset(self._back_from(step))

    def _back_from(self, step: str) -> Iterator[str]:
        seen: set[str] = set()
        waiting = list(self.after.get(step, ()))
        while waiting:
            one = waiting.pop()
            if one not in seen:
                seen.add(one)
                yield one
                waiting.extend(self.after.get(one, ()))

    def cycle(self) -> tuple[str, ...] | None:
        """Return the ids of a cycle, the first one repeated at the end, or None."""
        done: set[str] = set()
        for start in self.after:
            trail: list[str] = []
            waiting: list[tuple[str, int]] = [(start, 0)]
            while waiting:
                step, branch = waiting.pop()
                if branch == 0:
                    if step in done:
                        continue
                    if step in trail:
                        return (*trail[trail.index(step) :], step)
                    trail.append(step)
                others = self.after.get(step, ())
                if branch < len(others):
                    waiting.append((step, branch + 1))
                    waiting.append((others[branch], 0))
                else:
                    trail.pop()
                    done.add(step)
        return None


def order_of(steps: Sequence[StepForm]) -> Order:
    """Return the order of a sequence; unknown ids in ``depends_on`` are left out."""
    ids = {step.id for step in steps}
    after: dict[str, tuple[str, ...]] = {}
    above: str | None = None
    for step in steps:
        if step.depends_on is not None:
            waits = tuple(one for one in dict.fromkeys(step.depends_on) if one in ids)
        else:
            waits = (above,) if above is not None else ()
        after.setdefault(step.id, waits)
        above = step.id
    return Order(after)


def join_of(step: StepForm) -> Join:
    """Return when a step may start, seen from those it waits for."""
    if step.join is not None:
        return Join(step.join)
    return Join.DEFAULT if step.depends_on else Join.ORDER
