"""What people are asked and have not decided, as a run's view shows it."""

import msgspec

from kapell.core.approvals.question import plain_rule
from kapell.core.events.guarding.approval import (
    ApprovalAnswered,
    ApprovalExpired,
    ApprovalRequested,
)
from kapell.core.events.value import Packed


class OpenApproval(msgspec.Struct, frozen=True):
    """People are asked and have not decided; ``path`` is the question's own address.

    ``rule`` and ``why`` are empty when it is the author who asks.
    """

    path: str
    title: str
    data: Packed
    edit: tuple[str, ...]
    expires: float | None
    step: str = ""
    tool: str = ""
    rule: str = ""
    why: str = ""
    risk: str = ""
    held: bool = False


def open_approval(payload: ApprovalRequested) -> OpenApproval:
    """Return a question as it was asked."""
    return OpenApproval(
        payload.call or payload.path,
        payload.title,
        payload.data,
        payload.edit,
        payload.expires,
        payload.path,
        payload.tool,
        plain_rule(payload.rule),
        payload.why,
        payload.risk,
        bool(payload.call),
    )


def answered(
    approvals: dict[str, OpenApproval], payload: ApprovalAnswered | ApprovalExpired
) -> None:
    """Take a question off the list, unless more people have to agree."""
    key = payload.call or payload.path
    asked = approvals.get(key)
    if isinstance(payload, ApprovalAnswered) and payload.left:
        if asked is not None:
            approvals[key] = msgspec.structs.replace(asked, data=payload.data)
        return
    approvals.pop(key, None)


def void(approvals: dict[str, OpenApproval], step: str) -> None:
    """Take what was asked about a step run off the list: it ended, or begins anew."""
    for key in [key for key, one in approvals.items() if one.step == step]:
        del approvals[key]
