"""Who is asked by a step: roles, how many, reminders, others after a time."""

import pytest

from kapell.core.definitions.problems import DefinitionInvalid
from kapell.core.workflows.pins import WorkspaceDefaults
from kapell.core.workflows.version import ApprovalWork, Escalation
from tests.unit.core.workflows.authoring import said, version_of

STEP = "name: x\nsteps: [{id: a, approval: {title: Ok?, %s}}]"


@pytest.mark.requirement("WF-11")
def test_people_roles_and_times_are_compiled() -> None:
    text = (
        STEP
        % "approvers: [role:finance, eva], need: 2, remind: 4h, escalate: {after: 1d, to: boss}"
    )
    work = version_of(text).body.steps[0].work
    assert isinstance(work, ApprovalWork)
    assert work.approvers == ("role:finance", "user:eva")
    assert (work.need, work.remind) == (2, 14_400)
    assert work.escalate == Escalation(after=86_400, to="user:boss")


@pytest.mark.requirement("DX-07")
@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("approvers: [a, b], need: 3", "need_too_many"),
        ("approvers: [a, user:a], need: 2", "need_too_many"),
        ("remind: 5s", "remind_too_often"),
        ("need: 0", "out_of_range"),
        ("approvers: role:x", "wrong_type"),
        ("escalate: {after: 1d}", "missing_key"),
    ],
)
def test_what_cannot_be_is_said(given: str, code: str) -> None:
    (found,) = said(STEP % given)
    assert found.endswith(f" {code}")


def test_a_role_may_have_as_many_as_are_needed() -> None:
    assert said(STEP % "approvers: [role:x], need: 9") == []


OFFICE = WorkspaceDefaults(roles={"finance": ("user:eva", "user:ben"), "empty": ()})


@pytest.mark.requirement("DX-07", "WF-11")
@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("approvers: [role:finanze]", "role_nobody"),
        ("approvers: [role:empty]", "role_nobody"),
        ("approvers: [role:finance], escalate: {after: 1d, to: role:cfo}", "role_nobody"),
        ("approvers: [role:finance, eva], need: 3", "need_too_many"),
    ],
)
def test_a_question_that_nobody_could_answer_is_refused(given: str, code: str) -> None:
    with pytest.raises(DefinitionInvalid) as caught:
        version_of(STEP % given, defaults=OFFICE)
    (problem,) = caught.value.problems
    assert problem.code == code
    assert problem.place.line == 2
    if "finanze" in given:
        assert "finance" in problem.advice


@pytest.mark.requirement("WF-11")
@pytest.mark.parametrize(
    "given",
    [
        "approvers: [role:finance], need: 2",
        "approvers: [role:finance], need: 3, escalate: {after: 1d, to: boss}",
        "approvers: [eva]",
        "edit: []",
    ],
)
def test_a_question_that_people_can_answer_passes(given: str) -> None:
    assert version_of(STEP % given, defaults=OFFICE).name == "x"
