"""Routes answer as long as one of their deployments can, and say what they did and why."""

import asyncio
from collections import Counter

import msgspec
import pytest

from kapell.core.gateway.calls import ModelAnswer
from kapell.core.gateway.routing.route import Breaker, Deployment
from kapell.kit.errors import KapellError, Kind
from kapell.kit.ids import LOCAL
from kapell.testing.providers.faults import Fault, FaultKind
from tests.integration.gateway.conftest import (
    AZURE,
    OLLAMA,
    OPENAI,
    Free,
    Stage,
    request,
    route,
)

MENDED: list[tuple[FaultKind, str]] = [
    ("rate_limit", "model_rate_limited"),
    ("server_error", "model_unavailable"),
    ("overloaded", "model_unavailable"),
    ("quota", "model_quota_spent"),
    ("cut", "model_unavailable"),
    ("broken_json", "model_answer_broken"),
    ("wrong_shape", "model_answer_broken"),
    ("html", "model_answer_broken"),
    ("empty", "model_answer_broken"),
]


def told(answer: ModelAnswer) -> list[tuple[str, str, str]]:
    return [(one.deployment, one.outcome, one.code) for one in answer.tries]


@pytest.mark.requirement("LG-04")
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(("kind", "code"), MENDED, ids=[kind for kind, _ in MENDED])
async def test_the_next_answers_what_the_first_cannot(
    stage: Stage, kind: FaultKind, code: str, streamed: bool
) -> None:
    stage.provider.faults.add(Fault(kind=kind, wire="openai"))
    gateway = stage.worker(route(OPENAI, AZURE))
    pieces: list[str] = []
    answer = await gateway.complete(request(), pieces.append if streamed else None)
    assert answer.text
    assert answer.model == AZURE
    assert told(answer) == [(OPENAI, "failed", code), (AZURE, "answered", "")]
    assert stage.asked() == ["openai", "azure"]
    if streamed:
        # What the first had told is void: an empty piece says so.
        last = len(pieces) - pieces[::-1].index("") if "" in pieces else 0
        assert "".join(pieces[last:]) == answer.text
        assert ("" in pieces) == (kind == "cut")


@pytest.mark.requirement("LG-04")
@pytest.mark.parametrize("kind", ["refused", "filtered", "too_long"])
async def test_what_another_cannot_mend_is_not_asked_of_it(stage: Stage, kind: FaultKind) -> None:
    stage.provider.faults.add(Fault(kind=kind, wire="openai", times=None))
    gateway = stage.worker(route(OPENAI, AZURE))
    try:
        answer = await gateway.complete(request())
    except KapellError as error:
        assert error.kind is Kind.INVALID
        assert "smart" in error.message
        assert not error.code.startswith("route_")
    else:
        assert kind == "filtered"
        assert answer.finish == "filter"
    assert stage.asked() == ["openai"]


async def test_one_error_names_every_try(stage: Stage) -> None:
    stage.provider.faults.add(Fault(kind="server_error", wire="openai", times=None))
    stage.provider.faults.add(Fault(kind="html", wire="azure", times=None))
    gateway = stage.worker(route(OPENAI, AZURE))
    with pytest.raises(KapellError) as caught:
        await gateway.complete(request())
    assert caught.value.code == "route_failed"
    assert caught.value.retryable
    for part in ("`smart`", OPENAI, "model_unavailable", AZURE, "model_answer_broken"):
        assert part in caught.value.message
    assert caught.value.__cause__ is not None


async def test_a_slow_deployment_leaves_time_for_the_next(stage: Stage) -> None:
    stage.provider.faults.add(Fault(kind="slow", wire="openai", seconds=60, times=None))
    gateway = stage.worker(route(OPENAI, AZURE))
    answer = await gateway.complete(request(timeout=1.0))
    assert told(answer) == [(OPENAI, "failed", "model_timeout"), (AZURE, "answered", "")]
    assert answer.tries[0].uncertain
    hasty = route(Deployment(name=OPENAI, model=OPENAI, timeout=0.1), AZURE)
    answer = await stage.worker(hasty).complete(request(timeout=3600))
    assert answer.tries[0].code == "model_timeout"


