"""Row changes of a decision, sorted by table; shared by both databases."""

from collections.abc import Sequence
from typing import Literal, TypeAlias

import msgspec

from kapell.core.runs.rows import (
    ApprovalChanged,
    ApprovalClosed,
    ApprovalOpened,
    ApprovalsVoid,
    DeadLetterClosed,
    DeadLetterOpened,
    LedgerReserved,
    LedgerSettled,
    RowChange,
)
from kapell.kit.ids import RunId, TenantId
from kapell.kit.json import encode
from kapell.kit.text import checked

BELOW = "/[@.:#!"
"""What may follow a path in the path of something below it."""

Person: TypeAlias = Literal["opened", "changed", "closed", "void", "dead", "buried"]


class Changes(msgspec.Struct):
    """Columns to be written; every row begins with tenant and run."""

    reserved: list[
        tuple[str, str, str, str, str, str, str, str, int, int, float, int, int, int, int]
    ] = []
    """tenant, run, call, path, step, agent, provider, model, usd, tokens, at, size, and what was
    predicted: usd, input tokens, output tokens
    """
    settled: list[tuple[str, str, str, int, int, int, str, float, str | None, str | None]] = []
    """tenant, run, call, usd, input tokens, output tokens, state, at, and who answered in the name
    of a route: model, provider
    """
    people: list[tuple[Person, tuple[str | int | float | None, ...]]] = []
    """What waits for people, in the order it happened. Columns:

    opened: tenant, run, path, at, title, data, edit, expires, step, details, standing
    changed: tenant, run, path, data, standing
    closed: tenant, run, path, answer, by, at
    void: tenant, run, step, by, at
    dead: tenant, run, path, at, stage, code, message, failure, attempts
    buried: tenant, run, path, at
    """

    def add(self, tenant: TenantId, run: RunId, changes: Sequence[RowChange]) -> None:
        """Add a decision's changes.

        A call that is settled and reserved anew in one decision ends as reserved.
        """
        for change in changes:
            match change:
                case LedgerReserved():
                    self._reserve(tenant, run, change)
                case LedgerSettled():
                    checked(change.by)
                    provider = change.by.partition(":")[0]
                    self.settled.append(
                        (tenant, run, change.call, change.usd, change.input_tokens,
                         change.output_tokens, change.state, change.at, change.by or None,
                         provider or None)
                    )  # fmt: skip
                case ApprovalOpened() | ApprovalChanged() | ApprovalClosed() | ApprovalsVoid():
                    self.people.append(_approval(tenant, run, change))
                case DeadLetterOpened():
                    failure = change.failure
                    checked(change.path, change.stage, failure.code, failure.message)
                    text = encode(failure).decode()
                    dead = (tenant, run, change.path, change.at, change.stage, failure.code,
                            failure.message, text, change.attempts)  # fmt: skip
                    self.people.append(("dead", dead))
                case DeadLetterClosed():
                    buried = (tenant, run, change.path, change.at)
                    self.people.append(("buried", buried))

    def _reserve(self, tenant: TenantId, run: RunId, change: LedgerReserved) -> None:
        checked(change.call, change.path, change.step, change.agent, change.model)
        if self.settled:
            key = (tenant, run, change.call)
            self.settled = [row for row in self.settled if row[:3] != key]
        provider = change.model.partition(":")[0]
        self.reserved.append(
            (tenant, run, change.call, change.path, change.step, change.agent, provider,
             change.model, change.usd, change.tokens, change.at, change.size,
             change.forecast.usd, change.forecast.input_tokens, change.forecast.output_tokens)
        )  # fmt: skip


def _approval(
    tenant: TenantId,
    run: RunId,
    change: ApprovalOpened | ApprovalChanged | ApprovalClosed | ApprovalsVoid,
) -> tuple[Person, tuple[str | int | float | None, ...]]:
    """Return what changes on the list of approvals."""
    match change:
        case ApprovalOpened():
            checked(change.path, change.step, change.title, change.data)
            edit, details, standing = (
                encode(one).decode() for one in (change.edit, change.details, change.standing)
            )
            checked(edit, details, standing)
            return "opened", (
                tenant, run, change.path, change.at, change.title, change.data, edit,
                change.expires, change.step, details, standing,
            )  # fmt: skip
        case ApprovalChanged():
            standing = encode(change.standing).decode()
            checked(change.path, change.data, standing)
            return "changed", (tenant, run, change.path, change.data, standing)
        case ApprovalClosed():
            checked(change.path, change.by)
            return "closed", (tenant, run, change.path, change.answer, change.by, change.at)
        case ApprovalsVoid():
            checked(change.step, change.by)
            return "void", (tenant, run, change.step, change.by, change.at)
