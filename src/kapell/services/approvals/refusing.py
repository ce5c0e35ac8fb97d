"""Whose answer counts, and when none does: what is refused at once."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

from kapell.core.approvals.approvers import ROLE, may_answer, subject
from kapell.core.policies.asking.documents import ApprovalDocument, ApprovalPart
from kapell.core.runs.commands import Answer
from kapell.kit.clock import Clock, instant_text
from kapell.kit.errors import Conflict, Denied, Invalid, KapellError
from kapell.kit.ids import RunId
from kapell.kit.json import Json
from kapell.services.approvals.changes import Changes, merged
from kapell.services.approvals.rules import AnswerRules, answer_document
from kapell.services.limits.admission import Admission
from kapell.services.runs.ports import ApprovalRow, InboxMessage
from kapell.services.runs.reading import Histories
from kapell.services.runs.starting import Identity

CheckArguments = Callable[[RunId, str, Json], None]
"""Raises ``tool_arguments`` or ``path_outside`` for arguments that a tool does not take."""

_RISKS: Mapping[str, Literal["low", "high"]] = {"low": "low", "high": "high"}


class Refusing:
    """Refuses answers that cannot count; each method raises, or lets the answer through.

    Args:
        histories: Gives the run that asks.
        changes: Knows what a question is about.
        check: Holds changed arguments against the tool's schema.
        roles: Who has which role.
        admission: Puts on record who was not let answer.
        rules: Have a say in whose answer counts, beside the approvers of a question.
        clock: The time of an answer.
    """

    def __init__(
        self,
        histories: Histories,
        changes: Changes,
        check: CheckArguments,
        roles: Mapping[str, Iterable[str]],
        admission: Admission,
        rules: AnswerRules | None,
        clock: Clock,
    ) -> None:
        self._histories = histories
        self._changes = changes
        self._check = check
        self._roles = {name: {subject(one) for one in people} for name, people in roles.items()}
        self._admission = admission
        self._rules = rules
        self._clock = clock

    def roles(self, by: str) -> tuple[str, ...]:
        """Return the roles of somebody, sorted."""
        return tuple(sorted(name for name, people in self._roles.items() if by in people))

    def closed(self, row: ApprovalRow) -> None:
        """Refuse what comes too late."""
        late = row.expires is not None and row.expires <= self._clock.now()
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
            raise answered(row, row.by, row.closed_at, row.answer)

    async def others(self, row: ApprovalRow, acting: Identity, *, handed: bool = False) -> None:
        """Refuse who may not answer; ``handed``: they handed it on, and the run has yet to read."""
        who = acting.actor
        if not handed and may_answer(
            row.standing.approvers, row.standing.passed, who, self.roles(who)
        ):
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

    async def forbidden(
        self, row: ApprovalRow, acting: Identity, approved: bool, edit: Json
    ) -> None:
        """Refuse what a rule forbids; it reads the arguments as they would be approved of."""
        if self._rules is None:
            return
        details = row.details
        part = ApprovalPart(
            answer="approve" if approved else "reject",
            by=acting.actor,
            roles=self.roles(acting.actor),
            rule=details.rule,
            risk=_RISKS.get(details.risk, "medium"),
            tool=details.tool,
            edited=bool(edit),
        )

        async def describe() -> ApprovalDocument:
            args = merged(await self._changes.asked(row), edit)
            return await answer_document(self._histories, row, part, args)

        try:
            await self._rules.may_count(describe)
        except Denied as error:
            raise await self._noted(row, acting, error) from error.__cause__

    def second(
        self, row: ApprovalRow, told: Sequence[InboxMessage], turn: str, who: str, *, sent: bool
    ) -> None:
        """Refuse an answer where another one came first, read or not."""
        for one in told:
            if not (one.key.startswith(turn) and isinstance(one.command, Answer)):
                continue
            if one.actor == who and sent:
                return
            if one.actor == who or row.details.need == 1 or not one.command.approved:
                raise answered(row, one.actor, one.at, word_of(one.command))

    async def misfit(self, row: ApprovalRow, edit: Json) -> None:
        """Refuse an edit of what may not be changed, or that the tool does not take."""
        if not isinstance(edit, dict):
            raise Invalid(
                "The changed data must be an object.",
                code="approval_edit",
                advice="Give the names that change with their values, as a JSON object.",
            )
        if row.details.tool:
            try:
                self._check(
                    row.run_id, row.details.tool, merged(await self._changes.asked(row), edit)
                )
            except KapellError as error:
                raise Invalid(
                    f"Nothing was answered. {error.message}",
                    code="approval_edit",
                    advice=f"Mend what you changed; 'kapell tools show {row.details.tool}' lists "
                    "what the tool takes.",
                    flaws=error.flaws,
                ) from error
            return
        refused = sorted(set(edit) - set(row.edit))
        if refused:
            allowed = ", ".join(row.edit) or "nothing"
            raise Invalid(
                f"{', '.join(refused)} may not be changed in this approval.",
                code="approval_edit",
                advice=f"What may be changed: {allowed}.",
            )

    def nobody(self, to: str) -> None:
        """Refuse to hand a question on to nobody."""
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

    async def _noted(self, row: ApprovalRow, acting: Identity, error: Denied) -> Denied:
        """Put on record who was not let answer, and return why."""
        what = f"answer {row.run_id}"
        await self._admission.refused(acting.actor, acting.whence, what, error)
        return error


def word_of(answer: Answer) -> str:
    """Return what somebody did who answered so."""
    return "approved" if answer.approved else "rejected"


def answered(row: ApprovalRow, who: str, at: float | None, said: str) -> Conflict:
    """Return the error of an answer that comes after another one: whose, when, and what it was."""
    when = "" if at is None else f" at {instant_text(at)}"
    return Conflict(
        f"The approval {row.path!r} has an answer already: {who} {said}{when}.",
        code="approval_answered",
        advice="'kapell approvals list' shows what is still open.",
    )
