"""Facts about what people are asked and answer.

``call`` is the held call they are asked about, empty for an ``approval`` step. It is the question's
own key; that of a step's question is its path. ``whence`` is from where somebody answers, as far as
it is known.
"""

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from kapell.core.events.value import Packed
from kapell.core.guardrails.labels import Label


class ApprovalRequested(msgspec.Struct, frozen=True, omit_defaults=True, tag="approval.requested"):
    """People are asked. ``edit`` names the keys of ``data`` they may change, ``*`` all of them.

    Of a held call, ``data`` are the arguments, ``ask`` is the model's name for it, ``cost`` what it
    costs at most in nano-dollars; ``labels`` are the trust labels of its arguments. ``digest``
    stands for exactly this call, or for this data.
    ``rule`` and ``why`` say by which rule and for what reason they are asked. ``approvers`` are who
    may answer (empty: anyone), ``need`` how many must agree. Times but ``expires`` are spans.
    ``label`` says where what they are shown comes from.
    """

    path: str
    title: str
    data: Packed
    edit: tuple[str, ...] = ()
    expires: float | None = None
    label: Label = ()
    call: str = ""
    ask: str = ""
    tool: str = ""
    digest: str = ""
    rule: str = ""
    why: str = ""
    risk: Literal["", "low", "medium", "high"] = ""
    cost: int = 0
    labels: Mapping[str, Label] = {}
    approvers: tuple[str, ...] = ()
    need: int = 1
    on_expiry: Literal["reject", "approve", "fail"] = "reject"
    remind: float | None = None
    escalate_after: float | None = None
    escalate_to: str = ""


class ApprovalAnswered(msgspec.Struct, frozen=True, omit_defaults=True, tag="approval.answered"):
    """Somebody's answer; ``data`` is the data as they left it, ``digest`` stands for it.

    ``left`` is how many more must agree before it counts. ``labels`` are those of a call's
    arguments that were changed.
    """

    path: str
    approved: bool
    by: str
    data: Packed
    note: str = ""
    call: str = ""
    digest: str = ""
    left: int = 0
    labels: Mapping[str, Label] = {}
    whence: str = ""


class ApprovalExpired(msgspec.Struct, frozen=True, omit_defaults=True, tag="approval.expired"):
    """Nobody answered in time; ``taken`` is what that counts as."""

    path: str
    taken: Literal["reject", "approve", "fail"]
    call: str = ""


class ApprovalDelegated(msgspec.Struct, frozen=True, omit_defaults=True, tag="approval.delegated"):
    """``to`` may answer now in place of ``by``."""

    path: str
    by: str
    to: str
    note: str = ""
    call: str = ""
    whence: str = ""


class ApprovalReminded(msgspec.Struct, frozen=True, omit_defaults=True, tag="approval.reminded"):
    """Those who were asked are asked again, for the ``number``-th time."""

    path: str
    number: int
    call: str = ""


class ApprovalEscalated(msgspec.Struct, frozen=True, omit_defaults=True, tag="approval.escalated"):
    """Nobody has answered for long: ``to`` may answer too."""

    path: str
    to: str
    call: str = ""


ApprovalEvent: TypeAlias = (
    ApprovalRequested
    | ApprovalAnswered
    | ApprovalExpired
    | ApprovalDelegated
    | ApprovalReminded
    | ApprovalEscalated
)
