"""What happens to a run: the inputs of ``decide``."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from kapell.core.approvals.question import Question
from kapell.core.events.tool import FileChange
from kapell.core.gateway.calls import ModelAnswer, Try
from kapell.core.policies.notes import Fact
from kapell.core.runs.commands import Command
from kapell.kit.errors import Failure
from kapell.kit.json import Json


class Claimed(msgspec.Struct, frozen=True):
    """A worker owns the run now; calls the log shows in flight are nobody's any more."""

    worker: str
    epoch: int


class TimePassed(msgspec.Struct, frozen=True):
    """Look at what is due."""


class ModelReplied(msgspec.Struct, frozen=True):
    """A model call came back; ``facts`` are what the gates decided on its way."""

    call: str
    answer: ModelAnswer
    seconds: float = 0.0
    facts: tuple[Fact, ...] = ()


class ToolReplied(msgspec.Struct, frozen=True):
    """A tool call came back; ``cost`` in nano-dollars, None as the tool said of itself."""

    call: str
    output: Json
    files: tuple[FileChange, ...] = ()
    seconds: float = 0.0
    trust: Literal["trusted", "untrusted"] = "trusted"
    cost: int | None = None
    notes: Mapping[str, Json] = {}
    facts: tuple[Fact, ...] = ()


class CallBroke(msgspec.Struct, frozen=True):
    """A call failed; ``unknown`` says that it may have taken effect (or been charged).

    ``tries`` are the decisions of the route that ended in it, or the one that turned a breaker.
    ``strange``: its message may hold words of strangers.
    """

    call: str
    failure: Failure
    unknown: bool = False
    seconds: float = 0.0
    tries: tuple[Try, ...] = ()
    facts: tuple[Fact, ...] = ()
    strange: bool = False


class CallHeld(msgspec.Struct, frozen=True):
    """A gate held a call: nothing was called, people are asked first.

    ``args`` is what they approve of: a tool's arguments, or all that a model would be sent.
    """

    call: str
    question: Question
    args: Json = None
    seconds: float = 0.0
    facts: tuple[Fact, ...] = ()


class Told(msgspec.Struct, frozen=True):
    """A command from the inbox; ``at`` is when it was given, which may be long ago."""

    command: Command
    actor: str
    key: str
    at: float


class Poisoned(msgspec.Struct, frozen=True):
    """Advancing the run killed its workers; ``failure`` says how the last one ended."""

    failure: Failure
    takeovers: int


Input: TypeAlias = (
    Claimed | TimePassed | ModelReplied | ToolReplied | CallBroke | CallHeld | Told | Poisoned
)
