"""The door: answers given again, and calls that have no room in a quota."""

import asyncio
from collections.abc import Callable, Sequence

import msgspec
import pytest

from kapell.core.gateway.calls import Message, ModelAnswer, ModelRequest, ToolAsk, Try, Usage
from kapell.core.gateway.quotas import Amount, Quota, Settlement
from kapell.core.pricing.quote import Quote
from kapell.kit.errors import Limited, Unavailable
from kapell.kit.ids import TenantId
from kapell.services.gateway.answers import AnswerCache
from kapell.services.gateway.counts import QuotaGuard
from kapell.services.gateway.door import Gateway
from kapell.services.gateway.ports import OnDelta
from kapell.testing.stores import MemoryStore
from kapell.testing.stores.counts import MemoryCounts

HOUR = 3600.0
ACME = TenantId("acme")
ASK = ModelRequest(
    model="openai:small",
    messages=(Message("user", "What is it?"),),
    tenant="acme",
    subject="user:anna",
    conversation="c1",
    trust="trusted",
    cache=60.0,
    max_output=10,
)


class _Model:
    """Answers what it is told to, with the number of the call."""

    def __init__(self) -> None:
        self.calls = 0
        self.answer = ModelAnswer(text="It is", usage=Usage(input_tokens=20, output_tokens=5))
        self.error: Exception | None = None

    async def complete(self, request: ModelRequest, on_delta: OnDelta | None = None) -> ModelAnswer:
        del request, on_delta
        self.calls += 1
        if self.error is not None:
            raise self.error
        text = f"{self.answer.text} {self.calls}"
        return msgspec.structs.replace(self.answer, text=text)

    async def close(self) -> None:
        """Hold nothing."""


class _Prices:
    def quote(self, model: str) -> Quote:
        # One nano-dollar a token.
        return Quote(model=model, input_price=10**6, output_price=10**6)


class _Bench:
    def __init__(
        self,
        *quotas: Quota,
        meaning: Callable[[ModelRequest], str] = lambda request: request.model,
        counts: Callable[[Callable[[], float]], MemoryCounts] = MemoryCounts,
    ) -> None:
        self.model = _Model()
        self.now = 10_000 * HOUR
        self.store = MemoryStore(lambda: self.now)
        self.counts = counts(lambda: self.now)
        self.guard = QuotaGuard(quotas, self.counts, _Prices())
        self.gateway = Gateway(
            {"openai": lambda: self.model},
            answers=AnswerCache(self.store.results, meaning),
            quotas=self.guard,
        )

    async def ask(self, **changes: object) -> ModelAnswer:
        return await self.gateway.complete(msgspec.structs.replace(ASK, **changes))

    async def used(self) -> Amount:
        await self.guard.close()  # what was not used is given back beside the calls
        return await self.counts.used(ACME, "user=user:anna", HOUR)


@pytest.mark.requirement("LG-10")
async def test_the_same_answer_is_given_again_free_of_cost() -> None:
    bench = _Bench()
    first = await bench.ask()
    again = await bench.ask(
        timeout=3.0, idempotency_key="other", label="other", subject="user:ben", conversation="c2"
    )
    assert (first.cached, again.cached, again.text) == (False, True, first.text)
    assert again.usage == Usage()
    told: list[str] = []
    await bench.gateway.complete(ASK, told.append)
    assert told == [first.text]
    assert bench.model.calls == 1


@pytest.mark.requirement("LG-10")
@pytest.mark.parametrize(
    "change",
    [
        {"model": "openai:large"}, {"messages": (Message("user", "What is it"),)},
        {"messages": (Message("system", "Short."), *ASK.messages)}, {"schema": {"type": "string"}},
        {"max_output": 11}, {"temperature": 0.5}, {"tenant": "globex"}, {"trust": "untrusted"},
        {"cache": 0.0},
    ],
)  # fmt: skip
async def test_what_shapes_an_answer_makes_another(change: dict[str, object]) -> None:
    bench = _Bench()
    await bench.ask()
    answer = await bench.ask(**change)
    assert (answer.cached, bench.model.calls) == (False, 2)


async def test_answers_end_and_routes_that_change_mean_others() -> None:
    meanings = {"openai:small": "one"}
    bench = _Bench(meaning=lambda request: meanings[request.model])
    await bench.ask()
    meanings["openai:small"] = "two"
    assert not (await bench.ask()).cached
    assert (await bench.ask()).cached
    bench.now += 61
    assert not (await bench.ask()).cached


