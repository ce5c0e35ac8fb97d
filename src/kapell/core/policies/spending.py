"""What a guard of money tells of spending that deserves a look."""

import msgspec


class Spending(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody has come near a limit of money: nano-dollars within ``every`` seconds.

    Where it is ``unusual``, ``limit`` is what they usually spend within them.

    ``whose`` names them as counts do, such as ``user=user:anna``.
    """

    whose: str
    every: float
    limit: int
    used: int
    unusual: bool = False
