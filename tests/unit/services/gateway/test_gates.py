"""Gates: who came first is let through first, and who gave up waiting is forgotten."""

import asyncio

import pytest

from kapell.core.gateway.routing.route import Deployment
from kapell.services.gateway.routing.gates import Gates

NARROW = Deployment(name="a", model="a", concurrency=1, rate=60)


async def test_each_call_that_ends_wakes_the_one_that_waits_longest() -> None:
    gates = Gates()
    woken: list[int] = []

    async def wait(number: int) -> None:
        await gates.wait(60)
        woken.append(number)

    waiting = []
    for number in range(3):
        waiting.append(asyncio.create_task(wait(number)))
        await asyncio.sleep(0)
    for number in range(3):
        with gates.passed(NARROW, 0.0):
            assert gates.in_flight == {"a": 1}
        await waiting[number]
        assert woken == list(range(number + 1))
    assert gates.in_flight == {"a": 0}


async def test_who_waited_too_long_takes_nobodys_turn() -> None:
    gates = Gates()
    await gates.wait(0.001)
    cancelled = asyncio.create_task(gates.wait(60))
    await asyncio.sleep(0)
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    last = asyncio.create_task(gates.wait(60))
    await asyncio.sleep(0)
    with gates.passed(NARROW, 0.0):
        pass
    await last


async def test_a_call_that_breaks_gives_its_place_back_and_its_rate_is_spent() -> None:
    gates = Gates()
    with pytest.raises(RuntimeError), gates.passed(NARROW, 5.0):
        raise RuntimeError
    assert gates.in_flight == {"a": 0}
    assert gates.rates["a"].left == pytest.approx(1.0)
