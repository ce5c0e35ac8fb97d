"""Lists, references, costs and what waits for people."""

from collections.abc import Sequence
from functools import partial

import msgspec
import pytest

from kapell.adapters.db import Store
from kapell.core.pricing.forecast import Forecast
from kapell.core.runs.commands import Answer
from kapell.core.runs.rows import (
    ApprovalChanged,
    ApprovalClosed,
    ApprovalOpened,
    ApprovalsVoid,
    DeadLetterClosed,
    DeadLetterOpened,
    Details,
    LedgerReserved,
    LedgerSettled,
    RowChange,
    Standing,
)
from kapell.core.runs.status import RunStatus
from kapell.kit.errors import Failure, Invalid, Missing
from kapell.kit.ids import RunId, TenantId, child_id
from kapell.services.runs.ports import CostRow, Message, RunSummary
from tests.contract.stores.runs import T, decision, new, owned


async def test_runs_are_listed_newest_first(store: Store) -> None:
    await store.starts.start(
        [new("r1"), new("r3", workflow="other"), new("r2"), new("x", tenant=TenantId("globex"))]
    )

    def ids(runs: Sequence[RunSummary]) -> list[str]:
        return [run.run_id for run in runs]

    ask = partial(store.reader.runs, T)
    assert ids(await ask()) == ["r3", "r2", "r1"]
    assert ids(await ask(limit=2)) == ["r3", "r2"]
    assert ids(await ask(before=RunId("r3"))) == ["r2", "r1"]
    assert ids(await ask(workflow="other")) == ["r3"]
    assert ids(await ask(status=RunStatus.RUNNING)) == []
    assert ids(await ask(status=RunStatus.QUEUED, before=RunId("r2"))) == ["r1"]


async def test_a_run_is_found_by_a_part_of_its_id(store: Store) -> None:
    await store.starts.start([new("01abc1"), new("01abd2"), new("02abc3")])
    for ref, run in {"01abc1": "01abc1", "02": "02abc3", "d2": "01abd2", "last": "02abc3"}.items():
        assert (await store.reader.run(T, ref)).run_id == run
    with pytest.raises(Invalid) as many:
        await store.reader.run(T, "01ab")
    with pytest.raises(Missing) as none:
        await store.reader.run(T, "zz")
    assert (many.value.code, none.value.code) == ("run_ambiguous", "run_unknown")
    for ref in ("", "%", "last"):
        with pytest.raises(Missing):
            await store.reader.run(TenantId("globex"), ref)


@pytest.mark.requirement("DX-07")
async def test_the_last_run_is_one_that_somebody_asked_for(store: Store) -> None:
    first, second = RunId("0123456789abc"), RunId("0123456790abc")
    kids = [child_id(first, "a#1"), child_id(second, "b#1"), child_id(second, "c#1")]
    parents = [first, second, second]
    made = [
        msgspec.structs.replace(new(kid), parent_run=of)
        for kid, of in zip(kids, parents, strict=True)
    ]
    await store.starts.start([new(first), new(second), *made])
    assert (await store.reader.run(T, "last")).run_id == second
    assert [one.run_id for one in await store.reader.children(T, second)] == sorted(kids[1:])
    assert await store.reader.children(T, kids[0]) == ()
    assert await store.reader.children(TenantId("globex"), second) == ()


def _reserved(call: str, model: str, usd: int, at: float = 1.0, step: str = "a") -> LedgerReserved:
    return LedgerReserved(
        call=call, path=step, step=step, agent="editor", model=model, usd=usd, tokens=9, at=at
    )


def _settled(call: str, usd: int) -> LedgerSettled:
    return LedgerSettled(
        call=call, usd=usd, input_tokens=10, output_tokens=3, state="settled", at=2.0
    )


