"""Rates held where runs begin, where they are told something, and at the door to tools."""

from pathlib import Path

import pytest
from redis import Redis

from kapell.bootstrap.app import open_app
from kapell.bootstrap.single_call import call_tool
from kapell.core.limits.rates import Asker
from kapell.kit.errors import Denied, Limited, Missing, Unavailable

GREET = "name: greet\nsteps: [{id: a, set: {text: hello}}]\n"
ASKING = "name: asking\nsteps: [{id: a, approval: {title: Go on?}}]\n"
DAYS = "36500d"
"""A window that ends for nobody while the test runs."""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / "workflows").mkdir()
    (tmp_path / "workflows/greet.yaml").write_text(GREET)
    (tmp_path / "workflows/asking.yaml").write_text(ASKING)
    return tmp_path


def _limits(workspace: Path, *rates: str, more: str = "") -> None:
    lines = "\n".join(f"    - {{every: {DAYS}, {rate}}}" for rate in rates)
    (workspace / "kapell.yaml").write_text(f"model: offline\nlimits:\n{more}  rates:\n{lines}\n")


def _from(user: str, ip: str = "192.0.2.1") -> Asker:
    return Asker(tenant="local", user=user, ip=ip, served=True)


@pytest.mark.requirement("GR-05")
async def test_who_asks_too_often_is_told_when_to_come_back_and_others_go_on(
    workspace: Path,
) -> None:
    _limits(workspace, "per: user, most: 2")
    async with open_app(workspace) as app:
        for _ in range(2):
            await app.starter.start("greet", {}, asker=_from("user:anna"))
        with pytest.raises(Limited) as caught:
            await app.starter.start("greet", {}, asker=_from("user:anna"))
        assert caught.value.code == "rate_limited"
        assert caught.value.retry_after is not None
        assert caught.value.retry_after >= 1
        await app.starter.start("greet", {}, asker=_from("user:ben"))
        assert len(await app.reader.runs(app.tenant)) == 3
    async with open_app(workspace) as app:  # another process counts on
        with pytest.raises(Limited):
            await app.starter.start("greet", {}, asker=_from("user:anna"))


@pytest.mark.requirement("GR-05")
async def test_the_plans_rates_hold_for_who_is_served_and_not_at_the_terminal(
    workspace: Path,
) -> None:
    async with open_app(workspace) as app:
        for _ in range(15):
            await app.starter.start("greet", {})
        let_in = 0
        with pytest.raises(Limited, match="10 are allowed within 1m00s"):
            for _ in range(25):  # a minute may end in between
                await app.starter.start("greet", {}, asker=_from("user:anna"))
                let_in += 1
        assert let_in >= 10


async def test_answers_and_signals_count_as_what_somebody_asks(workspace: Path) -> None:
    _limits(workspace, "per: ip, most: 2")
    async with open_app(workspace) as app:
        started = await app.starter.start("asking", {}, asker=_from("user:anna"))
        await app.run_until_idle(started.run_id)
        await app.teller.signal(started.run_id, "knock", asker=_from("user:ben"))
        with pytest.raises(Limited, match=r"ip '192\.0\.2\.1'"):
            await app.approvals.answer(started.run_id, "a", True, asker=_from("user:eve"))
        await app.approvals.answer(started.run_id, "a", True, asker=_from("user:eve", "192.0.2.2"))


@pytest.mark.requirement("GR-05")
async def test_a_tools_rate_holds_whoever_calls_it(workspace: Path) -> None:
    _limits(workspace, "per: tool, who: 'text.*', most: 1")
    async with open_app(workspace) as app:
        await call_tool(app, "text.count", {"text": "a b"})
        with pytest.raises(Limited, match="calls of tool"):
            await call_tool(app, "text.count", {"text": "a b"})


async def test_redis_counts_in_place_of_the_database(workspace: Path, redis_url: str) -> None:
    _limits(workspace, "per: user, most: 1", more=f"  redis: {redis_url}\n")
    async with open_app(workspace) as app:
        await app.starter.start("greet", {}, asker=_from("user:anna"))
        with pytest.raises(Limited):
            await app.starter.start("greet", {}, asker=_from("user:anna"))
        assert (await app.store.counts.used(app.tenant, "asked:user=user:anna", 1e9)).calls == 0


async def test_a_redis_that_is_away_lets_nobody_in(workspace: Path) -> None:
    _limits(workspace, "per: user, most: 9", more=f"  redis: unix://{workspace}/nobody\n")
    async with open_app(workspace) as app:
        with pytest.raises(Unavailable) as caught:
            await app.starter.start("greet", {}, asker=_from("user:anna"))
        assert caught.value.code == "counts_unavailable"
        assert not await app.reader.runs(app.tenant)


@pytest.mark.requirement("GR-09")
async def test_a_redis_that_begins_anew_closes_no_breaker(workspace: Path, redis_url: str) -> None:
    _limits(workspace, "per: user, most: 9", more=f"  redis: {redis_url}\n")
    async with open_app(workspace) as app:
        for _ in range(app.settings.breaker.tenant or 0):
            await app.limits.breaker.tripped(app.tenant)
    with Redis.from_url(redis_url) as client:
        client.flushall()
    async with open_app(workspace) as app:
        with pytest.raises(Denied) as caught:
            await app.starter.start("greet", {})
        assert caught.value.code == "breaker_open"


async def test_an_unknown_workflow_is_counted_too(workspace: Path) -> None:
    _limits(workspace, "per: user, most: 1")
    async with open_app(workspace) as app:
        with pytest.raises(Missing):
            await app.starter.start("nowhere", {}, asker=_from("user:anna"))
        with pytest.raises(Limited):
            await app.starter.start("nowhere", {}, asker=_from("user:anna"))


@pytest.mark.requirement("GR-05")
async def test_a_run_made_of_another_counts_as_one_that_is_begun(workspace: Path) -> None:
    _limits(workspace, "per: user, most: 3")
    async with open_app(workspace) as app:
        run = (await app.starter.start("greet", {}, asker=_from("user:anna"))).run_id
        await app.run_until_idle(run)
        await app.forker.fork(run, asker=_from("user:anna"))
        await app.forker.restart(run, asker=_from("user:anna"))
        for once_more in (app.forker.fork, app.forker.restart):
            with pytest.raises(Limited) as caught:
                await once_more(run, asker=_from("user:anna"))
            assert caught.value.retry_after is not None
        await app.forker.restart(run, asker=_from("user:ben"))
        assert len(await app.reader.runs(app.tenant)) == 4


@pytest.mark.requirement("GR-05")
async def test_no_run_is_made_of_another_while_the_tenants_breaker_is_open(
    workspace: Path,
) -> None:
    async with open_app(workspace) as app:
        run = (await app.starter.start("greet", {})).run_id
        await app.run_until_idle(run)
        for _ in range(10):
            await app.limits.breaker.tripped(app.tenant)
        for another in (app.forker.fork, app.forker.restart):
            with pytest.raises(Denied, match="breaker_open"):
                await another(run)