async def test_a_sick_deployment_is_left_alone_by_all_workers(stage: Stage) -> None:
    stage.provider.faults.add(Fault(kind="server_error", wire="openai", times=None))
    rule = Breaker(failures=2, cooldown=300)
    first = route(Deployment(name=OPENAI, model=OPENAI, breaker=rule), AZURE)
    one = stage.worker(first)
    tries = [(await one.complete(request())).tries[0] for _ in range(3)]
    assert stage.asked() == ["openai", "azure"] * 2 + ["azure"]
    assert [one.turned and one.turned.breaker for one in tries] == [None, "opened", None]
    await one.close()
    answer = await stage.worker(first).complete(request())
    assert told(answer) == [(OPENAI, "skipped", "open"), (AZURE, "answered", "")]


async def test_one_probe_finds_out_that_it_is_well_again(stage: Stage) -> None:
    stage.provider.faults.add(Fault(kind="server_error", wire="openai", times=2))
    rule = Breaker(failures=2, cooldown=0.0)
    gateway = stage.worker(route(Deployment(name=OPENAI, model=OPENAI, breaker=rule), AZURE))
    for _ in range(2):
        assert (await gateway.complete(request())).model == AZURE
    stage.provider.faults.add(Fault(kind="slow", wire="openai", seconds=0.3))
    answers = await asyncio.gather(*(gateway.complete(request()) for _ in range(8)))
    assert Counter(answer.model for answer in answers) == {OPENAI: 1, AZURE: 7}
    probe = next(answer for answer in answers if answer.model == OPENAI)
    assert probe.tries[-1].reason.startswith("probe")
    closed = probe.tries[-1].turned
    assert closed is not None
    assert (closed.breaker, closed.reason) == ("closed", "it answered")
    assert (await gateway.complete(request())).model == OPENAI


async def test_when_nobody_is_well_somebody_is_asked_all_the_same(stage: Stage) -> None:
    stage.provider.faults.add(Fault(kind="server_error", times=4))
    rule = Breaker(failures=1, cooldown=300)
    both = [Deployment(name=one, model=one, breaker=rule) for one in (OPENAI, AZURE)]
    gateway = stage.worker(route(*both))
    for _ in range(2):
        with pytest.raises(KapellError):
            await gateway.complete(request())
    answer = await gateway.complete(request())
    assert answer.text
    assert "nobody is well" in answer.tries[-1].reason


@pytest.mark.requirement("LG-04")
@pytest.mark.parametrize("kind", ["rate_limit", "away"])
async def test_retry_after_is_kept(stage: Stage, kind: FaultKind) -> None:
    stage.provider.faults.add(Fault(kind=kind, wire="openai", seconds=60))
    gateway = stage.worker(route(OPENAI, AZURE))
    await gateway.complete(request())
    answer = await gateway.complete(request())
    assert told(answer)[0] == (OPENAI, "skipped", "limited")
    assert stage.asked() == ["openai", "azure", "azure"]


async def test_a_short_retry_after_is_waited_for_when_nobody_else_is_there(stage: Stage) -> None:
    stage.provider.faults.add(Fault(kind="rate_limit", seconds=0.2))
    answer = await stage.worker(route(OPENAI)).complete(request())
    assert [one.outcome for one in answer.tries] == ["failed", "skipped", "waited", "answered"]
    waited = answer.tries[2]
    assert (waited.deployment, waited.code) == (OPENAI, "limited")
    assert waited.reason.startswith(f"waits for {OPENAI}: asked us to wait")
    assert 0.1 < waited.seconds < 10


async def test_a_long_retry_after_is_handed_on(stage: Stage) -> None:
    stage.provider.faults.add(Fault(kind="rate_limit", seconds=120, times=None))
    with pytest.raises(KapellError) as caught:
        await stage.worker(route(OPENAI, AZURE)).complete(request())
    assert caught.value.code == "route_limited"
    assert caught.value.retry_after == pytest.approx(120, abs=5)