async def test_costs_are_grouped(store: Store) -> None:
    one, two = await owned(store, "r1", "r2")
    changes = [_reserved("c1", "openai:a", 50), _reserved("c2", "openai:b", 70, step="b")]
    await store.log.append(decision(one, changes=changes))
    await store.log.append(decision(one, seq=2, changes=[_settled("c1", 5)]))
    late: list[RowChange] = [_reserved("c1", "google:c", 1, at=9.0), _settled("c1", 7)]
    await store.log.append(decision(two, changes=late))
    found = [(row.group, row.calls, row.usd, row.reserved) for row in await _costs(store)]
    assert found == [("google", 1, 7, 0), ("openai", 2, 5, 70)]
    (row,) = await store.reader.costs(T, "model", since=5.0)
    assert (row.group, row.input_tokens, row.output_tokens) == ("google:c", 10, 3)
    assert [row.group for row in await store.reader.costs(T, "step", RunId("r1"))] == ["a", "b"]
    for by, groups in {"agent": ["editor"], "run": ["r2", "r1"], "workflow": ["review"]}.items():
        rows = await store.reader.costs(T, by)  # type: ignore[arg-type] # a loop over the names
        assert [row.group for row in rows] == groups


@pytest.mark.requirement("LG-06", "OB-08")
async def test_a_call_that_never_left_is_none_that_costs(store: Store) -> None:
    (one,) = await owned(store, "r1")
    never = LedgerSettled(
        call="c1", usd=0, input_tokens=0, output_tokens=0, state="settled", at=2.0
    )
    free = msgspec.structs.replace(never, call="c2", output_tokens=3)
    changes: list[RowChange] = [_reserved("c1", "openai:a", 50), _reserved("c2", "offline:b", 0)]
    await store.log.append(decision(one, changes=changes))
    # While it is under way it may yet cost what is set aside.
    assert [row.calls for row in await _costs(store)] == [1, 1]
    await store.log.append(decision(one, seq=2, changes=[never, free]))
    assert [(row.group, row.calls) for row in await _costs(store)] == [("offline", 1)]


@pytest.mark.requirement("LG-06")
async def test_a_route_costs_who_answered_in_its_name(store: Store) -> None:
    (one,) = await owned(store, "r1")
    await store.log.append(decision(one, changes=[_reserved("c1", "smart", 50)]))
    assert [row.group for row in await store.reader.costs(T, "model")] == ["smart"]
    answered = msgspec.structs.replace(_settled("c1", 5), by="azure:gpt-4o")
    await store.log.append(decision(one, seq=2, changes=[answered]))
    # What is learnt late of a call that was given up says nothing new about who answered.
    await store.log.append(decision(one, seq=3, changes=[_settled("c1", 6)]))
    assert [(row.group, row.usd) for row in await store.reader.costs(T, "model")] == [
        ("azure:gpt-4o", 6)
    ]
    assert [row.group for row in await _costs(store)] == ["azure"]
    # Asked anew, nobody has answered yet.
    again: list[RowChange] = [_reserved("c1", "smart", 50)]
    await store.log.append(decision(one, seq=4, changes=again))
    assert [row.group for row in await store.reader.costs(T, "model")] == ["smart"]


async def _costs(store: Store) -> tuple[CostRow, ...]:
    return await store.reader.costs(T, "provider")


def _predicted(call: str, size: int, usd: int, step: str = "a") -> LedgerReserved:
    return msgspec.structs.replace(
        _reserved(call, "openai:a", 50, step=step), size=size, forecast=Forecast(usd=usd)
    )


