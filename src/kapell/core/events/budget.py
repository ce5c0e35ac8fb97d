"""Facts about money and tokens; ``scope`` is a path, empty for the run."""

from typing import Literal, TypeAlias

import msgspec


class BudgetReserved(msgspec.Struct, frozen=True, tag="budget.reserved"):
    """The worst case of a call is set aside: nano-dollars and tokens."""

    call: str
    usd: int
    tokens: int


class BudgetSettled(msgspec.Struct, frozen=True, tag="budget.settled"):
    """The reservation is replaced by what was really used."""

    call: str
    usd: int
    tokens: int


class BudgetExceeded(msgspec.Struct, frozen=True, tag="budget.exceeded"):
    """A ceiling forbids going on. ``needed`` and ``limit`` in the unit of ``what``."""

    scope: str
    what: Literal["usd", "tokens", "time"]
    limit: float
    needed: float


class BudgetWarned(msgspec.Struct, frozen=True, tag="budget.warned"):
    """Four fifths of a ceiling are used."""

    scope: str
    what: Literal["usd", "tokens"]
    limit: float
    used: float


BudgetEvent: TypeAlias = BudgetReserved | BudgetSettled | BudgetExceeded | BudgetWarned
