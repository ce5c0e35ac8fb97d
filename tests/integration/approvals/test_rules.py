"""Policies have a say in whose answer to a question counts."""

from pathlib import Path

import pytest

from kapell.bootstrap.app import App, open_app
from kapell.core.runs.status import RunStatus
from kapell.kit.errors import Denied
from kapell.kit.ids import RunId
from kapell.kit.json import Json
from tests.integration.approvals.test_desk import PAY, STEP, Sender, asked, sender
from tests.integration.runs.shop import Shop, output, reached, started, working

FOUR_EYES = """package kapell.approval

import rego.v1

# Two people: who started a run lets nothing in it through.
deny contains {"rule": "four-eyes", "reason": "somebody else has to look at it"} if {
    input.approval.by == input.subject
    input.approval.answer == "approve"
}

deny contains {"rule": "much", "reason": "nobody lets so much through"} if {
    input.approval.tool == "test.pay"
    input.approval.edited
    input.args.amount > 8
    input.run.workflow == "pay"
}
"""
OUTER = """
steps:
  - {id: inner, workflow: pay, detached: true}
outputs: {paid: "{{ steps.inner.output.paid }}"}
"""


@pytest.fixture
def pay() -> Sender:
    """Return what moves money."""
    args: Json = {"type": "object", "properties": {"amount": {"type": "number"}}}
    return Sender("test.pay", args)


@pytest.fixture
def eyes(shop: Shop) -> Shop:
    """Return a workspace where who started a run may not let its calls through."""
    (shop.folder / "policies" / "answers.rego").write_text(FOUR_EYES, "utf-8")
    shop.workflow("pay", PAY)
    return shop


async def refused(app: App, run: RunId, path: str, by: str, edit: Json = None) -> Denied:
    """Return why somebody's yes does not count."""
    with pytest.raises(Denied) as caught:
        await app.approvals.answer(run, path, True, data=edit, by=by)
    return caught.value


@pytest.mark.requirement("GR-06", "GR-10")
async def test_who_started_a_run_does_not_let_its_calls_through(eyes: Shop, pay: Sender) -> None:
    async with eyes.open({"test.pay": pay}) as app:
        run = await asked(app, "pay")
        why = await refused(app, run, "a#1/1", "local")
        assert (why.code, why.message) == (
            "policy_denied",
            "The policy 'kapell.approval.four-eyes' does not let the answer of user:local count: "
            "somebody else has to look at it.",
        )
        assert why.advice
        assert not pay.made
        much = await refused(app, run, "a#1/1", "ann", {"amount": 9})
        assert "nobody lets so much through" in much.message
        assert await app.approvals.answer(run, "a#1/1", True, by="ann", data={"amount": 8})
        async with working(app):
            assert await output(app, run) == {"paid": 8}


@pytest.mark.requirement("GR-06", "GR-10")
async def test_a_run_that_another_began_or_that_was_copied_or_brought_along_is_its_persons(
    eyes: Shop, pay: Sender, tmp_path: Path
) -> None:
    eyes.workflow("outer", OUTER)
    async with eyes.open({"test.pay": pay}) as app:
        async with working(app):
            outer = await started(app, "outer")
            await reached(app, outer, RunStatus.WAITING)
            (child,) = [r for r in await app.reader.runs(app.tenant) if r.parent_run == outer]
            await reached(app, child.run_id, RunStatus.WAITING)
        assert "four-eyes" in (await refused(app, child.run_id, "a#1/1", "local")).message
        run = await asked(app, "pay")
        file = await app.porter.export(run)
    async with open_app(eyes.folder, actor="user:ben", extra_tools={"test.pay": pay}) as app:
        forked = await app.forker.fork(run, at="a")
        async with working(app):
            await reached(app, forked, RunStatus.WAITING)
        assert "four-eyes" in (await refused(app, forked, "a#1/1", "ben")).message
    other = Shop(tmp_path / "other", f"sqlite:///{tmp_path / 'other.db'}")
    (other.folder / "policies").mkdir()
    (other.folder / "policies" / "answers.rego").write_text(FOUR_EYES, "utf-8")
    async with open_app(other.folder, actor="user:ben", extra_tools={"test.pay": pay}) as app:
        brought = await app.porter.load(file)
        assert "four-eyes" in (await refused(app, brought, "a#1/1", "ben")).message


@pytest.mark.requirement("GR-06", "GR-10")
@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ("deny contains {", "policy_broken"),
        (
            'deny contains {"rule": "r", "reason": "r"} if '
            "round(input.args.n) > 100 + to_number(input.approval.by)\n",
            "policy_failed",
        ),
        (
            'ask contains {"rule": "r", "reason": "r"} if input.approval.tool == ""\n',
            "policy_denied",
        ),
    ],
)
async def test_where_nobody_can_say_whether_an_answer_counts_it_does_not(
    shop: Shop, rules: str, code: str
) -> None:
    shop.workflow("step", STEP)
    async with shop.open() as app:
        run = await asked(app, "step")
    text = f"package kapell.approval\n\nimport rego.v1\n\n{rules}"
    (shop.folder / "policies" / "answers.rego").write_text(text, "utf-8")
    (shop.folder / ".kapell" / "policies.json").unlink(missing_ok=True)
    async with shop.open() as app:
        assert (await refused(app, run, "a", "ann")).code == code


@pytest.mark.requirement("GR-06")
async def test_without_a_rule_about_answers_none_is_held_against_any(shop: Shop) -> None:
    shop.workflow(
        "send",
        "inputs: {need: {default: 1}}\nsteps:\n"
        "  - {id: a, tool: test.send, with: {to: x@example.org, need: 1}}\n",
    )
    async with shop.open({"test.send": sender()}) as app:
        run = await asked(app, "send")
        assert await app.approvals.answer(run, "a#1/1", True, by="ann")
