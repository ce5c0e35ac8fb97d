"""Facts about a whole run. ``whence`` is from where a person asked, as far as it is known."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from kapell.core.events.value import Packed
from kapell.core.guardrails.labels import Label
from kapell.core.guardrails.standing import Standing
from kapell.core.limits.breaker import Breaker
from kapell.core.pricing.budget import Budget
from kapell.core.pricing.foresight import RunForecast
from kapell.kit.errors import Failure
from kapell.kit.ids import RunId, VersionHash


class Origin(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a run comes from: ``seq`` for a fork, ``path`` for the child of a step."""

    kind: Literal["start", "fork", "restart", "child"] = "start"
    run_id: str = ""
    seq: int = 0
    path: str = ""


class KeptAgent(msgspec.Struct, frozen=True):
    """An agent whose file is refused: ``message`` says what is wrong with it, and what is used."""

    file: str
    line: int
    message: str


class RunQueued(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="run.queued"):
    """Someone asked for it. ``inputs`` is one object; ``model`` overrides every step's model.

    ``budget`` lowers the version's. ``key`` is the caller's idempotency key. ``workspace`` is the
    folder of definitions on disk that tools may read. ``kept`` are agents whose files were broken
    then, so that the version has what they were when they were last valid. ``forecast`` is what it
    is expected to cost, learnt from runs before it. ``guards`` are those that stand around it.
    ``breaker`` says when it is taken for one that runs away.
    ``labels`` says where each input comes from, ``label`` what decided that there is a run at all:
    whatever happens in it carries that.
    ``subject`` is on whose behalf it acts, where that is not who wrote this: a child acts for whom
    its parent acts for, a copy for whoever made it.
    ``imported`` is how many events of the log came in a file: what people agreed to there, nobody
    has agreed to here.
    """

    workflow: str
    version: VersionHash
    inputs: Packed
    origin: Origin = Origin()
    model: str | None = None
    budget: Budget | None = None
    key: str = ""
    priority: int = 0
    workspace: str = ""
    scheduled_for: float | None = None
    kept: tuple[KeptAgent, ...] = ()
    forecast: RunForecast | None = None
    guards: Standing = Standing()
    breaker: Breaker | None = None
    labels: Mapping[str, Label] = {}
    label: Label = ()
    subject: str = ""
    whence: str = ""
    imported: int = 0


class RunAssigned(msgspec.Struct, frozen=True, tag="run.assigned"):
    """A worker holds its lease; for a run that was under way this is a takeover."""

    worker: str
    epoch: int


class RunStarted(msgspec.Struct, frozen=True, tag="run.started"):
    """The first step may begin."""


class RunWaiting(msgspec.Struct, frozen=True, omit_defaults=True, tag="run.waiting"):
    """Nothing is in flight; it waits for what is counted here, at the latest until ``until``."""

    approvals: int = 0
    signals: int = 0
    timers: int = 0
    children: int = 0
    dead: int = 0
    until: float | None = None


class RunResumed(msgspec.Struct, frozen=True, tag="run.resumed"):
    """It goes on after waiting."""


class RunSucceeded(msgspec.Struct, frozen=True, tag="run.succeeded"):
    """All steps ended well; ``output`` is what the workflow's ``outputs`` gave."""

    output: Packed
    label: Label = ()


class RunFailed(msgspec.Struct, frozen=True, tag="run.failed"):
    """A failure nobody handled; ``compensated`` says whether steps were undone."""

    failure: Failure
    compensated: bool = False
    label: Label = ()


class RunCancelling(msgspec.Struct, frozen=True, tag="run.cancelling"):
    """Someone asked for the end: nothing new begins, what is in flight is stopped."""

    reason: str = ""
    whence: str = ""


class RunCancelled(msgspec.Struct, frozen=True, tag="run.cancelled"):
    """It was ended on request."""

    reason: str = ""


class RunForked(msgspec.Struct, frozen=True, omit_defaults=True, tag="run.forked"):
    """First own event of a fork, after the copied prefix; it voids what was open in the copy.

    ``inputs`` replaces the inputs, ``path`` with ``output`` one step's result, when given.
    ``repeat_external`` is the consent to call again what the copy left open. ``labels`` are
    those of the new inputs.
    """

    run_id: RunId
    seq: int
    inputs: Packed | None = None
    path: str = ""
    output: Packed | None = None
    repeat_external: bool = False
    labels: Mapping[str, Label] = {}
    whence: str = ""


class RunRepaired(msgspec.Struct, frozen=True, tag="run.repaired"):
    """A person gave the result of a failed or dead step run, or asked to try it anew (None).

    ``given`` is the prompt, or the arguments, of the new attempt in place of what the step says.
    """

    path: str
    output: Packed | None
    generation: int
    note: str = ""
    given: Packed | None = None
    whence: str = ""


class RunMerged(msgspec.Struct, frozen=True, tag="run.merged"):
    """The outcome of a fork was adopted as this run's own."""

    run_id: RunId
    output: Packed
    generation: int
    label: Label = ()
    whence: str = ""


RunEvent: TypeAlias = (
    RunQueued
    | RunAssigned
    | RunStarted
    | RunWaiting
    | RunResumed
    | RunSucceeded
    | RunFailed
    | RunCancelling
    | RunCancelled
    | RunForked
    | RunRepaired
    | RunMerged
)
