"""The limits of money at the door: told when they come near, held when they are reached."""

import asyncio
from collections.abc import Mapping

import msgspec
import pytest

from kapell.core.gateway.calls import Message, ModelAnswer, ModelRequest, Usage
from kapell.core.gateway.quotas import Quota
from kapell.core.policies.caller import Caller
from kapell.core.policies.notes import Fact, unnoted
from kapell.core.policies.spending import Spending
from kapell.core.pricing.quote import Quote
from kapell.kit.errors import Limited
from kapell.services.gateway.counts import QuotaGuard
from kapell.services.gateway.spending import Said
from kapell.testing.stores.counts import MemoryCounts

DAY = 86_400.0
LIMIT = Quota(per="user", every=DAY, usd=10_000, guard=True)
ASK = ModelRequest(
    model="openai:small",
    messages=(Message("user", "?"),),
    tenant="acme",
    subject="user:anna",
    max_output=1000,
)


class _Prices:
    def __init__(self, price: int = 10**6) -> None:
        self.price = price  # 10**6: one nano-dollar a token

    def quote(self, model: str) -> Quote:
        return Quote(model=model, input_price=self.price, output_price=self.price)


class _Rules:
    def __init__(self, said: Mapping[str, int | None]) -> None:
        self.said = said

    async def limits(self, caller: Caller) -> Said:
        return Said(usd=self.said)


def _guard(*, price: int = 10**6, said: Mapping[str, int | None] | None = None) -> QuotaGuard:
    counts = MemoryCounts(lambda: 1_000 * DAY)
    return QuotaGuard([LIMIT], counts, _Prices(price), _Rules(said or {}))


async def _spend(guard: QuotaGuard, tokens: int, note: list[Fact] | None = None) -> None:
    async def ask() -> ModelAnswer:
        await asyncio.sleep(0)
        return ModelAnswer(text="a", usage=Usage(input_tokens=tokens))

    await guard.complete(ASK, ask, None, unnoted if note is None else note.append)


@pytest.mark.requirement("GR-07")
async def test_four_fifths_of_a_limit_are_told_once_and_no_call_goes_over_it() -> None:
    guard, facts = _guard(), list[Fact]()
    for _ in range(9):
        await _spend(guard, 800, facts)
    assert facts == []
    await _spend(guard, 800, facts)
    assert facts == [Spending(whose="user=user:anna", every=DAY, limit=10_000, used=8000)]
    with pytest.raises(Limited) as refused:
        for _ in range(5):
            await _spend(guard, 800, facts)
    assert len(facts) == 1
    assert refused.value.code == "cost_limit"
    assert refused.value.retry_after == DAY
    assert "limits.cost.user" in refused.value.advice


@pytest.mark.requirement("GR-07")
async def test_of_two_workers_and_many_calls_at_once_one_tells() -> None:
    counts, facts = MemoryCounts(lambda: 1_000 * DAY), list[Fact]()
    limit = msgspec.structs.replace(LIMIT, usd=100_000)
    workers = [QuotaGuard([limit], counts, _Prices(), _Rules({})) for _ in range(2)]
    told = []
    for _ in range(22):
        await asyncio.gather(*(_spend(workers[n % 2], 1000, facts) for n in range(4)))
        told.append(len(facts))
    # What the other worker has set aside counts as spent until it is settled.
    assert told[:15] == [0] * 15
    assert told[19:] == [1] * 3


@pytest.mark.requirement("GR-07")
async def test_many_calls_at_once_wait_for_what_the_others_give_back() -> None:
    guard = _guard()  # each sets aside over 1000 of the 10,000, and costs 100
    await asyncio.gather(*(_spend(guard, 100) for _ in range(60)))
    with pytest.raises(Limited):
        await asyncio.gather(*(_spend(guard, 100) for _ in range(60)))


async def test_what_costs_nothing_needs_no_room() -> None:
    free = _guard(price=0, said={"user": 0})
    facts: list[Fact] = []
    await _spend(free, 10**9, facts)
    assert facts == []


@pytest.mark.requirement("GR-07")
async def test_a_policy_raises_lowers_or_lifts_a_limit() -> None:
    with pytest.raises(Limited):
        await _spend(_guard(said={"user": 50}), 10)
    raised = _guard(said={"user": 10**6})
    for _ in range(20):
        await _spend(raised, 1000)
    lifted = _guard(said={"user": None})
    for _ in range(20):
        await _spend(lifted, 1000)
