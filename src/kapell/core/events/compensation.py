"""Facts about undoing finished steps, newest first."""

from typing import TypeAlias

import msgspec

from kapell.kit.errors import Failure


class CompensationStarted(msgspec.Struct, frozen=True, tag="compensation.started"):
    """The undo of the step run at ``path`` began."""

    path: str


class CompensationSucceeded(msgspec.Struct, frozen=True, tag="compensation.succeeded"):
    """The step run at ``path`` is undone."""

    path: str


class CompensationFailed(msgspec.Struct, frozen=True, tag="compensation.failed"):
    """It could not be undone; a dead letter says so too."""

    path: str
    failure: Failure


CompensationEvent: TypeAlias = CompensationStarted | CompensationSucceeded | CompensationFailed
