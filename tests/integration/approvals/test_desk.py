"""People let held calls through, or do not: with a real policy, a real store, real workers."""

import asyncio
from collections.abc import Callable

import pytest

from kapell.bootstrap.app import App
from kapell.core.runs.status import RunStatus
from kapell.core.tools.spec import ToolSpec
from kapell.kit.errors import Conflict, Denied, Invalid, KapellError, Missing
from kapell.kit.ids import RunId
from kapell.kit.json import Json
from kapell.services.runs.ports import ApprovalRow
from kapell.services.tools.ports import FetchBlob, ToolCall, ToolResult
from tests.integration.runs.shop import PATIENCE, Shop, output, reached, started, types, working

SEND = """
inputs: {need: {type: integer, default: 1}}
steps:
  - {id: a, tool: test.send, with: {to: x@example.org, need: "{{ inputs.need }}"}}
outputs: {sent: "{{ steps.a.output.to }}"}
"""
PAY = """
steps:
  - {id: a, tool: test.pay, with: {amount: 5}}
outputs: {paid: "{{ steps.a.output.amount }}"}
"""
STEP = """
steps:
  - {id: a, approval: {title: Ok?, data: {n: 1}, edit: [n], expires: 1s}}
"""

BOTH_ASK = """package kapell.tool

import rego.v1

ask contains {
    "rule": "money",
    "reason": "Money moves.",
    "risk": "high",
    "approvers": ["user:boss"],
} if input.tool.name == "test.pay"

ask contains {
    "rule": "books",
    "reason": "It has to be booked.",
    "approvers": ["user:ann"],
} if input.tool.name == "test.pay"
"""


