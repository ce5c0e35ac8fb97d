"""Facts that come from outside the run: signals, and runs it began."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from kapell.core.events.value import Packed
from kapell.core.guardrails.labels import Label
from kapell.kit.errors import Failure


class SignalReceived(msgspec.Struct, frozen=True, tag="signal.received"):
    """A signal arrived; ``path`` is the step run that took it, empty while none waits for it.

    ``whence`` is from where it was sent, as far as it is known.
    """

    name: str
    payload: Packed
    path: str = ""
    label: Label = ()
    whence: str = ""


class ChildStarted(msgspec.Struct, frozen=True, tag="child.started"):
    """A run was begun for the step run at ``path``; ``usd`` and ``tokens`` are its allotment.

    ``call`` is the call it carries out when an agent asked another one (``ask``), else empty.
    ``labels`` are those of its inputs, ``label`` is that of what decided that it begins.
    """

    path: str
    run_id: str
    workflow: str
    inputs: Packed
    usd: int | None = None
    tokens: int | None = None
    call: str = ""
    ask: str = ""
    labels: Mapping[str, Label] = {}
    label: Label = ()


class ChildEnded(msgspec.Struct, frozen=True, tag="child.ended"):
    """That run ended; what it spent is settled against the allotment.

    ``cancelled`` with a failure: it took too long, is waited for no longer and told so. What it was
    allotted counts as spent until ``child.settled``. ``owing``: a call of it was given up and may
    be answered yet; ``child.settled`` tells what it cost then. ``label`` is that of its outcome.
    ``calls`` and ``runs`` are what it made, with all that it began.
    """

    path: str
    run_id: str
    status: Literal["succeeded", "failed", "cancelled"]
    output: Packed
    failure: Failure | None = None
    usd: int = 0
    tokens: int = 0
    call: str = ""
    owing: bool = False
    label: Label = ()
    calls: int = 0
    runs: int = 0


class ChildSettled(msgspec.Struct, frozen=True, tag="child.settled"):
    """What an ended run, or one waited for no longer, has spent replaces what was counted."""

    path: str
    run_id: str
    usd: int = 0
    tokens: int = 0
    owing: bool = False


SignalEvent: TypeAlias = SignalReceived
ChildEvent: TypeAlias = ChildStarted | ChildEnded | ChildSettled
