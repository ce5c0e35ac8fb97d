"""The desk at which people answer: what is open, what will happen, and whose answer counts."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from kapell.core.approvals.approvers import subject
from kapell.core.approvals.question import call_digest
from kapell.core.events.value import Inline, packed_digest
from kapell.core.limits.rates import Asker
from kapell.core.runs.commands import Answer, Command, Delegate, asked_from
from kapell.kit.errors import Conflict, Denied, Invalid, Missing
from kapell.kit.ids import RunId
from kapell.kit.json import Json
from kapell.services.approvals.changes import Changes, Foresee, edited, merged
from kapell.services.approvals.refusing import CheckArguments, Refusing, answered, word_of
from kapell.services.approvals.rules import AnswerRules
from kapell.services.limits.admission import Admission
from kapell.services.runs.ports import (
    ApprovalRow,
    InboxMessage,
    Message,
    RunReader,
    RunStarts,
)
from kapell.services.runs.reading import Histories
from kapell.services.runs.starting import Identity


class Shown(msgspec.Struct, frozen=True):
    """A question with all that its answer is about.

    ``diff`` is how a file would change. With an edit, ``data`` is the data as edited, ``edits`` how
    that differs from what is asked, and ``digest`` what a yes with this edit stands for.
    """

    row: ApprovalRow
    data: Json
    diff: str = ""
    edits: str = ""
    digest: str = ""


class Approvals:
    """Shows what is asked and takes answers.

    What it refuses, it refuses at once; what the run makes of an answer is decided when its owner
    reads it, by the same rules.

    Args:
        identity: Who acts unless an answer says otherwise.
        starts: Takes the answers.
        reader: Lists the questions.
        histories: Gives large values, and the files of a run.
        check: Holds changed arguments against the tool's schema.
        foresee: Knows what calls of tools make of files.
        roles: Who has which role.
        admission: Lets a person ask so often and no more.
        rules: Have a say in whose answer counts, beside the approvers of a question.
    """

    def __init__(
        self,
        identity: Identity,
        starts: RunStarts,
        reader: RunReader,
        histories: Histories,
        check: CheckArguments,
        foresee: Foresee,
        roles: Mapping[str, Iterable[str]],
        admission: Admission,
        rules: AnswerRules | None = None,
    ) -> None:
        self._identity = identity
        self._starts = starts
        self._reader = reader
        self._admission = admission
        self._changes = Changes(histories, foresee)
        self._refuse = Refusing(
            histories, self._changes, check, roles, admission, rules, identity.clock
        )

    async def list(
        self, run: RunId | None = None, *, open_only: bool = True
    ) -> tuple[ApprovalRow, ...]:
        """Return what people are asked, oldest first."""
        return await self._reader.approvals(self._identity.tenant, run, open_only)

    async def show(self, run: RunId, path: str) -> Shown:
        """Return a question, open or not, with what will happen.

        Raises:
            Missing: ``approval_unknown``.
        """
        row = await self._row(run, path)
        data = await self._changes.asked(row)
        diff = await self._changes.of_call(row.run_id, row.details.tool, data)
        return Shown(row, data, diff, digest=row.standing.digest)

    async def preview(self, run: RunId, path: str, edit: Json) -> Shown:
        """Return what a yes with an edit would let through; nothing is answered.

        Args:
            run: The run that asks.
            path: The question's own address.
            edit: What would be changed, by its key.

        Raises:
            Missing: ``approval_unknown``.
            Conflict: ``approval_answered``, ``approval_expired``.
            Invalid: ``approval_edit`` for data that may not be changed, or does not fit.
        """
        row = await self._row(run, path)
        self._refuse.closed(row)
        await self._refuse.misfit(row, edit)
        old = await self._changes.asked(row)
        new = merged(old, edit)
        diff = await self._changes.of_call(row.run_id, row.details.tool, new)
        tool = row.details.tool
        digest = call_digest(tool, new) if tool else packed_digest(Inline(new))
        return Shown(row, new, diff, edited(old, new), digest)

    async def data(self, row: ApprovalRow) -> Json:
        """Return what a question is about: data of a step, or the arguments of a held call."""
        return await self._changes.asked(row)

    async def answer(
        self,
        run: RunId,
        path: str,
        approved: bool,
        *,
        note: str = "",
        data: Json = None,
        digest: str = "",
        by: str = "",
        asker: Asker | None = None,
    ) -> bool:
        """Answer a question; the same answer of the same person twice is one.

        Args:
            run: The run that asks.
            path: The question's own address.
            approved: What is answered.
            note: Why; whoever wanted the call is told.
            data: What is changed, by its key. Of a held call, what is approved of is the changed
                call, and nothing else.
            digest: Stands for what was shown; what has changed since is not answered.
            by: Who answers; who acts here unless given.
            asker: On whose account the answer counts.

        Returns:
            Whether it is new; False when this person gave it before.

        Raises:
            Missing: ``approval_unknown``.
            Conflict: ``approval_answered``, ``approval_expired``, ``approval_changed``.
            Denied: ``approval_not_yours``; ``policy_denied`` where a rule does not let it count.
            Invalid: ``approval_edit`` for data that may not be changed, or does not fit.
            Limited: ``rate_limited``.
        """
        await self._admission.tell(self._identity.tenant, asker or self._identity.asker)
        who = subject(by) if by else self._identity.actor
        acting = self._identity.acting(asker, who)
        row = await self._row(run, path)
        beginning = f"answer:{row.path}:{row.at!r}:"
        before = await self._reader.told(self._identity.tenant, run, beginning)
        if _same(before, who, (approved, data, row.standing.digest)):
            return False
        self._refuse.closed(row)
        handed = await self._reader.told(self._identity.tenant, run, _handing(row))
        await self._refuse.others(row, acting, handed=any(one.actor == who for one in handed))
        if approved and digest and digest != row.standing.digest:
            raise Conflict(
                "What is asked was changed since it was shown.",
                code="approval_changed",
                advice=f"Look at it again with 'kapell approvals show {run} {row.path}'; then "
                "answer.",
            )
        if data is not None:
            await self._refuse.misfit(row, data)
        await self._refuse.forbidden(row, acting, approved, data)
        turn = f"{beginning}{row.standing.changes}:"
        self._refuse.second(row, before, turn, who, sent=False)
        answer = Answer(
            row.path, approved, note, data, row.standing.digest, row.at, self._refuse.roles(who)
        )
        sent = await self._send(run, answer, f"{turn}{who}", acting)
        after = await self._reader.told(self._identity.tenant, run, turn)
        if not sent and _same(after, who, (approved, data, row.standing.digest)):
            return False
        self._refuse.second(row, after, turn, who, sent=sent)
        return True

    async def delegate(
        self, run: RunId, path: str, to: str, *, note: str = "", by: str = ""
    ) -> None:
        """Let somebody else answer in one's own place.

        Raises:
            Missing: ``approval_unknown``.
            Conflict: ``approval_answered``, ``approval_expired``.
            Denied: ``approval_not_yours``, also for what one has handed on to somebody else.
            Invalid: ``approval_delegate`` for handing it on to oneself, or to nobody.
        """
        who = subject(by) if by else self._identity.actor
        self._refuse.nobody(to)
        acting = self._identity.acting(None, who)
        row = await self._row(run, path)
        self._refuse.closed(row)
        await self._refuse.others(row, acting)
        if subject(to) == who:
            raise Invalid(
                "The question is yours already.",
                code="approval_delegate",
                advice="Name somebody else, or answer it.",
            )
        if who in row.standing.agreed:
            raise answered(row, who, None, "approved of it")
        command = Delegate(row.path, subject(to), note, row.at, self._refuse.roles(who))
        turn = f"{row.path}:{row.at!r}:{row.standing.changes}:"
        told = await self._reader.told(self._identity.tenant, run, f"answer:{turn}")
        for one in told:
            if one.actor == who and isinstance(one.command, Answer):
                raise answered(row, who, one.at, word_of(one.command))
        key = f"{_handing(row)}{who}"
        if await self._send(run, command, key, acting):
            return
        for one in await self._reader.told(self._identity.tenant, run, key):
            if (
                one.actor == who
                and isinstance(one.command, Delegate)
                and one.command.to != command.to
            ):
                raise Denied(
                    f"{who} has handed {row.path!r} on to {one.command.to}.",
                    code="approval_not_yours",
                    advice="Whoever has it may hand it on with 'kapell approvals delegate'.",
                )

    async def _send(self, run: RunId, command: Command, key: str, acting: Identity) -> bool:
        return await self._starts.send(
            Message(
                tenant_id=acting.tenant,
                run_id=run,
                key=key,
                command=asked_from(command, acting.whence),
                actor=acting.actor,
            )
        )

    async def _row(self, run: RunId, path: str) -> ApprovalRow:
        """Return the last question under an address."""
        rows = await self._reader.approvals(self._identity.tenant, run, open_only=False)
        mine = [row for row in rows if row.path == path]
        if not mine:
            raise Missing(
                f"The run has no approval {path!r}.",
                code="approval_unknown",
                advice="'kapell approvals list' shows paths of open approvals.",
            )
        return next((row for row in reversed(mine) if row.answer is None), mine[-1])


def _handing(row: ApprovalRow) -> str:
    """Return what the keys of commands begin with that hand a question on."""
    return f"delegate:{row.path}:{row.at!r}:{row.standing.changes}:"


def _same(told: Sequence[InboxMessage], who: str, answer: tuple[bool, Json, str]) -> bool:
    """Tell whether somebody's last answer was this very one."""
    mine = [one.command for one in told if one.actor == who and isinstance(one.command, Answer)]
    last = mine[-1] if mine else None
    return last is not None and (last.approved, last.data, last.digest) == answer