async def test_predicted_and_actual_costs_are_compared(store: Store) -> None:
    one, two = await owned(store, "r1", "r2")
    free = LedgerSettled(call="c4", usd=0, input_tokens=0, output_tokens=0, state="settled", at=2.0)
    changes: list[RowChange] = [
        _predicted("c1", 100, 8), _settled("c1", 5), _predicted("c2", 10, 1, "b"),
        _settled("c2", 4), _predicted("c3", 10, 99), _predicted("c4", 10, 99), free,
    ]  # fmt: skip
    await store.log.append(decision(one, changes=changes))
    await store.log.append(decision(two, changes=[_predicted("c1", 50, 7), _settled("c1", 9)]))
    (row,) = await store.reader.accuracy(T, "model")
    assert (row.calls, row.predicted, row.usd, row.missed) == (3, 16, 18, 3 + 3 + 2)
    found = [(row.group, row.usd) for row in await store.reader.accuracy(T, "run")]
    assert found == [("r1", 9), ("r2", 9)]
    (row,) = await store.reader.accuracy(T, "step", RunId("r2"))
    assert (row.group, row.predicted, row.usd, row.missed) == ("a", 7, 9, 2)
    assert await store.reader.accuracy(T, "model", since=5.0) == ()
    assert await store.reader.accuracy(TenantId("globex"), "model") == ()


async def test_what_calls_used_is_added_up_by_model_agent_and_step(store: Store) -> None:
    (claim,) = await owned(store, "r1")
    changes: list[RowChange] = [
        _predicted("c1", 100, 8), _settled("c1", 5), _predicted("c2", 50, 1), _settled("c2", 4),
        _predicted("c3", 10, 1, "b"), _settled("c3", 4), _reserved("c4", "openai:a", 1),
        _settled("c4", 1),
    ]  # fmt: skip
    await store.log.append(decision(claim, changes=changes))
    a, b = (await store.reader.habits(T))["openai:a"]
    assert (a.agent, a.step, a.calls, a.usd, b.step, b.calls) == ("editor", "a", 2, 9.0, "b", 1)
    assert (a.size, a.size_size) == (150.0, 12500.0)
    assert (a.input, a.input_size) == (20.0, 1500.0)
    assert (a.output, a.output_size, a.output_output) == (6.0, 450.0, 18.0)
    assert await store.reader.habits(TenantId("globex")) == {}


async def test_a_late_answer_corrects_the_ledger(store: Store) -> None:
    (claim,) = await owned(store, "r1")
    abandoned = LedgerSettled(
        call="c1", usd=99, input_tokens=0, output_tokens=0, state="abandoned", at=2.0
    )
    await store.log.append(decision(claim, changes=[_reserved("c1", "m", 99), abandoned]))
    await store.log.append(decision(claim, seq=2, changes=[_settled("c1", 4)]))
    (row,) = await store.reader.costs(T, "run")
    assert (row.calls, row.usd, row.reserved, row.output_tokens) == (1, 4, 0, 3)
    await store.log.append(
        decision(claim, seq=3, changes=[_settled("c1", 5), _reserved("c1", "m", 8)])
    )
    (row,) = await store.reader.costs(T, "run")
    assert (row.usd, row.reserved) == (0, 8)


def _opened(path: str, at: float) -> ApprovalOpened:
    return ApprovalOpened(
        path=path, step=path, title=f"May {path}?", data='{"a":1}', edit=("a",), expires=None, at=at
    )


async def test_approvals_open_and_close(store: Store) -> None:
    one, two = await owned(store, "r1", "r2")
    await store.log.append(decision(two, changes=[_opened("ask", 2.0)]))
    await store.log.append(decision(one, changes=[_opened("ask", 1.0), _opened("b", 3.0)]))
    closed = ApprovalClosed(path="ask", answer="approved", by="user:eve", at=4.0)
    await store.log.append(decision(one, seq=2, changes=[closed, _opened("ask", 5.0)]))
    found = await store.reader.approvals(T)
    assert [(row.run_id, row.path, row.at) for row in found] == [
        ("r2", "ask", 2.0),
        ("r1", "b", 3.0),
        ("r1", "ask", 5.0),
    ]
    assert (found[0].title, found[0].data, found[0].edit) == ("May ask?", '{"a":1}', ("a",))
    answered = await store.reader.approvals(T, RunId("r1"), open_only=False)
    assert (answered[0].answer, answered[0].by, found[0].workflow) == (
        "approved",
        "user:eve",
        "review",
    )


