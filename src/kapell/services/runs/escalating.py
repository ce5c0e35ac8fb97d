"""What people make of runs that the breaker holds: one answer each, the first one wins."""

from collections.abc import Sequence
from typing import Literal

from kapell.core.limits.rates import Asker
from kapell.core.runs import paths
from kapell.core.runs.commands import Cancel, Command, Repair, Retry, asked_from
from kapell.kit.errors import Conflict, Invalid, Missing
from kapell.kit.ids import RunId
from kapell.kit.json import Json
from kapell.services.limits.admission import Admission
from kapell.services.runs.ports import DeadLetterRow, Message, RunReader, RunStarts
from kapell.services.runs.starting import Identity

Way = Literal["resume", "give", "output", "end"]
"""Go on as it was; go on with another prompt or other arguments; go on with this result; end."""


class Resolver:
    """Lists what is held, and sends runs what people decide."""

    def __init__(
        self, identity: Identity, starts: RunStarts, reader: RunReader, admission: Admission
    ) -> None:
        self._identity = identity
        self._starts = starts
        self._reader = reader
        self._admission = admission

    async def held(self, run: RunId | None = None) -> Sequence[DeadLetterRow]:
        """Return what the breaker holds, the oldest first."""
        rows = await self._reader.dead_letters(self._identity.tenant, run)
        return [row for row in rows if row.stage == "breaker"]

    async def resolve(
        self,
        run: RunId,
        way: Way,
        path: str | None = None,
        *,
        value: Json = None,
        note: str = "",
        asker: Asker | None = None,
    ) -> DeadLetterRow:
        """Say what becomes of a run; the state is kept until then.

        Args:
            run: Which.
            way: What becomes of it.
            path: What of it, empty for the whole run; what is held, when nothing else is.
            value: The prompt, the arguments or the result.
            note: Why; kept in the log.
            asker: Who says so; the person at this terminal when nobody is named.

        Raises:
            Limited: ``rate_limited``.
            Missing: ``escalation_unknown``.
            Conflict: ``escalation_answered`` when somebody else was first.
            Invalid: ``escalation_whole`` for words or a result of a whole run.
        """
        await self._admission.tell(self._identity.tenant, asker or self._identity.asker)
        row = await self._one(run, path)
        who = self._identity.acting(asker)
        message = Message(
            tenant_id=who.tenant,
            run_id=run,
            key=f"escalation:{row.path}:{row.at!r}",
            command=asked_from(_command(row.path, way, value, note), who.whence),
            actor=who.actor,
        )
        if not await self._starts.send(message):
            raise Conflict(
                "Somebody has said already what becomes of it.",
                code="escalation_answered",
                advice=f"Let it go on with: kapell runs resume {run}",
            )
        return row

    async def _one(self, run: RunId, path: str | None) -> DeadLetterRow:
        rows = await self.held(run)
        mine = [row for row in rows if path in (None, row.path)]
        if len(mine) == 1:
            return mine[0]
        where = "" if path is None else f" at {path!r}"
        raise Missing(
            f"The run is held at {len(mine)} places." if mine else f"Nothing is held{where}.",
            code="escalation_unknown",
            advice="'kapell runs escalations' lists what is held, with its path; 'kapell runs "
            "events' tells what became of what was.",
        )


def _command(path: str, way: Way, value: Json, note: str) -> Command:
    if way == "end":
        return Cancel(note)
    if way == "resume":
        return Retry(path, note)
    if path == paths.ROOT:
        raise Invalid(
            "What is held is the whole run, which has no prompt, arguments or result of its own.",
            code="escalation_whole",
            advice="Let it go on with --resume, or end it with --end.",
        )
    return Repair(path, value, note) if way == "output" else Retry(path, note, value)
