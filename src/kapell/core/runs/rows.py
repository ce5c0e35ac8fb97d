"""Rows that must agree with the log: what an append changes beside the events, as data.

The store writes them in the transaction of the events they follow from.
"""

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from kapell.core.guardrails.labels import Label
from kapell.core.pricing.forecast import Forecast
from kapell.core.runs.status import RunStatus
from kapell.kit.errors import Failure


class RunRow(msgspec.Struct, frozen=True, kw_only=True):
    """The run's row after the append (seq, epoch and owner are the store's own business).

    ``wake_at`` is its earliest timer, None without one. ``ended_at`` is set when it is terminal.
    ``usd`` and ``tokens`` are what it has spent itself so far, without what a fork took over.
    """

    status: RunStatus
    generation: int
    wake_at: float | None
    ended_at: float | None
    usd: int = 0
    tokens: int = 0
    error_code: str = ""


class LedgerReserved(msgspec.Struct, frozen=True, kw_only=True):
    """A model call is under way; one ledger row per ``call``.

    ``size`` is the bytes it sends, ``forecast`` what it is expected to use.
    """

    call: str
    path: str
    step: str
    agent: str
    model: str
    usd: int
    tokens: int
    at: float
    size: int = 0
    forecast: Forecast = Forecast()


class LedgerSettled(msgspec.Struct, frozen=True, kw_only=True):
    """It ended: the reservation is 0 now and this was used.

    ``by`` is the model that answered in the name of a route, empty when the one asked did.
    """

    call: str
    usd: int
    input_tokens: int
    output_tokens: int
    state: Literal["settled", "abandoned", "failed"]
    at: float
    by: str = ""


class Details(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is asked, as far as it does not change: see ``approval.requested``."""

    call: str = ""
    tool: str = ""
    rule: str = ""
    why: str = ""
    risk: str = ""
    cost: int = 0
    labels: Mapping[str, Label] = {}
    need: int = 1
    on_expiry: str = "reject"


class Standing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a question has come: who may answer what ``digest`` stands for, who agreed to it.

    ``passed`` are those who handed it on, ``changes`` counts what was said without deciding it.
    """

    digest: str = ""
    approvers: tuple[str, ...] = ()
    agreed: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()
    reminded: int = 0
    escalated: bool = False
    changes: int = 0


class ApprovalOpened(msgspec.Struct, frozen=True, kw_only=True):
    """People are asked about the step run at ``step``; ``path`` is the question's own address.

    ``data`` is JSON text or the digest of an artifact.
    """

    path: str
    step: str
    title: str
    data: str
    edit: tuple[str, ...]
    expires: float | None
    at: float
    details: Details = Details()
    standing: Standing = Standing()


class ApprovalChanged(msgspec.Struct, frozen=True, kw_only=True):
    """It has come further without being decided."""

    path: str
    data: str
    standing: Standing


class ApprovalsVoid(msgspec.Struct, frozen=True, kw_only=True):
    """Whatever is asked about the step run at ``step`` is needed no longer."""

    step: str
    by: str
    at: float


class ApprovalClosed(msgspec.Struct, frozen=True, kw_only=True):
    """It is answered, expired or no longer needed."""

    path: str
    answer: Literal["approved", "rejected", "expired", "void"]
    by: str
    at: float


class DeadLetterOpened(msgspec.Struct, frozen=True, kw_only=True):
    """A step run awaits a person."""

    path: str
    stage: str
    failure: Failure
    attempts: int
    at: float


class DeadLetterClosed(msgspec.Struct, frozen=True, kw_only=True):
    """A person took care of it (every open one below ``path``; empty: of the run)."""

    path: str
    at: float


RowChange: TypeAlias = (
    LedgerReserved
    | LedgerSettled
    | ApprovalOpened
    | ApprovalChanged
    | ApprovalsVoid
    | ApprovalClosed
    | DeadLetterOpened
    | DeadLetterClosed
)
