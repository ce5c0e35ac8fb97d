"""A ceiling on what a run or a part of it may spend."""

import msgspec


class Budget(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Ceilings: ``usd`` in nano-dollars, ``tokens``, ``time`` in seconds of work, not waiting."""

    usd: int | None = None
    tokens: int | None = None
    time: float | None = None