class Sender:
    """A tool that notes what it was called with."""

    def __init__(self, name: str, args: Json) -> None:
        self.spec = ToolSpec(
            name=name, description="Do it.", args=args, repeatable=False, effects="external"
        )
        self.made: list[Json] = []

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Note the call."""
        del blob
        self.made.append(call.args)
        return ToolResult(output=call.args)


def sender() -> Sender:
    """Return what sends letters."""
    return Sender(
        "test.send",
        {
            "type": "object",
            "properties": {"to": {"type": "string", "format": "email"}, "need": {}},
            "required": ["to"],
            "additionalProperties": False,
        },
    )


async def asked(app: App, workflow: str, inputs: dict[str, Json] | None = None) -> RunId:
    """Return a run that waits for people, with nobody at work on it."""
    async with working(app):
        run = await started(app, workflow, inputs or {})
        await reached(app, run, RunStatus.WAITING)
    return run


async def changed(app: App, run: RunId, done: Callable[[ApprovalRow], bool]) -> ApprovalRow:
    """Return the question of a run once it is as it should be."""
    for _ in range(int(PATIENCE / 0.02)):
        for row in await app.approvals.list(run):
            if done(row):
                return row
        await asyncio.sleep(0.02)
    raise AssertionError("the question stays as it is")


def at(path: str) -> Callable[[ApprovalRow], bool]:
    """Return what tells whether a question stands under an address."""
    return lambda row: row.path == path


@pytest.mark.requirement("WF-11", "GR-10")
async def test_a_held_call_is_edited_and_let_through(any_shop: Shop) -> None:
    any_shop.workflow("send", SEND)
    tool = sender()
    async with any_shop.open({"test.send": tool}) as app:
        run = await asked(app, "send")
        (row,) = await app.approvals.list(run)
        shown = await app.approvals.show(run, row.path)
        assert shown.data == {"to": "x@example.org", "need": 1}
        assert (row.path, row.step, row.details.tool) == ("a#1/1", "a", "test.send")
        assert (row.details.rule, row.details.why, row.details.risk) == (
            "kapell.tool.letters",
            "A letter leaves the house.",
            "high",
        )
        assert not tool.made
        edit: Json = {"to": "y@example.org"}
        assert await app.approvals.answer(run, row.path, True, data=edit, by="ann")
        assert not await app.approvals.answer(run, row.path, True, data=edit, by="ann")
        async with working(app):
            assert await output(app, run) == {"sent": "y@example.org"}
        assert tool.made == [{"to": "y@example.org", "need": 1}]
        assert (await types(app, run)).count("approval.answered") == 1
        assert not await app.approvals.answer(run, row.path, True, data=edit, by="ann")


@pytest.mark.requirement("DX-07", "GR-10")
async def test_whose_answer_does_not_count_is_told_why(shop: Shop) -> None:
    shop.workflow("send", SEND)
    tool = sender()
    async with shop.open({"test.send": tool}) as app:
        run = await asked(app, "send")
        desk = app.approvals

        async def refused(kind: type[KapellError], **answer: object) -> KapellError:
            with pytest.raises(kind) as caught:
                await desk.answer(run, "a#1/1", True, **answer)  # type: ignore[arg-type]  # fields by name
            assert caught.value.message
            assert caught.value.advice
            return caught.value

        assert (await refused(Denied, by="zoe")).code == "approval_not_yours"
        assert (await refused(Denied)).code == "approval_not_yours"
        assert (await refused(Conflict, by="ann", digest="old")).code == "approval_changed"
        wrong = await refused(Invalid, by="ann", data={"to": "nowhere", "more": 1})
        assert wrong.code == "approval_edit"
        assert {flaw.at for flaw in wrong.flaws} >= {"to"}
        assert len(wrong.flaws) == 2
        assert (await refused(Invalid, by="ann", data=[1])).code == "approval_edit"
        with pytest.raises(Missing, match="no approval"):
            await desk.answer(run, "b", True)
        assert await desk.answer(run, "a#1/1", True, by="ann")
        late = await refused(Conflict, by="bob")
        assert late.code == "approval_answered"
        assert "user:ann approved" in late.message
        with pytest.raises(Conflict, match="user:ann"):
            await desk.answer(run, "a#1/1", False, by="ann")
        async with working(app):
            await reached(app, run)
        after = await refused(Conflict, by="bob")
        assert (after.code, "user:ann approved at" in after.message) == ("approval_answered", True)


@pytest.mark.requirement("GR-10")
async def test_of_two_answers_at_once_one_wins(any_shop: Shop) -> None:
    any_shop.workflow("send", SEND)
    tool = sender()
    async with any_shop.open({"test.send": tool}) as app:
        for _ in range(5):
            run = await asked(app, "send")
            said = await asyncio.gather(
                app.approvals.answer(run, "a#1/1", True, by="ann"),
                app.approvals.answer(run, "a#1/1", False, by="eve"),
                return_exceptions=True,
            )
            lost = [one for one in said if isinstance(one, Conflict)]
            assert [one.code for one in lost] == ["approval_answered"]
            assert said.count(True) == 1
            async with working(app):
                ended = await reached(app, run)
            won = said[0] is True
            assert ended.status is (RunStatus.SUCCEEDED if won else RunStatus.FAILED)


@pytest.mark.requirement("GR-10")
async def test_of_two_answers_of_one_person_at_once_one_wins(any_shop: Shop) -> None:
    """From two devices, say: the one that came second does not look as if it counted."""
    any_shop.workflow("send", SEND)
    async with any_shop.open({"test.send": sender()}) as app:
        desk = app.approvals
        for second, told in ((False, "approval_answered"), (True, "")):
            run = await asked(app, "send")
            said = await asyncio.gather(
                desk.answer(run, "a#1/1", True, by="ann"),
                desk.answer(run, "a#1/1", second, by="ann"),
                return_exceptions=True,
            )
            assert said.count(True) == 1
            (other,) = [one for one in said if one is not True]
            assert (other.code if isinstance(other, Conflict) else "") == told


@pytest.mark.requirement("GR-10")
async def test_a_role_is_no_second_person(shop: Shop) -> None:
    shop.workflow("send", SEND)
    tool = sender()
    async with shop.open({"test.send": tool}) as app:
        run = await asked(app, "send", {"need": 2})
        await app.approvals.answer(run, "a#1/1", True, by="ann")
        with pytest.raises(Denied) as caught:
            await app.approvals.answer(run, "a#1/1", True, by="role:office")
        assert caught.value.code == "approval_not_yours"


@pytest.mark.requirement("GR-10", "WF-11")
async def test_two_must_agree_and_one_hands_it_on(any_shop: Shop) -> None:
    any_shop.workflow("send", SEND)
    tool = sender()
    async with any_shop.open({"test.send": tool}) as app:
        run = await asked(app, "send", {"need": 2})
        desk = app.approvals
        await desk.answer(run, "a#1/1", True, by="ann")
        await desk.delegate(run, "a#1/1", "zoe", by="bob")
        with pytest.raises(Invalid, match="yours already"):
            await desk.delegate(run, "a#1/1", "eve", by="eve")
        async with working(app):
            await reached(app, run, RunStatus.WAITING)
            row = await changed(app, run, lambda row: row.standing.changes == 2)
        assert row.standing.agreed == ("user:ann",)
        assert row.standing.approvers == ("role:office", "user:eve", "user:zoe")
        assert not tool.made
        with pytest.raises(Denied, match="handed it on"):
            await desk.answer(run, "a#1/1", True, by="bob")
        await desk.answer(run, "a#1/1", True, by="zoe")
        async with working(app):
            assert await output(app, run) == {"sent": "x@example.org"}
        assert len(tool.made) == 1


@pytest.mark.requirement("GR-10", "WF-11")
async def test_a_question_is_handed_on_once_and_to_somebody(any_shop: Shop) -> None:
    any_shop.workflow("send", SEND)
    async with any_shop.open({"test.send": sender()}) as app:
        run = await asked(app, "send", {"need": 2})
        desk = app.approvals
        for nobody in ("", " ", "two words", "role:nobody"):
            with pytest.raises(Invalid) as caught:
                await desk.delegate(run, "a#1/1", nobody, by="bob")
            assert caught.value.code == "approval_delegate"
        await desk.delegate(run, "a#1/1", "zoe", by="bob")
        await desk.delegate(run, "a#1/1", "zoe", by="bob")
        with pytest.raises(Denied, match="handed 'a#1/1' on to user:zoe"):
            await desk.delegate(run, "a#1/1", "max", by="bob")
        await desk.answer(run, "a#1/1", True, by="ann")
        with pytest.raises(Conflict, match="user:ann approved"):
            await desk.delegate(run, "a#1/1", "max", by="ann")


@pytest.mark.requirement("GR-10")
async def test_who_has_answered_or_handed_on_is_told_so_before_the_run_reads_it(
    any_shop: Shop,
) -> None:
    any_shop.workflow("send", SEND)
    async with any_shop.open({"test.send": sender()}) as app:
        run = await asked(app, "send", {"need": 2})
        desk = app.approvals
        await desk.answer(run, "a#1/1", True, by="ann")
        with pytest.raises(Conflict, match="user:ann approved at") as late:
            await desk.delegate(run, "a#1/1", "zoe", by="ann")
        assert late.value.code == "approval_answered"
        await desk.delegate(run, "a#1/1", "zoe", by="bob")
        with pytest.raises(Denied, match="handed it on") as gone:
            await desk.answer(run, "a#1/1", True, by="bob")
        assert gone.value.code == "approval_not_yours"
        assert await desk.answer(run, "a#1/1", True, by="eve")
        async with working(app):
            assert await output(app, run) == {"sent": "x@example.org"}


@pytest.mark.requirement("GR-10", "GR-06")
async def test_an_answer_to_one_rule_is_none_to_another(shop: Shop) -> None:
    """Whoever may move money changes the sum: the rule of the dear ones asks its own people."""
    shop.workflow("pay", PAY)
    tool = Sender("test.pay", {"type": "object"})
    async with shop.open({"test.pay": tool}) as app:
        run = await asked(app, "pay")
        await app.approvals.answer(run, "a#1/1", True, data={"amount": 500})
        async with working(app):
            row = await changed(app, run, lambda row: row.path == "a#1/2")
        assert row.details.rule == "kapell.tool.dear"
        assert not tool.made
        await app.approvals.answer(run, "a#1/2", True, by="boss")
        async with working(app):
            assert await output(app, run) == {"paid": 500}
        assert tool.made == [{"amount": 500}]


@pytest.mark.requirement("GR-10", "GR-06")
async def test_of_two_rules_that_ask_each_asks_its_own_people(shop: Shop) -> None:
    (shop.folder / "policies" / "tools.rego").write_text(BOTH_ASK, "utf-8")
    shop.workflow("pay", PAY)
    tool = Sender("test.pay", {"type": "object"})
    async with shop.open({"test.pay": tool}) as app:
        run = await asked(app, "pay")
        await app.approvals.answer(run, "a#1/1", True, by="boss")
        async with working(app):
            row = await changed(app, run, lambda row: row.path == "a#1/2")
        assert (row.details.rule, row.standing.approvers) == ("kapell.tool.books", ("user:ann",))
        assert not tool.made
        await app.approvals.answer(run, "a#1/2", True, by="ann")
        async with working(app):
            assert await output(app, run) == {"paid": 5}
        assert len(tool.made) == 1


@pytest.mark.requirement("GR-05", "GR-10")
async def test_an_approved_call_has_its_place_in_its_tools_rate(shop: Shop) -> None:
    rate = "{per: tool, who: test.pay, most: 1, every: 36500d}"
    with (shop.folder / "kapell.yaml").open("a") as file:
        file.write(f"limits: {{rates: [{rate}]}}\n")
    shop.workflow("pay", PAY)
    tool = Sender("test.pay", {"type": "object"})
    async with shop.open({"test.pay": tool}) as app:
        run = await asked(app, "pay")
        await app.approvals.answer(run, "a#1/1", True)
        async with working(app):
            assert await output(app, run) == {"paid": 5}
            other = await started(app, "pay")
            assert (await reached(app, other)).error_code == "rate_limited"
        assert len(tool.made) == 1


@pytest.mark.requirement("GR-09", "GR-10")
async def test_whoever_says_no_to_everything_trips_no_breaker(shop: Shop) -> None:
    step = "  - {id: a%d, tool: test.pay, with: {amount: %d}, on_error: continue}\n"
    shop.workflow("many", "steps:\n" + "".join(step % (one, one) for one in range(4)))
    tool = Sender("test.pay", {"type": "object"})
    async with shop.open({"test.pay": tool}) as app, working(app):
        run = await started(app, "many")
        for one in range(4):
            await changed(app, run, at(f"a{one}#1/1"))
            await app.approvals.answer(run, f"a{one}#1/1", False)
        assert (await reached(app, run)).status is RunStatus.SUCCEEDED
        assert not tool.made


@pytest.mark.requirement("DX-07")
async def test_an_answer_that_comes_too_late_is_told_so(shop: Shop) -> None:
    shop.workflow("step", STEP)
    async with shop.open() as app:
        run = await asked(app, "step")
        (row,) = await app.approvals.list(run)
        await asyncio.sleep(max((row.expires or 0.0) - app.clock.now(), 0.0) + 0.05)
        with pytest.raises(Conflict, match="too late") as caught:
            await app.approvals.answer(run, "a", True)
        assert caught.value.code == "approval_expired"
        async with working(app):
            await reached(app, run)
        with pytest.raises(Conflict) as caught:
            await app.approvals.answer(run, "a", True)
        assert caught.value.code == "approval_expired"
