"""How much memory a process and all below it hold, as the kernel tells."""

from collections.abc import Iterator
from contextlib import suppress

_PARTS = ("RssAnon:", "RssShmem:")


def held_memory(pid: int) -> int:
    """Return the bytes that only these processes need: no code of libraries, no cached files."""
    return sum(_held(one) for one in _family(pid))


def _family(pid: int) -> Iterator[int]:
    open_ends = [pid]
    while open_ends:
        one = open_ends.pop()
        yield one
        with suppress(OSError), open(f"/proc/{one}/task/{one}/children") as listed:
            open_ends += [int(child) for child in listed.read().split()]


def _held(pid: int) -> int:
    with suppress(OSError, ValueError), open(f"/proc/{pid}/status") as status:
        return sum(int(line.split()[1]) * 1024 for line in status if line.startswith(_PARTS))
    return 0
