"""Notices: people are told that a run waits for their answer, is reminding them, or asks others."""

import logging
from collections.abc import Awaitable, Callable, Sequence

from kapell.core.events.envelope import Event
from kapell.core.events.guarding.approval import (
    ApprovalEscalated,
    ApprovalReminded,
    ApprovalRequested,
)
from kapell.core.runs.program import Program
from kapell.core.runs.state import State
from kapell.kit.errors import KapellError
from kapell.kit.ids import EventId, RunId
from kapell.services.limits.courtesies import Courtesies

log = logging.getLogger(__name__)

_TOLD = (ApprovalRequested, ApprovalReminded, ApprovalEscalated)

Notify = Callable[[RunId, EventId, str], Awaitable[None]]
"""Tells people a text about a run; the event's id makes it one, however often it is sent."""


class Notices:
    """Observes what runs append. What it does is a courtesy: the run waits all the same.

    Args:
        notify: Tells people; the text holds nothing of what the run works on. None: nobody is told,
            and the log has a line.
    """

    def __init__(self, notify: Notify | None) -> None:
        self._notify = notify
        self._courtesies = Courtesies()

    def observe(self, run: RunId, events: Sequence[Event], state: State, program: Program) -> None:
        """See whether somebody is asked something."""
        del program
        for event in events:
            if not isinstance(event.payload, _TOLD) or event.copied:
                continue
            text = _text(run, event.payload, state)
            if self._notify is None:
                log.info("%s", text)
            else:
                self._courtesies.begin(self._tell(run, event.id, text))

    async def close(self) -> None:
        """Finish what is under way."""
        await self._courtesies.close()

    async def _tell(self, run: RunId, event: EventId, text: str) -> None:
        if self._notify is None:
            return
        try:
            await self._notify(run, event, text)
        except KapellError as error:
            log.warning("that the run %s waits for people could not be told: %s", run, error)


def _text(
    run: RunId, asked: ApprovalRequested | ApprovalReminded | ApprovalEscalated, state: State
) -> str:
    """Return what people are told of a question."""
    if isinstance(asked, ApprovalRequested):
        who = ", ".join(asked.approvers) or "anyone"
        many = f", {asked.need} have to agree" if asked.need > 1 else ""
        said = f"waits for an answer of {who}{many}"
    elif isinstance(asked, ApprovalReminded):
        said = f"still waits for an answer (reminder {asked.number})"
    else:
        said = f"has waited long for an answer: {asked.to} may answer too"
    shown = f"kapell approvals show {run} '{asked.call or asked.path}'"
    return f"A run of {state.request.workflow} {said}. Look at it: {shown}"
