"""Health: what calls teach about a deployment, and when it is left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapell.core.gateway.calls import Try
from kapell.core.gateway.failures import CODES, failure
from kapell.core.gateway.routing.choice import GiveUp
from kapell.core.gateway.routing.endings import (
    gave_up,
    may_be_charged,
    mendable,
    refused,
    tries_of,
)
from kapell.core.gateway.routing.health import (
    WELL,
    Health,
    Outcome,
    Report,
    after,
    outcome_of,
    probed,
    standing,
    turned,
)
from kapell.core.gateway.routing.minutes import counted, minute_of
from kapell.core.gateway.routing.route import Breaker, Deployment, Member, Route

RULE = Breaker(failures=3, window=60, share=0.5, cooldown=10, longest=40)
NOW = 1_000_000.0


def told(
    outcome: Outcome, at: float, seconds: float = 0.0, retry_after: float | None = None
) -> Report:
    return Report(
        deployment="d",
        outcome=outcome,
        at=at,
        seconds=seconds,
        code="" if outcome == "answered" else f"code_{outcome}",
        retry_after=retry_after,
        breaker=RULE,
    )


def fold(*reports: Report, start: Health = WELL) -> Health:
    for report in reports:
        start = after(start, report)
    return start


def sick(at: float = NOW) -> Health:
    return fold(*[told("failed", at)] * 3)


def test_failures_in_a_row_open_and_one_answer_between_does_not() -> None:
    assert standing(sick(), NOW) == "open"
    mixed = fold(
        told("failed", NOW), told("failed", NOW), told("answered", NOW), told("failed", NOW)
    )
    assert standing(mixed, NOW) == "well"


def test_half_of_all_calls_failing_opens_too() -> None:
    reports = [told(outcome, NOW) for _ in range(6) for outcome in ("answered", "failed")]
    assert standing(fold(*reports[:-2]), NOW) == "well"
    assert standing(fold(*reports), NOW) == "open"
    # Spread over more than a window, the same failures are no sickness.
    slow = [told(one.outcome, NOW + 20.0 * n) for n, one in enumerate(reports)]
    assert standing(fold(*slow), slow[-1].at) == "well"


def test_who_does_not_let_us_in_is_left_alone_at_once() -> None:
    assert standing(fold(told("barred", NOW)), NOW) == "open"


def test_it_is_open_then_half_open_then_probed_by_one() -> None:
    health = sick()
    assert standing(health, NOW + 9.9) == "open"
    assert probed(health, NOW + 9.9, NOW + 20) is None
    assert standing(health, NOW + 10) == "half_open"
    claimed = probed(health, NOW + 10, NOW + 15)
    assert claimed is not None
    assert standing(claimed, NOW + 14) == "probing"
    assert probed(claimed, NOW + 14, NOW + 20) is None
    assert standing(claimed, NOW + 15) == "half_open"


def test_a_probe_that_answers_closes_and_one_that_fails_doubles_the_rest() -> None:
    health = sick()
    assert standing(fold(told("answered", NOW + 11, 0.5), start=health), NOW + 11) == "well"
    rests = []
    at = NOW
    for _ in range(4):
        rests.append(health.open_until - at)
        at = health.open_until + 1
        health = fold(told("failed", at), start=health)
    assert rests == [10, 20, 40, 40]
    # Being well once more makes the next rest short again.
    well = fold(told("answered", at + 100), start=health)
    again = fold(*[told("failed", at + 200)] * 3, start=well)
    assert again.open_until == at + 210


@pytest.mark.requirement("LG-04")
def test_a_breaker_that_turns_says_why() -> None:
    def turn(before: Health, report: Report) -> tuple[str, str] | None:
        found = turned(before, report, after(before, report))
        return None if found is None else (found.breaker, found.reason)

    two = fold(*[told("failed", NOW)] * 2)
    failed = "(code_failed): left alone for"
    assert turn(WELL, told("failed", NOW)) is None
    assert turn(two, told("failed", NOW)) == ("opened", f"3 failures in a row {failed} 10.0s")
    assert turn(sick(), told("failed", NOW)) is None
    assert turn(sick(), told("failed", NOW + 10)) == ("opened", f"the probe failed {failed} 20.0s")
    assert turn(sick(), told("answered", NOW + 10)) == ("closed", "it answered")
    assert turn(sick(), told("limited", NOW + 10)) == (
        "closed",
        "it answered that it is at a limit",
    )
    assert turn(WELL, told("answered", NOW)) is None
    barred = turn(WELL, told("barred", NOW))
    assert barred == ("opened", "it lets nobody in (code_barred): left alone for 10.0s")
    mixed = fold(*[told(one, NOW) for _ in range(5) for one in ("failed", "answered")])
    share = turn(mixed, told("failed", NOW))
    assert share == ("opened", f"6 of 11 calls failed within 1m00s {failed} 10.0s")


def test_what_began_before_it_was_sick_tells_nothing_new() -> None:
    old = fold(told("answered", NOW + 3, seconds=5), start=sick())
    assert standing(old, NOW + 3) == "open"
    assert old.answered_at == NOW + 3
    late = fold(told("failed", NOW + 12, seconds=30), start=sick())
    assert late.openings == 1
    assert late.open_until == NOW + 10


def test_a_last_resort_that_fails_does_not_lengthen_the_rest() -> None:
    assert fold(told("failed", NOW + 5, 1), start=sick()).open_until == NOW + 10
    assert standing(fold(told("answered", NOW + 5, 1), start=sick()), NOW + 5) == "well"


@pytest.mark.parametrize(
    ("retry_after", "rest"), [(None, 1.0), (0.0, 0.0), (30.0, 30.0), (-5.0, 0.0), (1e9, 3600.0)]
)
def test_retry_after_is_kept_within_reason(retry_after: float | None, rest: float) -> None:
    health = fold(told("limited", NOW, retry_after=retry_after))
    assert health.limited_until == NOW + rest
    assert health.failures == 0
    shorter = fold(told("limited", NOW, retry_after=0.0), start=health)
    assert shorter.limited_until == NOW + rest


@pytest.mark.requirement("LG-04")
def test_who_fails_and_names_a_pause_is_spared_for_it() -> None:
    health = fold(told("failed", NOW, retry_after=30.0))
    assert [standing(health, NOW + past) for past in (29, 30)] == ["limited", "well"]
    assert fold(told("failed", NOW)).limited_until == 0.0
    # A sick one's pause is kept too, however short its rest is; then one call finds out.
    health = fold(told("failed", NOW + 1, retry_after=25.0), start=sick())
    assert [standing(health, NOW + past) for past in (12, 26)] == ["limited", "half_open"]


def test_a_route_that_failed_says_when_somebody_may_answer() -> None:
    route = Route(name="r", members=(Member(Deployment(name="a", model="openai:a")),))
    end = GiveUp(reason="nobody is left")
    soon, late = (failure("model_unavailable", "down", retry_after=pause) for pause in (5, 60))
    assert gave_up(route, [], end, [late, soon]).retry_after == 5
    assert gave_up(route, [], end, [late, failure("model_timeout", "late")]).retry_after is None
    earlier = GiveUp(reason="nobody is left", retry_after=2.0)
    assert gave_up(route, [], earlier, [late, soon]).retry_after == 2.0


def test_asking_for_patience_proves_life() -> None:
    health = fold(told("limited", NOW + 11, retry_after=5), start=sick())
    assert standing(health, NOW + 12) == "limited"


def test_every_code_has_a_meaning_for_health_and_for_fallback() -> None:
    silent = {code for code in CODES if outcome_of(code) is None}
    assert {code for code in silent if code.startswith("model_")} == {
        "model_key_missing",  # this process lacks it, the others may not
        "model_setting_missing",
        "model_dishonest",
    }


reports = st.builds(
    told,
    st.sampled_from(["answered", "failed", "limited", "barred"]),
    st.floats(NOW, NOW + 1000),
    st.floats(0, 100),
    st.none() | st.floats(0, 100),
)


@given(st.lists(reports, max_size=60))
def test_whatever_happens_every_rest_ends(happened: list[Report]) -> None:
    health = fold(*sorted(happened, key=lambda one: one.at))
    end = NOW + 1000 + max(RULE.longest, 100) + 1
    assert standing(health, end) in ("well", "half_open")
    # And an answer then makes it well.
    assert standing(fold(told("answered", end + 1), start=health), end + 1) == "well"
    assert health.failures <= len(happened)


@given(st.lists(reports, max_size=40))
def test_minutes_hold_every_call_once(happened: list[Report]) -> None:
    found = counted(happened)
    assert sum(one.calls for one in found) == len(happened)
    assert sum(one.answered for one in found) == sum(r.outcome == "answered" for r in happened)
    assert {one.minute for one in found} == {minute_of(r.at) for r in happened}
    assert all(one.slowest <= one.seconds or not one.answered for one in found)


def test_too_long_for_one_may_fit_one_that_reads_more() -> None:
    error = failure("model_context_exceeded", "x")
    small, large, unknown = (
        Deployment(name=n, model=n, context=c) for n, c in (("s", 8000), ("l", 90000), ("u", None))
    )
    assert mendable(error, small, [large])
    assert mendable(error, unknown, [large])
    assert not mendable(error, large, [small, unknown])
    assert not mendable(failure("model_refused", "x"), small, [large])
    assert mendable(failure("model_unavailable", "x"), small, [])


def test_what_a_failed_route_may_cost_is_not_forgotten() -> None:
    route = Route(name="r", members=(Member(Deployment(name="a", model="openai:a")),))
    sure = Try(deployment="a", model="openai:a", outcome="failed", code="model_unavailable")
    unsure = Try(
        deployment="a", model="openai:a", outcome="failed", code="model_timeout", uncertain=True
    )
    errors = [failure("model_timeout", "late")]
    end = gave_up(route, [sure, unsure], GiveUp(reason="nobody is left"), errors)
    assert tries_of(end) == (sure, unsure)
    assert may_be_charged(end)
    assert not may_be_charged(gave_up(route, [sure], GiveUp(reason="nobody is left"), errors))
    no = refused(route, [unsure, sure], failure("model_refused", "no"))
    assert (no.code, may_be_charged(no)) == ("model_refused", True)
    assert may_be_charged(failure("model_answer_broken", "odd"))
    assert not may_be_charged(failure("model_unavailable", "down"))
    assert tries_of(failure("model_unavailable", "down")) == ()
    bug = refused(route, [sure], failure("model_dishonest", "odd"))
    assert bug.code == "model_dishonest"
