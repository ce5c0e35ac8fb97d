"""Facts about step runs; ``path`` is their address, without the attempt."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from kapell.core.events.value import Packed
from kapell.core.guardrails.labels import Label
from kapell.kit.errors import Failure


class StepStarted(msgspec.Struct, frozen=True, omit_defaults=True, tag="step.started"):
    """An attempt began. For a ``for_each`` step ``items`` holds the items that passed ``where``.

    ``choice`` is the case a switch took; ``number`` the pass a loop begins. ``inputs`` are those of
    an inlined sub-workflow, or the output of a loop's pass before. ``cache`` is the key its result
    is kept under. ``ground`` is the label of what decided that it happens, ``label`` that of
    ``items``, of what made the ``choice`` or of the pass before; ``labels`` are those of a
    sub-workflow's inputs.
    """

    path: str
    attempt: int = 1
    items: Packed | None = None
    total: int = 0
    choice: str = ""
    number: int = 0
    inputs: Packed | None = None
    cache: str = ""
    ground: Label = ()
    label: Label = ()
    labels: Mapping[str, Label] = {}


class StepSucceeded(msgspec.Struct, frozen=True, omit_defaults=True, tag="step.succeeded"):
    """It has its result. ``undo`` holds the frozen arguments of its compensation.

    ``cached`` says that the result was taken from an earlier one; ``taken`` is the sequence number
    of the signal that was there before anyone waited for it. ``label`` is the output's,
    ``undo_labels`` are those of the frozen names.
    """

    path: str
    output: Packed
    undo: Packed | None = None
    cached: bool = False
    taken: int = 0
    label: Label = ()
    undo_labels: Mapping[str, Label] = {}


class StepFailed(msgspec.Struct, frozen=True, omit_defaults=True, tag="step.failed"):
    """It failed and is not tried again.

    ``handled`` says that ``on_error`` (or the collecting
    ``for_each`` of an item) takes care of it. ``undo`` is set when it may have taken effect.
    ``label`` is that of all it had read.
    """

    path: str
    failure: Failure
    handled: bool = False
    undo: Packed | None = None
    label: Label = ()
    undo_labels: Mapping[str, Label] = {}


class StepRetryScheduled(msgspec.Struct, frozen=True, tag="step.retry_scheduled"):
    """An attempt failed; ``attempt`` begins at ``at``."""

    path: str
    attempt: int
    at: float
    failure: Failure


class StepSkipped(msgspec.Struct, frozen=True, tag="step.skipped"):
    """It was not needed: its ``when`` did not hold, or what it waits for was skipped or failed."""

    path: str
    reason: Literal["when", "dependencies", "stopped"]
    label: Label = ()


class StepWaiting(msgspec.Struct, frozen=True, omit_defaults=True, tag="step.waiting"):
    """It waits for something outside: a time, a signal, a person or a child run."""

    path: str
    on: Literal["time", "signal", "approval", "child", "person"]
    until: float | None = None
    signal: str = ""


class StepTimedOut(msgspec.Struct, frozen=True, tag="step.timed_out"):
    """The attempt used up its time (seconds of work)."""

    path: str
    attempt: int
    seconds: float


class StepDead(msgspec.Struct, frozen=True, omit_defaults=True, tag="step.dead"):
    """A dead letter: it awaits a person. ``undo`` as in ``StepFailed``.

    Out of attempts (``step``) it has ended. With ``unknown_outcome`` it waits until a person says
    what became of its call; what depends on it waits too. The ``breaker`` has held it, and the run.
    """

    path: str
    stage: Literal["step", "compensation", "poison", "unknown_outcome", "breaker"]
    failure: Failure
    attempts: int
    undo: Packed | None = None
    label: Label = ()
    undo_labels: Mapping[str, Label] = {}


StepEvent: TypeAlias = (
    StepStarted
    | StepSucceeded
    | StepFailed
    | StepRetryScheduled
    | StepSkipped
    | StepWaiting
    | StepTimedOut
    | StepDead
)