async def test_who_is_away_says_for_how_long(stage: Stage) -> None:
    stage.provider.faults.add(Fault(kind="away", seconds=120, times=None))
    gateway = stage.worker(route(OPENAI))
    for code in ("route_failed", "route_limited"):
        with pytest.raises(KapellError) as caught:
            await gateway.complete(request())
        assert (caught.value.code, caught.value.retryable) == (code, True)
        assert caught.value.retry_after == pytest.approx(120, abs=5)
    assert stage.asked() == ["openai"]


async def test_concurrency_holds_and_the_rest_goes_elsewhere_or_waits(stage: Stage) -> None:
    stage.provider.faults.add(Fault(kind="slow", seconds=0.2, times=None))
    narrow = [Deployment(name=one, model=one, concurrency=2) for one in (OPENAI, AZURE)]
    gateway = stage.worker(route(*narrow))
    answers = await asyncio.gather(*(gateway.complete(request()) for _ in range(12)))
    assert len(answers) == 12
    under_way, most = Counter[str](), Counter[str]()
    for entry in stage.provider.record.entries:
        under_way[entry.wire] += {"received": 1, "answered": -1}.get(entry.what, 0)
        most[entry.wire] = max(most[entry.wire], under_way[entry.wire])
    assert most == {"openai": 2, "azure": 2}


async def test_the_least_busy_is_asked(stage: Stage) -> None:
    stage.provider.faults.add(Fault(kind="slow", seconds=0.3, times=None))
    gateway = stage.worker(route(OPENAI, AZURE, OLLAMA, choose="least_busy"))
    await asyncio.gather(*(gateway.complete(request()) for _ in range(9)))
    assert Counter(stage.asked()) == {"openai": 3, "azure": 3, "ollama": 3}


@pytest.mark.requirement("LG-12")
async def test_what_happened_is_counted_by_the_minute(stage: Stage) -> None:
    stage.provider.faults.add(Fault(kind="server_error", wire="openai"))
    gateway = stage.worker(route(OPENAI, AZURE))
    for _ in range(3):
        await gateway.complete(request())
    await gateway.close()
    found: Counter[tuple[str, str]] = Counter()
    for one in await stage.store.deployments.minutes(LOCAL, 0):
        found[one.deployment, "answered"] += one.answered
        found[one.deployment, "failed"] += one.failed
    assert found == {
        (OPENAI, "answered"): 2,
        (OPENAI, "failed"): 1,
        (AZURE, "answered"): 1,
        (AZURE, "failed"): 0,
    }


@pytest.mark.requirement("LG-06", "LG-07")
async def test_the_cheapest_for_this_request_is_asked(stage: Stage) -> None:
    prices = Free({OPENAI: 5, AZURE: 2})
    gateway = stage.worker(route(OPENAI, AZURE, choose="cheapest"), prices=prices)
    answer = await gateway.complete(request())
    assert (answer.model, answer.tries[0].reason) == (AZURE, "the cheapest")


@pytest.mark.requirement("LG-04")
async def test_lots_are_drawn_call_by_call(stage: Stage) -> None:
    gateway = stage.worker(route(OPENAI, AZURE, choose="weighted"))
    for _ in range(12):
        await gateway.complete(request())
    assert set(stage.asked()) == {"openai", "azure"}


async def test_a_step_in_a_hurry_does_not_make_a_provider_sick(stage: Stage) -> None:
    stage.provider.faults.add(Fault(kind="slow", wire="openai", seconds=60, times=None))
    rule = Breaker(failures=1, cooldown=300)
    own = Deployment(name=OPENAI, model=OPENAI, breaker=rule)
    gateway = stage.worker(route(own, AZURE))
    assert told(await gateway.complete(request(timeout=0.6)))[0][2] == "model_timeout"
    assert told(await gateway.complete(request(timeout=0.6)))[0][2] == "model_timeout"
    # One that had all the time its own setting gives it is another matter.
    limited = route(msgspec.structs.replace(own, timeout=0.2), AZURE)
    gateway = stage.worker(limited)
    assert told(await gateway.complete(request()))[0][2] == "model_timeout"
    assert told(await gateway.complete(request()))[0][1:] == ("skipped", "open")
