"""What an expression may cost, counted in operations and size and never in seconds.

Every loop pass, filter, test and operator spends from one meter in proportion to what it touches
and before it allocates, so an expression stops at the same point on every machine.
"""

import math
from collections.abc import Callable, Iterable, Mapping

import msgspec

from kapell.core.expressions.errors import denied, expensive, wrong

MAX_BITS = 1024
INTEGERS = range(-(2**63), 2**64)  # what JSON carries between all our parts
_TEXT_SHARE = 6  # 64 characters count as one operation: they are copied by the block


class Limits(msgspec.Struct, frozen=True):
    """How much one evaluation may cost.

    Attributes:
        operations: Steps of work, about one for every value touched.
        text: Characters written altogether, intermediate texts included.
        depth: How deep lists and objects may nest.
    """

    operations: int = 1_000_000
    text: int = 4_000_000
    depth: int = 64


DEFAULT = Limits()


class Meter:
    """What is left of the limits during one evaluation, and where in the source it stands."""

    __slots__ = ("at", "depth", "mark", "operations", "text")

    def __init__(self, limits: Limits) -> None:
        self.operations = limits.operations
        self.text = limits.text
        self.depth = limits.depth
        self.at = 0
        self.mark: Callable[[int, str], str] | None = None

    def spend(self, operations: int) -> None:
        """Take ``operations`` from what is left, or refuse."""
        self.operations -= operations
        if self.operations < 0:
            raise expensive("The expression needs too many operations")

    def read(self, text: str) -> None:
        """Pay for going through a text."""
        self.spend(1 + (len(text) >> _TEXT_SHARE))

    def write(self, characters: int) -> None:
        """Pay for a new text before it is made."""
        self.text -= characters
        if self.text < 0:
            raise expensive("The expression writes too much text")
        self.spend(1 + (characters >> _TEXT_SHARE))

    def number(self, value: object) -> int | float:
        """Return a new number when JSON can carry it and it is of a bearable size."""
        if isinstance(value, float):
            if not math.isfinite(value):
                raise wrong("The result is not a finite number")
            return value
        if not isinstance(value, int):  # such as the complex root of a negative number
            raise wrong("The result is not a real number")
        if value.bit_length() > MAX_BITS:
            raise expensive("The number is too large")
        return value

    def weigh(self, value: object) -> bool:
        """Pay for going through all of ``value``; tell whether it is plain lists and dicts.

        A value that is referred to twice counts twice: what matters is the size it has when written
        out. Anything that is not JSON is refused.
        """
        plain = True
        level: list[object] = [value]
        for _ in range(self.depth + 1):
            deeper: list[object] = []
            for one in level:
                if isinstance(one, str):
                    self.read(one)
                elif isinstance(one, list | tuple):
                    self.spend(1 + len(one))
                    deeper.extend(one)
                    plain = plain and type(one) is list
                elif one is None or isinstance(one, int | float):
                    self.spend(1)
                    if isinstance(one, int) and one not in INTEGERS:
                        raise wrong("The number does not fit into 64 bits")
                elif isinstance(one, Mapping):
                    self.spend(1 + 2 * len(one))
                    self._keys(one)
                    deeper.extend(one.values())
                    plain = plain and type(one) is dict
                else:
                    raise denied("The value is not JSON, expressions cannot use it")
            if not deeper:
                return plain
            level = deeper
        raise expensive("The value is nested too deeply")

    def _keys(self, keys: Iterable[object]) -> None:
        for key in keys:
            if not isinstance(key, str):
                raise wrong("A key of an object must be text")
            self.spend(len(key) >> _TEXT_SHARE)
