"""Facts about money and tokens; ``scope`` is a path, empty for the run."""

from typing import Literal, TypeAlias

import msgspec

from kapell.core.gateway.calls import Usage


class BudgetReserved(msgspec.Struct, frozen=True, tag="budget.reserved"):
    """The worst case of a call is set aside: nano-dollars and tokens."""

    call: str
    usd: int
    tokens: int


class BudgetSettled(msgspec.Struct, frozen=True, omit_defaults=True, tag="budget.settled"):
    """The reservation is replaced by what was really used.

    ``usage`` is there when a call that was given up, and settled at its worst case, answered late:
    its true cost and tokens replace the worst case then.
    """

    call: str
    usd: int
    tokens: int
    usage: Usage | None = None


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


class BudgetAlerted(msgspec.Struct, frozen=True, omit_defaults=True, tag="budget.alerted"):
    """Spending that deserves a look, in nano-dollars.

    Near a ``limit`` of money: ``whose`` it is, within ``every`` seconds. Out of ``habit``: the run
    costs far more than runs of its workflow do, whose usual most is ``limit``. Out of a ``day``:
    ``whose`` spending of today is far above ``limit``, what they spend on a usual day.
    """

    reason: Literal["limit", "habit", "day"]
    limit: int
    used: int
    whose: str = ""
    every: float = 0.0


BudgetEvent: TypeAlias = (
    BudgetReserved | BudgetSettled | BudgetExceeded | BudgetWarned | BudgetAlerted
)
