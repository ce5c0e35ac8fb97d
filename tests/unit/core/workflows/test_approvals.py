"""Who is asked by a step: roles, how many, reminders, others after a time."""

import pytest

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