@pytest.mark.parametrize(
    "answer",
    [
        ModelAnswer(text="cut", finish="length"),
        ModelAnswer(text="no", finish="filter"),
        ModelAnswer(text="", asks=(ToolAsk("1", "t", None, "{broken"),)),
    ],
)
async def test_what_is_no_whole_answer_is_not_kept(answer: ModelAnswer) -> None:
    bench = _Bench()
    bench.model.answer = answer
    await bench.ask()
    assert not (await bench.ask()).cached


async def test_what_does_not_fit_the_schema_is_not_kept() -> None:
    bench = _Bench()
    wanted = {"type": "object", "required": ["a"]}
    bench.model.answer = ModelAnswer(text="{}", value={})
    await bench.ask(schema=wanted)
    bench.model.answer = ModelAnswer(text="{}", value={"a": 1})
    assert not (await bench.ask(schema=wanted)).cached
    kept = await bench.ask(schema=wanted)
    assert (kept.cached, kept.value) == (True, {"a": 1})


@pytest.mark.requirement("LG-10")
async def test_a_call_without_room_says_when_to_come_back() -> None:
    bench = _Bench(Quota(per="user", every=HOUR, calls=2))
    bench.now += 600
    for _ in range(2):
        await bench.ask(cache=0.0)
    with pytest.raises(Limited) as refused:
        await bench.ask(cache=0.0)
    assert (refused.value.code, refused.value.retry_after) == ("quota_spent", 3000.0)
    assert "2 of 2 calls" in refused.value.message
    assert bench.model.calls == 2
    await bench.ask(cache=0.0, subject="user:ben")
    bench.now += 3000
    await bench.ask(cache=0.0)
    assert bench.model.calls == 4


@pytest.mark.requirement("LG-10")
@pytest.mark.parametrize(
    ("quota", "other"),
    [
        (Quota(per="tenant", every=HOUR, calls=1), {"tenant": "globex"}),
        (Quota(per="user", every=HOUR, calls=1), {"subject": "user:ben"}),
        (Quota(per="conversation", every=HOUR, calls=1), {"conversation": "c2"}),
        (Quota(per="user", who="user:anna", every=HOUR, calls=1), {"subject": "user:ben"}),
    ],
)
async def test_each_counts_by_itself(quota: Quota, other: dict[str, object]) -> None:
    bench = _Bench(quota)
    await bench.ask(cache=0.0)
    with pytest.raises(Limited):
        await bench.ask(cache=0.0)
    await bench.ask(cache=0.0, **other)


async def test_a_key_counts_as_a_key_only() -> None:
    bench = _Bench(Quota(per="key", every=HOUR, calls=1))
    await bench.ask(cache=0.0)
    await bench.ask(cache=0.0, subject="key:k1")
    with pytest.raises(Limited):
        await bench.ask(cache=0.0, subject="key:k1")


async def test_two_quotas_of_one_window_are_both_kept() -> None:
    bench = _Bench(Quota(per="user", every=HOUR, calls=9), Quota(per="user", every=HOUR, usd=400))
    await bench.ask(cache=0.0)
    used = await bench.used()
    assert used == Amount(1, 25, 25)  # the worst case was set aside and given back
    with pytest.raises(Limited, match="of 9 calls"):
        while True:
            await bench.ask(cache=0.0)
    assert bench.model.calls < 9


async def test_a_try_that_may_be_charged_counts_though_another_answered() -> None:
    bench = _Bench(Quota(per="user", every=HOUR, calls=9))
    lost = Try(
        deployment="a", model="openai:a", outcome="failed", code="model_timeout", uncertain=True
    )
    bench.model.answer = msgspec.structs.replace(bench.model.answer, tries=(lost,))
    await bench.ask(cache=0.0)
    used = await bench.used()
    # What was set aside: the prompt's bytes, what providers add to it, and all the output.
    assert (used.calls, used.tokens > 200) == (1, True)


async def test_an_answer_given_again_needs_no_room() -> None:
    bench = _Bench(Quota(per="user", every=HOUR, calls=1))
    await bench.ask()
    assert (await bench.ask()).cached


