"""Checks that people who are asked are there: a question nobody can answer would wait for ever."""

from collections.abc import Collection, Mapping

from kapell.core.approvals.approvers import ROLE, could_agree, subject
from kapell.core.definitions.nearest import hint
from kapell.core.definitions.problems import Problems
from kapell.core.workflows.authored.steps import ApprovalForm
from kapell.core.workflows.authored.workflow import WorkflowForm
from kapell.core.workflows.sequences import every_step
from kapell.kit.errors import Place


def check_people(
    form: WorkflowForm, roles: Mapping[str, Collection[str]] | None, problems: Problems
) -> None:
    """Note roles that nobody has, and more who must agree than may answer.

    Args:
        form: The workflow.
        roles: Who has which role, as subjects; None where that is not known here.
        problems: Collects what is wrong.
    """
    for step in every_step(form.steps) if roles is not None else ():
        if step.approval is not None and _all_there(step.approval, roles or {}, problems):
            _enough(step.approval, roles or {}, problems)


def _all_there(
    approval: ApprovalForm, roles: Mapping[str, Collection[str]], problems: Problems
) -> bool:
    named = [
        (one, approval.value("approvers").at([number]).place)
        for number, one in enumerate(approval.approvers or ())
    ]
    if approval.escalate is not None:
        named.append((approval.escalate.to, approval.escalate.place("to")))
    asked = [(one.removeprefix(ROLE), place) for one, place in named if one.startswith(ROLE)]
    missing = [(role, place) for role, place in asked if not roles.get(role)]
    for role, place in missing:
        _nobody(role, place, roles, problems)
    return not missing


def _nobody(
    role: str, place: Place, roles: Mapping[str, Collection[str]], problems: Problems
) -> None:
    problems.error(
        "role_nobody",
        f"Nobody has the role `{role}`.",
        place,
        hint(role, roles, "Known roles")
        or f"Say who has it in kapell.yaml: `approvals: {{roles: {{{role}: [NAME]}}}}`.",
    )


def _enough(
    approval: ApprovalForm, roles: Mapping[str, Collection[str]], problems: Problems
) -> None:
    named = [subject(one) for one in approval.approvers or ()]
    if not any(one.startswith(ROLE) for one in named):
        return  # people by name are counted where the step is looked at by itself
    if approval.escalate is not None:
        named.append(subject(approval.escalate.to))
    if not could_agree(named, approval.need or 1, roles):
        problems.error(
            "need_too_many",
            f"{approval.need} must agree, and fewer may answer.",
            approval.place("need"),
            "Name more `approvers`, or give more people the role in kapell.yaml.",
        )
