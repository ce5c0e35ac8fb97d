"""The health of deployments: one truth for all workers, on every store."""

import asyncio

import pytest

from kapell.adapters.db import Store
from kapell.core.gateway.routing.health import Health, Outcome, Report, standing
from kapell.core.gateway.routing.minutes import KEPT, minute_of
from kapell.core.gateway.routing.route import Breaker
from kapell.kit.ids import TenantId
from tests.contract.stores.places import Place
from tests.contract.stores.runs import T

OTHER = TenantId("other")
NOW = 1_800_000_000.0
RULE = Breaker(failures=3, cooldown=10.0)


def said(outcome: Outcome, at: float = NOW, name: str = "openai:a", seconds: float = 0.5) -> Report:
    code = {"failed": "model_unavailable", "limited": "model_rate_limited"}.get(outcome, "")
    return Report(deployment=name, outcome=outcome, at=at, seconds=seconds, code=code, breaker=RULE)


@pytest.mark.requirement("LG-04")
async def test_failures_of_several_workers_open_one_breaker(place: Place) -> None:
    workers = [await place.store() for _ in range(3)]
    for store in workers:
        await store.deployments.report(T, [said("failed")])
    for store in workers:
        health = (await store.deployments.healths(T))["openai:a"]
        assert standing(health, NOW + 1) == "open"
        assert health.failures == 3
        assert health.code == "model_unavailable"
    assert await workers[0].deployments.healths(OTHER) == {}


async def test_reports_at_the_same_time_all_count(place: Place) -> None:
    workers = [await place.store() for _ in range(4)]
    await asyncio.gather(
        *(
            store.deployments.report(
                T, [said("answered", NOW + turn, name) for name in ("openai:a", "google:b")]
            )
            for store in workers
            for turn in range(10)
        )
    )
    found = await workers[0].deployments.healths(T)
    assert {name: health.window_calls for name, health in found.items()} == {
        "openai:a": 40,
        "google:b": 40,
    }


@pytest.mark.requirement("LG-04")
async def test_one_of_all_workers_gets_the_probe(place: Place) -> None:
    workers = [await place.store() for _ in range(4)]
    await workers[0].deployments.report(T, [said("failed")] * 3)
    early = await workers[1].deployments.probe(T, "openai:a", NOW + 9, NOW + 20)
    assert early[0] is False
    claims = await asyncio.gather(
        *(store.deployments.probe(T, "openai:a", NOW + 11, NOW + 20) for store in workers)
    )
    assert sorted(got for got, _ in claims) == [False, False, False, True]
    assert {standing(health, NOW + 12) for _, health in claims} == {"probing"}
    # A prober that never came back keeps nobody else from trying.
    again, _ = await workers[2].deployments.probe(T, "openai:a", NOW + 21, NOW + 30)
    assert again
    found = await workers[3].deployments.report(T, [said("answered", NOW + 22)])
    assert standing(found["openai:a"], NOW + 22) == "well"


async def test_a_deployment_nobody_knows_has_no_probe(store: Store) -> None:
    assert await store.deployments.probe(T, "openai:new", NOW, NOW + 1) == (False, Health())
    assert await store.deployments.report(T, []) == {}
    assert await store.deployments.healths(T) == {}


@pytest.mark.requirement("LG-12")
async def test_minutes_add_up_and_end_after_an_hour(place: Place) -> None:
    one, two = await place.store(), await place.store()
    await one.deployments.report(T, [said("answered", seconds=0.5), said("failed")])
    await two.deployments.report(T, [said("answered", seconds=2.0), said("limited")])
    await two.deployments.report(OTHER, [said("failed")])
    first = minute_of(NOW)
    (minute,) = await one.deployments.minutes(T, first)
    assert (minute.answered, minute.failed, minute.limited) == (2, 1, 1)
    assert (minute.seconds, minute.slowest) == (2.5, 2.0)
    assert minute.minute == first
    assert await one.deployments.minutes(T, first + 1) == []

    hour = KEPT * 60.0
    await one.deployments.report(T, [said("answered", NOW + hour - 60, "google:b")])
    names = [one.deployment for one in await two.deployments.minutes(T, 0)]
    assert names == ["google:b", "openai:a"]
    await one.deployments.report(T, [said("answered", NOW + hour)])
    kept = await two.deployments.minutes(T, 0)
    assert [(one.deployment, one.minute - first) for one in kept] == [
        ("google:b", KEPT - 1),
        ("openai:a", KEPT),
    ]
    assert len(await two.deployments.minutes(OTHER, 0)) == 1
