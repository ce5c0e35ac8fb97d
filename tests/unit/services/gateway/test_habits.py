"""A day out of habit is told once, whoever notices; policies say what is out of habit."""

import asyncio
from collections.abc import Mapping

import pytest

from kapell.core.gateway.calls import Message, ModelAnswer, ModelRequest, Usage
from kapell.core.gateway.quotas import DAY, Amount, Per, Quota, Settlement, Wanted
from kapell.core.policies.caller import Caller
from kapell.core.policies.notes import Fact
from kapell.core.policies.spending import Spending
from kapell.core.pricing.quote import Quote
from kapell.kit.ids import TenantId
from kapell.services.gateway.counts import QuotaGuard
from kapell.services.gateway.habits import Habits
from kapell.services.gateway.spending import Said
from kapell.testing.stores.counts import MemoryCounts

pytestmark = pytest.mark.requirement("GR-07")

TENANT = TenantId("acme")
ASK = ModelRequest(
    model="openai:small",
    messages=(Message("user", "?"),),
    tenant=TENANT,
    subject="user:anna",
    max_output=10,
)


class _Prices:
    def quote(self, model: str) -> Quote:
        return Quote(model=model, input_price=10**6, output_price=10**6)


class _Rules:
    def __init__(self, unusual: Mapping[str, float | None]) -> None:
        self.unusual = unusual

    async def limits(self, caller: Caller) -> Said:
        return Said(unusual=self.unusual)


class World:
    """Counts of a store with a clock, and workers on it."""

    def __init__(self, *spent: int, per: Per = "user") -> None:
        self.now = 1_000.5 * DAY
        self.counts = MemoryCounts(lambda: self.now)
        self.quota = Quota(per=per, every=DAY, guard=True)
        self.scope = {"user": "user=user:anna", "tenant": "tenant=acme"}[per]
        self.spent = spent
        self.facts: list[Fact] = []

    async def past(self) -> None:
        """Count what was spent on the days before."""
        want = Wanted(scope=self.scope, quota=self.quota)
        for back, usd in enumerate(self.spent, start=1):
            at = self.now - back * DAY
            await self.counts.settle(TENANT, [Settlement([want], at, Amount(1, 1, usd))])

    def worker(self, times: float | None = 3.0, least: int = 0, **said: float | None) -> QuotaGuard:
        """Return a guard as one process has it."""
        habits = Habits(self.counts, times, least, lambda: self.now)
        return QuotaGuard([self.quota], self.counts, _Prices(), _Rules(said), watch=habits)

    async def spend(self, guard: QuotaGuard, tokens: int) -> None:
        """Make a call that costs as many nano-dollars as it has tokens."""

        async def ask() -> ModelAnswer:
            await asyncio.sleep(0)
            return ModelAnswer(text="a", usage=Usage(input_tokens=tokens))

        await guard.complete(ASK, ask, None, self.facts.append)


@pytest.mark.parametrize("per", ["user", "tenant"])
async def test_a_day_out_of_habit_is_told_once_by_one_worker(per: Per) -> None:
    world = World(100, 120, 80, 100, 5_000, per=per)
    await world.past()
    one, other = world.worker(), world.worker()
    await world.spend(one, 290)
    assert world.facts == []
    for _ in range(3):
        await world.spend(one, 10)
        await world.spend(other, 10)
    assert world.facts == [
        Spending(whose=world.scope, every=DAY, limit=100, used=300, unusual=True)
    ]
    world.now += DAY
    await world.spend(other, 2_000)
    assert len(world.facts) == 2, "the next day is told anew"


@pytest.mark.parametrize(
    ("spent", "least"), [([100] * 4, 0), ([], 0), ([100] * 14, 100_000), ([900] * 14, 0)]
)
async def test_who_is_hardly_known_or_spends_little_is_told_of_never(
    spent: list[int], least: int
) -> None:
    world = World(*spent)
    await world.past()
    await world.spend(world.worker(least=least), 2_000)
    assert world.facts == []


async def test_policies_and_settings_say_what_is_out_of_habit() -> None:
    world = World(*[100] * 7)
    await world.past()
    await world.spend(world.worker(user=None), 400)
    await world.spend(world.worker(user=50.0), 400)
    await world.spend(world.worker(times=None), 400)
    assert world.facts == []
    await world.spend(world.worker(times=None, user=2.0), 1)
    assert [one.limit for one in world.facts if isinstance(one, Spending)] == [100]