async def test_what_failed_is_given_back_unless_it_may_be_charged() -> None:
    bench = _Bench(Quota(per="user", every=HOUR, calls=9))
    for code, left in (("model_unavailable", Amount()), ("model_timeout", Amount(1, 306, 0))):
        bench.model.error = Unavailable("down", code=code)
        with pytest.raises(Unavailable):
            await bench.ask(cache=0.0)
        used = await bench.used()
        assert (used.calls, used.tokens > 0) == (left.calls, left.tokens > 0)


class _Counts(MemoryCounts):
    """Counts whose giving back takes a while, or fails while the store is away."""

    away = False

    async def settle(self, tenant_id: TenantId, settlements: Sequence[Settlement]) -> None:
        for _ in range(9):
            await asyncio.sleep(0)
        if self.away:
            raise Unavailable("The store is away.")
        await super().settle(tenant_id, settlements)


async def test_what_the_call_before_left_over_is_there_for_the_next() -> None:
    bench = _Bench(Quota(per="user", every=HOUR, tokens=400), counts=_Counts)
    for _ in range(4):  # each sets about 300 aside and uses 25
        await bench.ask(cache=0.0)
    assert await bench.used() == Amount(4, 100, 100)


async def test_who_comes_while_it_is_given_back_waits_for_that() -> None:
    bench = _Bench(Quota(per="user", every=HOUR, tokens=700), counts=_Counts)
    for _ in range(3):  # two at once need about 570 of the 700
        both = await asyncio.gather(*(bench.ask(cache=0.0) for _ in range(2)))
        assert [one.usage.total for one in both] == [25, 25]
    assert (await bench.used()).calls == 6


async def test_room_is_taken_while_the_intent_of_a_call_is_waited_for() -> None:
    bench = _Bench(Quota(per="user", every=HOUR, calls=1))
    intent = asyncio.Event()
    asking = asyncio.create_task(
        bench.gateway.complete(msgspec.structs.replace(ASK, cache=0.0), intent=intent)
    )
    await asyncio.sleep(0)
    with pytest.raises(Limited):
        await bench.ask(cache=0.0)
    assert bench.model.calls == 0
    intent.set()
    assert (await asking).text == "It is 1"


async def test_a_call_that_is_not_made_after_all_is_given_back() -> None:
    bench = _Bench(Quota(per="user", every=HOUR, calls=1))
    asking = asyncio.create_task(
        bench.gateway.complete(msgspec.structs.replace(ASK, cache=0.0), intent=asyncio.Event())
    )
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert (await bench.ask(cache=0.0)).text == "It is 1"


@pytest.mark.parametrize("quotas", [(), (Quota(per="user", every=HOUR, calls=9),)])
async def test_not_even_a_kept_answer_is_given_before_the_intent_is_durable(
    quotas: tuple[Quota, ...],
) -> None:
    bench = _Bench(*quotas)
    await bench.ask()
    intent, told = asyncio.Event(), list[str]()
    asking = asyncio.create_task(bench.gateway.complete(ASK, told.append, intent))
    for _ in range(9):
        await asyncio.sleep(0)
    assert (asking.done(), told) == (False, [])
    intent.set()
    assert (await asking).cached


async def test_a_door_that_closes_gives_back_first() -> None:
    bench = _Bench(Quota(per="user", every=HOUR, calls=9))
    await bench.ask(cache=0.0)
    await bench.gateway.close()
    assert await bench.counts.used(ACME, "user=user:anna", HOUR) == Amount(1, 25, 25)


async def test_an_answer_is_not_lost_when_what_is_left_over_cannot_be_given_back() -> None:
    bench = _Bench(Quota(per="user", every=HOUR, calls=9), counts=_Counts)
    assert isinstance(bench.counts, _Counts)
    bench.counts.away = True
    assert (await bench.ask(cache=0.0)).text == "It is 1"
    assert (await bench.used()).tokens > 25
    bench.counts.away = False
    assert await bench.used() == Amount(1, 25, 25)


async def test_money_is_never_overdrawn_by_calls_at_once() -> None:
    bench = _Bench(Quota(per="tenant", every=HOUR, usd=1000))
    asked = (bench.ask(cache=0.0) for _ in range(50))
    ended = await asyncio.gather(*asked, return_exceptions=True)
    assert any(isinstance(one, Limited) for one in ended)
    assert all(isinstance(one, Limited | ModelAnswer) for one in ended)
    assert (await bench.counts.used(ACME, "tenant=acme", HOUR)).usd <= 1000
