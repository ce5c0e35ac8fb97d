"""The machine's clock and its randomness."""

import os
import random
import time


class SystemClock:
    """Tells the machine's time."""

    def now(self) -> float:
        """Return seconds since 1970, UTC."""
        return time.time()


_SOURCE = random.SystemRandom()
_FAST = random.Random(_SOURCE.getrandbits(128))  # noqa: S311 - names things, guards nothing


def _reseed() -> None:
    """Draw anew: a process that was forked must not name things as its sibling does."""
    _FAST.seed(_SOURCE.getrandbits(128))


os.register_at_fork(after_in_child=_reseed)


def random_bits() -> int:
    """Return 64 random bits for names; seeded from the system once, for a call costs 0.1 us."""
    return _FAST.getrandbits(64)
