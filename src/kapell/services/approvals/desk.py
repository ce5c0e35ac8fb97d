"""The desk at which people answer: what is open, what will happen, and whose answer counts."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from kapell.core.approvals.approvers import ROLE, may_answer, subject
from kapell.core.approvals.question import call_digest, plain_rule
from kapell.core.events.value import Inline, packed_digest
from kapell.core.limits.rates import Asker
from kapell.core.policies.asking.documents import ApprovalDocument, ApprovalPart
from kapell.core.runs.commands import Answer, Command, Delegate, asked_from
from kapell.kit.clock import instant_text
from kapell.kit.errors import Conflict, Denied, Invalid, KapellError, Missing
from kapell.kit.ids import RunId
from kapell.kit.json import Digest, Json, decode
from kapell.services.approvals.changes import Changes, Foresee, edited
from kapell.services.approvals.rules import AnswerRules, answer_document
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

_RISKS: Mapping[str, Literal["low", "high"]] = {"low": "low", "high": "high"}
CheckArguments = Callable[[RunId, str, Json], None]
"""Raises ``tool_arguments`` or ``path_outside`` for arguments that a tool does not take."""


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
        self._histories = histories
        self._check = check
        self._changes = Changes(histories, foresee)
        self._roles = {name: {subject(one) for one in people} for name, people in roles.items()}
        self._admission = admission
        self._rules = rules

    def roles(self, by: str) -> tuple[str, ...]:
        """Return the roles of somebody, sorted."""
        return tuple(sorted(name for name, people in self._roles.items() if by in people))

    def may_answer(self, row: ApprovalRow, by: str) -> bool:
        """Tell whether somebody may answer a question."""
        standing = row.standing
        return may_answer(standing.approvers, standing.passed, by, self.roles(by))

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
        data = await self.data(row)
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
        self._refuse_closed(row)
        await self._check_edit(row, edit)
        old = await self.data(row)
        new = _merged(old, edit)
        diff = await self._changes.of_call(row.run_id, row.details.tool, new)
        tool = row.details.tool
        digest = call_digest(tool, new) if tool else packed_digest(Inline(new))
        return Shown(row, new, diff, edited(old, new), digest)

    async def data(self, row: ApprovalRow) -> Json:
        """Return what a question is about: data of a step, or the arguments of a held call."""
        data = decode(row.data) if row.data else None
        if isinstance(data, dict) and data.get("$ref") == "artifact":
            digest = Digest(str(data["digest"]))
            return decode((await self._histories.blobs([digest]))[digest])
        return data

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
        self._refuse_closed(row)
        handed = await self._reader.told(self._identity.tenant, run, _handing(row))
        await self._refuse_others(row, acting, handed=any(one.actor == who for one in handed))
        if approved and digest and digest != row.standing.digest:
            raise Conflict(
                "What is asked was changed since it was shown.",
                code="approval_changed",
                advice=f"Look at it again with 'kapell approvals show {run} {row.path}'; then "
                "answer.",
            )
        if data is not None:
            await self._check_edit(row, data)
        await self._refuse_forbidden(row, acting, approved, data)
        turn = f"{beginning}{row.standing.changes}:"
        self._refuse_second(row, before, turn, who, sent=False)
        answer = Answer(
            row.path, approved, note, data, row.standing.digest, row.at, self.roles(who)
        )
        sent = await self._send(run, answer, f"{turn}{who}", acting)
        after = await self._reader.told(self._identity.tenant, run, turn)
        if not sent and _same(after, who, (approved, data, row.standing.digest)):
            return False
        self._refuse_second(row, after, turn, who, sent=sent)
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
        self._refuse_nobody(to)
        acting = self._identity.acting(None, who)
        row = await self._row(run, path)
        self._refuse_closed(row)
        await self._refuse_others(row, acting)
        if subject(to) == who:
            raise Invalid(
                "The question is yours already.",
                code="approval_delegate",
                advice="Name somebody else, or answer it.",
            )
        if who in row.standing.agreed:
            raise _answered(row, who, None, "approved of it")
        command = Delegate(row.path, subject(to), note, row.at, self.roles(who))
        turn = f"{row.path}:{row.at!r}:{row.standing.changes}:"
        told = await self._reader.told(self._identity.tenant, run, f"answer:{turn}")
        for one in told:
            if one.actor == who and isinstance(one.command, Answer):
                raise _answered(row, who, one.at, _word(one.command))
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

    def _refuse_nobody(self, to: str) -> None:
        role = to.removeprefix(ROLE)
        if not to.strip() or to != "".join(to.split()):
            named = "That is the name of nobody."
        elif role != to and not self._roles.get(role):
            named = f"Nobody has the role {role!r}."
        else:
            return
        raise Invalid(
            named,
            code="approval_delegate",
            advice="Name a person, or a role of `approvals.roles` as role:NAME.",
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

    async def _noted(self, row: ApprovalRow, acting: Identity, error: Denied) -> Denied:
        """Put on record who was not let answer, and return why."""
        what = f"answer {row.run_id}"
        await self._admission.refused(acting.actor, acting.whence, what, error)
        return error

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

    def _refuse_closed(self, row: ApprovalRow) -> None:
        late = row.expires is not None and row.expires <= self._identity.clock.now()
        if row.answer == "expired" or (row.answer is None and late):
            at = "" if row.expires is None else f" at {instant_text(row.expires)}"
            raise Conflict(
                f"The approval {row.path!r} expired{at}: your answer comes too late.",
                code="approval_expired",
                advice="'kapell approvals list' shows what is still open.",
            )
        if row.answer == "void":
            raise Conflict(
                f"The approval {row.path!r} is void: the run went on without it, or ended.",
                code="approval_answered",
                advice="'kapell approvals list' shows what is still open.",
            )
        if row.answer is not None:
            raise _answered(row, row.by, row.closed_at, row.answer)

    async def _refuse_others(
        self, row: ApprovalRow, acting: Identity, *, handed: bool = False
    ) -> None:
        """Refuse who may not answer; ``handed``: they handed it on, and the run has yet to read."""
        who = acting.actor
        if not handed and self.may_answer(row, who):
            return
        asked = ", ".join(row.standing.approvers) or "anyone else"
        said = " You have handed it on." if handed or who in row.standing.passed else ""
        error = Denied(
            f"{who} may not answer {row.path!r}.{said}",
            code="approval_not_yours",
            advice=f"It is for: {asked}. They can hand it on with 'kapell approvals delegate'; "
            "where several people share a machine, '--as NAME' says who answers.",
        )
        raise await self._noted(row, acting, error)

    async def _refuse_forbidden(
        self, row: ApprovalRow, acting: Identity, approved: bool, edit: Json
    ) -> None:
        """Refuse what a rule forbids; it reads the arguments as they would be approved of."""
        if self._rules is None:
            return
        given = edit if isinstance(edit, Mapping) else {}
        details = row.details
        part = ApprovalPart(
            answer="approve" if approved else "reject",
            by=acting.actor,
            roles=self.roles(acting.actor),
            rule=plain_rule(details.rule),
            risk=_RISKS.get(details.risk, "medium"),
            tool=details.tool,
            edited=bool(given),
        )

        async def describe() -> ApprovalDocument:
            old = await self.data(row)
            args: Json = {**old, **given} if isinstance(old, Mapping) else (given or old)
            return await answer_document(self._histories, row, part, args)

        try:
            await self._rules.may_count(describe)
        except Denied as error:
            raise await self._noted(row, acting, error) from error.__cause__

    def _refuse_second(
        self, row: ApprovalRow, told: Sequence[InboxMessage], turn: str, who: str, *, sent: bool
    ) -> None:
        """Refuse an answer where another one came first, read or not."""
        for one in told:
            if not (one.key.startswith(turn) and isinstance(one.command, Answer)):
                continue
            if one.actor == who and sent:
                return
            if one.actor == who or row.details.need == 1 or not one.command.approved:
                raise _answered(row, one.actor, one.at, _word(one.command))

    async def _check_edit(self, row: ApprovalRow, data: Json) -> None:
        if not isinstance(data, dict):
            raise Invalid(
                "The changed data must be an object.",
                code="approval_edit",
                advice="Give the names that change with their values, as a JSON object.",
            )
        if row.details.tool:
            try:
                self._check(row.run_id, row.details.tool, _merged(await self.data(row), data))
            except KapellError as error:
                raise Invalid(
                    f"Nothing was answered. {error.message}",
                    code="approval_edit",
                    advice=f"Mend what you changed; 'kapell tools show {row.details.tool}' lists "
                    "what the tool takes.",
                    flaws=error.flaws,
                ) from error
            return
        refused = sorted(set(data) - set(row.edit))
        if refused:
            allowed = ", ".join(row.edit) or "nothing"
            raise Invalid(
                f"{', '.join(refused)} may not be changed in this approval.",
                code="approval_edit",
                advice=f"What may be changed: {allowed}.",
            )


def _merged(old: Json, edit: Json) -> Json:
    """Return data with an edit in it, as the run will have it."""
    own = edit if isinstance(edit, dict) else {}
    return {**(old if isinstance(old, dict) else {}), **own}


def _handing(row: ApprovalRow) -> str:
    """Return what the keys of commands begin with that hand a question on."""
    return f"delegate:{row.path}:{row.at!r}:{row.standing.changes}:"


def _word(answer: Answer) -> str:
    return "approved" if answer.approved else "rejected"


def _same(told: Sequence[InboxMessage], who: str, answer: tuple[bool, Json, str]) -> bool:
    """Tell whether somebody's last answer was this very one."""
    mine = [one.command for one in told if one.actor == who and isinstance(one.command, Answer)]
    last = mine[-1] if mine else None
    return last is not None and (last.approved, last.data, last.digest) == answer


def _answered(row: ApprovalRow, who: str, at: float | None, said: str) -> Conflict:
    when = "" if at is None else f" at {instant_text(at)}"
    return Conflict(
        f"The approval {row.path!r} has an answer already: {who} {said}{when}.",
        code="approval_answered",
        advice="'kapell approvals list' shows what is still open.",
    )
