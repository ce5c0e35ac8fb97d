"""Facts about what people are asked and answer."""

from typing import Literal, TypeAlias

import msgspec

from kapell.core.events.value import Packed
from kapell.core.guardrails.labels import Label


class ApprovalRequested(msgspec.Struct, frozen=True, omit_defaults=True, tag="approval.requested"):
    """A person is asked. ``edit`` names the keys of ``data`` they may change.

    ``label`` says where what they are shown comes from.
    """

    path: str
    title: str
    data: Packed
    edit: tuple[str, ...] = ()
    expires: float | None = None
    label: Label = ()


class ApprovalAnswered(msgspec.Struct, frozen=True, omit_defaults=True, tag="approval.answered"):
    """Their answer; ``data`` is the data as they left it."""

    path: str
    approved: bool
    by: str
    data: Packed
    note: str = ""


class ApprovalExpired(msgspec.Struct, frozen=True, tag="approval.expired"):
    """Nobody answered in time; ``taken`` is what that counts as."""

    path: str
    taken: Literal["reject", "approve", "fail"]


ApprovalEvent: TypeAlias = ApprovalRequested | ApprovalAnswered | ApprovalExpired
