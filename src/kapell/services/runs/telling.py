"""Telling runs things: every command goes into the run's inbox, nobody appends but its owner."""

from kapell.core.events.run import RunFailed
from kapell.core.limits.rates import Asker
from kapell.core.runs.commands import Cancel, Command, Repair, Resume, Retry, Signal, asked_from
from kapell.core.runs.fold import tree
from kapell.core.runs.status import TERMINAL, RunStatus
from kapell.kit.errors import Conflict, Denied, Missing
from kapell.kit.ids import RunId
from kapell.kit.json import Json
from kapell.services.limits.admission import Admission
from kapell.services.runs.ports import Message, RunReader, RunStarts, RunSummary
from kapell.services.runs.reading import Histories
from kapell.services.runs.starting import Identity


def unanswered(path: str, how: str) -> Denied:
    """Return the error of a result given in place of people, and ``how`` they are asked anew."""
    return Denied(
        f"What {path!r} comes to is for the people who are asked: nobody gives it in their place.",
        code="approval_unanswered",
        advice=f"Let them be asked anew: {how}.",
    )


class Teller:
    """Sends commands, after a look whether they can still fit.

    The look is a courtesy: what the run makes of a command is decided when its owner reads it.
    """

    def __init__(
        self,
        identity: Identity,
        starts: RunStarts,
        reader: RunReader,
        histories: Histories,
        admission: Admission,
    ) -> None:
        self._identity = identity
        self._histories = histories
        self._admission = admission
        self._starts = starts
        self._reader = reader

    async def cancel(self, run: RunId, reason: str = "") -> None:
        """Ask a run to end.

        Raises:
            Conflict: ``run_ended`` when it has ended already.
        """
        summary = await self._summary(run)
        if summary.status in TERMINAL:
            raise _ended(summary, "cancelled")
        await self._send(run, Cancel(reason), f"cancel:{summary.generation}")

    async def signal(
        self,
        run: RunId,
        name: str,
        payload: Json = None,
        key: str = "",
        asker: Asker | None = None,
    ) -> None:
        """Send a run a signal; the same key is one signal.

        Raises:
            Conflict: ``run_ended``; Limited: ``rate_limited``.
        """
        await self._admit(asker)
        summary = await self._summary(run)
        if summary.status in TERMINAL:
            raise _ended(summary, "signalled")
        sent = Signal(name, payload)
        await self._send(run, sent, f"signal:{key or self._identity.new_id()}", asker)

    async def repair(self, run: RunId, path: str, output: Json, note: str = "") -> None:
        """Give the result of a dead step run.

        Raises:
            Missing: ``dead_letter_unknown``; Conflict: ``run_ended``, ``run_undone``.
            Denied: ``approval_unanswered`` for what people are to answer.
        """
        await self._dead(run, path)
        await self._refuse_answer(run, path)
        await self._send(run, Repair(path, output, note), f"repair:{self._identity.new_id()}")

    async def retry(self, run: RunId, path: str = "", note: str = "") -> None:
        """Let dead step runs be tried anew.

        Raises:
            Missing: ``dead_letter_unknown``; Conflict: ``run_ended``, ``run_undone``.
        """
        await self._dead(run, path)
        await self._send(run, Retry(path, note), f"retry:{self._identity.new_id()}")

    async def resume(self, run: RunId) -> None:
        """Let a run's owner look again at what can go on.

        Raises:
            Conflict: ``run_ended``.
        """
        summary = await self._summary(run)
        if summary.status in TERMINAL:
            raise _ended(summary, "resumed")
        await self._send(run, Resume(), f"resume:{self._identity.new_id()}")

    async def send(self, run: RunId, command: Command, key: str) -> None:
        """Send any command under a key of the caller's choice."""
        await self._send(run, command, key)

    async def _admit(self, asker: Asker | None) -> None:
        await self._admission.tell(self._identity.tenant, asker or self._identity.asker)

    async def _send(
        self, run: RunId, command: Command, key: str, asker: Asker | None = None
    ) -> bool:
        who = self._identity.acting(asker)
        message = Message(
            tenant_id=who.tenant,
            run_id=run,
            key=key,
            command=asked_from(command, who.whence),
            actor=who.actor,
        )
        return await self._starts.send(message)

    async def _summary(self, run: RunId) -> RunSummary:
        return await self._reader.run(self._identity.tenant, run)

    async def _dead(self, run: RunId, path: str) -> None:
        rows = await self._reader.dead_letters(self._identity.tenant, run)
        summary = await self._summary(run)
        await self._refuse_ended(summary)
        if any(not path or row.path == path for row in rows):
            return
        where = f"at {path!r}" if path else "in the run"
        succeeded = summary.status is RunStatus.SUCCEEDED
        raise Missing(
            f"There is no dead letter {where}: nothing failed that a person could mend.",
            code="dead_letter_unknown",
            advice="Fork the run to change what succeeded."
            if succeeded
            else "'kapell runs show' names the steps that failed.",
        )

    async def _refuse_answer(self, run: RunId, path: str) -> None:
        """Refuse to give what only an answer of people may be."""
        program, state = await self._histories.state(await self._histories.events(run))
        step = state.steps.get(path)
        if step is not None and program.people_answer(tree.place_of(program, step)):
            error = unanswered(path, f"kapell runs retry {run} '{path}'")
            who = self._identity
            await self._admission.refused(who.actor, who.whence, f"repair {run}", error)
            raise error

    async def _refuse_ended(self, summary: RunSummary) -> None:
        """Refuse to mend what was cancelled, or what a failure has undone."""
        if summary.status is RunStatus.CANCELLED:
            raise _ended(summary, "mended")
        if summary.status is not RunStatus.FAILED:
            return
        last = await self._reader.events(self._identity.tenant, summary.run_id, summary.seq - 1)
        if any(isinstance(one.payload, RunFailed) and one.payload.compensated for one in last):
            raise Conflict(
                "The failure has undone what the run had finished: it cannot go on from there.",
                code="run_undone",
                advice="Fork it at the step that failed, or restart it.",
            )


def _ended(summary: RunSummary, done: str) -> Conflict:
    has = "was cancelled" if summary.status is RunStatus.CANCELLED else f"has {summary.status}"
    cannot = "" if done == summary.status else f" and cannot be {done}"
    return Conflict(
        f"The run {has} already{cannot}.",
        code="run_ended",
        advice=f"Go on from it with: kapell runs restart {summary.run_id}, or fork it at a step.",
    )