async def test_an_approval_opened_and_closed_at_once_is_closed(store: Store) -> None:
    (claim,) = await owned(store, "r1")
    closed = ApprovalClosed(path="ask", answer="void", by="system", at=1.0)
    await store.log.append(decision(claim, changes=[_opened("ask", 1.0), closed]))
    assert await store.reader.approvals(T) == ()


async def test_a_question_comes_further_and_is_void_with_its_step(store: Store) -> None:
    (claim,) = await owned(store, "r1")
    details = Details(call="a#1/1", tool="send", rule="r", labels={"to": ("web",)}, need=2)
    asked = [
        msgspec.structs.replace(_opened(path, 1.0), step="a", details=details)
        for path in ("a#1/1", "a#1/2")
    ]
    await store.log.append(decision(claim, changes=asked))
    standing = Standing(digest="d", approvers=("role:x",), agreed=("user:eve",), changes=1)
    changed = ApprovalChanged(path="a#1/1", data='{"a":2}', standing=standing)
    await store.log.append(decision(claim, seq=2, changes=[changed]))
    one, two = await store.reader.approvals(T)
    assert (one.step, one.details, one.standing, one.data) == ("a", details, standing, '{"a":2}')
    assert (two.standing, two.closed_at) == (Standing(), None)
    void = ApprovalsVoid(step="a", by="worker:w", at=9.0)
    await store.log.append(decision(claim, seq=3, changes=[void]))
    closed = await store.reader.approvals(T, open_only=False)
    assert {(row.answer, row.by, row.closed_at) for row in closed} == {("void", "worker:w", 9.0)}


async def test_what_a_run_was_told_is_found_by_the_beginning_of_its_key(store: Store) -> None:
    await owned(store, "r1")
    for key in ("answer:a:2", "answer:a:1", "answer:b", "answ"):
        command = Answer("a", approved=True)
        await store.starts.send(
            Message(tenant_id=T, run_id=RunId("r1"), key=key, command=command, actor="user:eve")
        )
    found = await store.reader.told(T, RunId("r1"), "answer:a:")
    assert [(one.key, one.actor) for one in found] == [
        ("answer:a:2", "user:eve"),
        ("answer:a:1", "user:eve"),
    ]


async def test_dead_letters_are_buried_by_path(store: Store) -> None:
    (claim,) = await owned(store, "r1")
    paths = ["fan[1]/call", "fan[10]/call", "fan[1]", "fanfare"]
    dead = [
        DeadLetterOpened(
            path=path, stage="call", failure=Failure(code="c", message="m"), attempts=3, at=at
        )
        for at, path in enumerate(paths, start=1)
    ]
    await store.log.append(decision(claim, changes=dead))
    found = await store.reader.dead_letters(T, RunId("r1"))
    assert [row.path for row in found] == paths
    assert (found[0].stage, found[0].code, found[0].message, found[0].attempts) == (
        "call", "c", "m", 3,
    )  # fmt: skip
    buried = [DeadLetterClosed(path="fan[1]", at=9.0)]
    await store.log.append(decision(claim, seq=2, changes=buried))
    assert [row.path for row in await store.reader.dead_letters(T)] == ["fan[10]/call", "fanfare"]
    await store.log.append(decision(claim, seq=3, changes=[DeadLetterClosed(path="", at=9.0)]))
    assert await store.reader.dead_letters(T) == ()


async def test_cursors_are_remembered(store: Store) -> None:
    assert await store.reader.cursor("ui") == 0
    await store.reader.save_cursor("ui", 7)
    await store.reader.save_cursor("ui", 9)
    assert (await store.reader.cursor("ui"), await store.reader.cursor("audit")) == (9, 0)
