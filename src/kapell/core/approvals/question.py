"""What people are asked before a call is made."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from kapell.kit.json import Json, digest, encode


class Question(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A call that waits for people, as whoever holds it at a door describes it.

    ``rule`` and ``why`` say by which rule and for what reason they are asked, ``risk`` how grave it
    is. ``approvers`` are who may answer (``role:NAME`` or a subject; empty: anyone), ``need`` how
    many must agree. Times are in seconds.
    """

    rule: str
    why: str
    risk: Literal["low", "medium", "high"] = "medium"
    approvers: tuple[str, ...] = ()
    need: int = 1
    expires: float | None = None
    on_expiry: Literal["reject", "fail"] = "reject"
    remind: float | None = None
    escalate_after: float | None = None
    escalate_to: str = ""


SAID_NO = frozenset({"approval_rejected", "approval_expired"})
"""Codes of failures that are people's answer, or none in time: nothing broke, nothing ran away."""


_MARKED = "#"


def marked_rule(rule: str, mark: str, approvers: Sequence[str] = (), need: int = 1) -> str:
    """Return the name under which an answer counts: for a rule, and files with these bytes.

    A rule that names other people by now, or wants more of them, has not been answered by those it
    named before.
    """
    whom = str(digest(encode([sorted(approvers), need])))[:8] if approvers or need > 1 else ""
    marks = ".".join(one for one in (mark, whom) if one)
    return f"{rule}{_MARKED}{marks}" if marks else rule


def plain_rule(rule: str) -> str:
    """Return the rule itself of a name under which an answer counts."""
    return rule.partition(_MARKED)[0]


def call_digest(tool: str, args: Json) -> str:
    """Return what stands for exactly this call: an approval is given for it and for no other.

    Of a model call, ``tool`` is the model's name and ``args`` all that is sent to it.
    """
    return str(digest(encode({"tool": tool, "args": args})))
