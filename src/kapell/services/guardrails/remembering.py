"""What was looked over already, by its digest: neither texts nor values are kept."""

from hashlib import blake2b
from typing import Generic, NewType, TypeVar

import msgspec

from kapell.core.gateway.calls import Message, ToolOffer
from kapell.kit.json import Json

T = TypeVar("T")

Mark = NewType("Mark", bytes)
"""The digest of a text or of a value."""

_encoder = msgspec.msgpack.Encoder()


def text_mark(text: str) -> Mark:
    """Return the mark of a text."""
    return Mark(blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest())


def value_mark(value: Json) -> Mark | None:
    """Return the mark of a value, None of one that no line of MessagePack can hold.

    Not of its JSON: there bytes and a text look alike, here no two values do that are walked
    differently.
    """
    return _mark(value, b"")


def part_mark(part: Message | ToolOffer) -> Mark | None:
    """Return the mark of a part of a request as a whole; no value has the same."""
    return _mark(part, type(part).__name__.encode())


def _mark(value: object, kind: bytes) -> Mark | None:
    try:
        said = _encoder.encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError):
        return None
    return Mark(blake2b(said, digest_size=16, person=kind).digest())


class Memory(Generic[T]):
    """Remembers what was last asked for; threads may share it.

    Two halves instead of an order: when the new half is full it takes the place of the old one, so
    that nothing has to be moved, or locked, when something is asked for.

    Args:
        size: How many are remembered at most.
    """

    def __init__(self, size: int) -> None:
        self._half = max(size // 2, 1)
        self._new: dict[Mark, T] = {}
        self._old: dict[Mark, T] = {}

    def get(self, mark: Mark) -> T | None:
        """Return what is remembered of a mark."""
        found = self._new.get(mark)
        if found is None:
            found = self._old.get(mark)
            if found is not None:
                self.keep(mark, found)
        return found

    def keep(self, mark: Mark, found: T) -> None:
        """Remember something."""
        if len(self._new) >= self._half:
            self._old, self._new = self._new, {}
        self._new[mark] = found
