"""What people, timers and other runs may ask of a run: the payloads of its inbox.

``whence`` is from where a person asks, as far as it is known.
"""

from typing import Literal, TypeAlias

import msgspec

from kapell.core.gateway.calls import Usage
from kapell.core.guardrails.labels import Label
from kapell.kit.errors import Failure
from kapell.kit.json import Json


class Cancel(msgspec.Struct, frozen=True, tag="cancel"):
    """End the run."""

    reason: str = ""
    whence: str = ""


class Answer(msgspec.Struct, frozen=True, tag="answer"):
    """Answer the approval at ``path`` (a held call's: the call); ``data`` None leaves its data.

    ``digest`` stands for what was shown, ``asked`` is when that was asked; None of either: whatever
    is asked there. ``roles`` are those of who answers.
    """

    path: str
    approved: bool
    note: str = ""
    data: Json = None
    digest: str = ""
    asked: float | None = None
    roles: tuple[str, ...] = ()
    whence: str = ""


class Delegate(msgspec.Struct, frozen=True, tag="delegate"):
    """Let ``to`` answer the approval at ``path`` in place of who says so."""

    path: str
    to: str
    note: str = ""
    asked: float | None = None
    roles: tuple[str, ...] = ()
    whence: str = ""


class Signal(msgspec.Struct, frozen=True, tag="signal"):
    """Tell the run something it may wait for."""

    name: str
    payload: Json = None
    whence: str = ""


class Repair(msgspec.Struct, frozen=True, tag="repair"):
    """Give the result of the failed or dead step run at ``path``."""

    path: str
    output: Json
    note: str = ""
    whence: str = ""


class Retry(msgspec.Struct, frozen=True, tag="retry"):
    """Try failed and dead step runs anew: the one at ``path``, or all of them.

    ``given`` is what the model or the tool of the one is given in place of what the step says.
    """

    path: str = ""
    note: str = ""
    given: Json = None
    whence: str = ""


class Resume(msgspec.Struct, frozen=True, tag="resume"):
    """Look again at what can go on now."""


class ChildOutcome(msgspec.Struct, frozen=True, tag="child"):
    """A child run ended, or learnt afterwards what a call of it had cost.

    ``owing``: calls that were given up may be answered yet. ``label`` is that of the outcome.
    ``calls`` and ``runs`` are what it made, with all that it began.
    """

    run_id: str
    path: str
    status: Literal["succeeded", "failed", "cancelled"]
    output: Json = None
    failure: Failure | None = None
    usd: int = 0
    tokens: int = 0
    owing: bool = False
    label: Label = ()
    calls: int = 0
    runs: int = 0


class LateAnswer(msgspec.Struct, frozen=True, tag="late_answer"):
    """A former owner's call ended after all: its true use corrects the ledger."""

    call: str
    usage: Usage
    cost: int


class Merge(msgspec.Struct, frozen=True, tag="merge"):
    """Adopt the outcome of a fork of this run."""

    run_id: str
    output: Json
    label: Label = ()
    whence: str = ""


Command: TypeAlias = (
    Cancel
    | Answer
    | Delegate
    | Signal
    | Repair
    | Retry
    | Resume
    | ChildOutcome
    | LateAnswer
    | Merge
)


def asked_from(command: Command, whence: str) -> Command:
    """Return a command of a person with the place it comes from; others have none."""
    if isinstance(command, Resume | ChildOutcome | LateAnswer):
        return command
    return msgspec.structs.replace(command, whence=whence)
