"""The choice: who is asked next and why, for every state a route can be in."""

from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapell.core.gateway.routing import rate
from kapell.core.gateway.routing.choice import Ask, Choice, GiveUp, Sight, Wait, choose
from kapell.core.gateway.routing.health import Health
from kapell.core.gateway.routing.order import Load, ordered
from kapell.core.gateway.routing.route import Choosing, Deployment, Member, Route, deployments

NOW = 1_000_000.0
SICK = Health(opened_at=NOW - 1, open_until=NOW + 9, openings=1, code="model_unavailable")
HALF = Health(opened_at=NOW - 20, open_until=NOW - 10, openings=1)
PROBING = Health(opened_at=NOW - 20, open_until=NOW - 10, openings=1, probe_until=NOW + 3)
LIMITED = Health(limited_until=NOW + 5)


def made(
    *members: str | Deployment | Route, choose: Choosing = "listed", weights: tuple[float, ...] = ()
) -> Route:
    found = [Deployment(name=one, model=one) if isinstance(one, str) else one for one in members]
    given_weights = weights or (1.0,) * len(found)
    return Route(
        name="r",
        members=tuple(Member(of, w) for of, w in zip(found, given_weights, strict=True)),
        choose=choose,
    )


def sight(
    health: Mapping[str, Health] | None = None,
    *,
    load: Load | None = None,
    tried: Mapping[str, str] | None = None,
    left: float = 60.0,
    patience: float = 10.0,
    tokens: int = 0,
    rates: Mapping[str, rate.Bucket] | None = None,
) -> Sight:
    return Sight(
        now=NOW,
        left=left,
        patience=patience,
        load=load or Load(),
        tokens=tokens,
        health=health or {},
        rates=rates or {},
        tried=tried or {},
        tries=len(tried or {}),
    )


def asked(choice: Choice) -> Ask:
    assert isinstance(choice, Ask), choice
    return choice


def names(route: Route, load: Load) -> list[str]:
    return [one.deployment.name for one in ordered(route, load)]


@pytest.mark.requirement("LG-04")
def test_the_list_is_followed() -> None:
    route = made("a", "b", "c")
    first = asked(choose(route, sight()))
    assert (first.deployment.name, first.reason) == ("a", "number 1 of the list")
    second = asked(choose(route, sight(tried={"a": "model_unavailable"})))
    assert (second.deployment.name, second.skipped) == ("b", ())
    tried = dict.fromkeys("abc", "model_unavailable")
    end = choose(route, sight(tried=tried))
    assert isinstance(end, GiveUp)
    assert end.retry_after is None


@pytest.mark.parametrize(
    ("health", "code"), [(SICK, "open"), (PROBING, "probing"), (LIMITED, "limited")]
)
def test_who_is_not_well_is_passed_over_with_its_reason(health: Health, code: str) -> None:
    choice = asked(choose(made("a", "b"), sight({"a": health})))
    assert choice.deployment.name == "b"
    (skipped,) = choice.skipped
    assert (skipped.deployment, skipped.outcome, skipped.code) == ("a", "skipped", code)
    assert skipped.reason


def test_who_may_be_well_again_is_probed_in_its_place() -> None:
    choice = asked(choose(made("a", "b"), sight({"a": HALF})))
    assert (choice.deployment.name, choice.probe) == ("a", True)
    assert not asked(choose(made("a", "b"), sight())).probe


def test_when_all_are_sick_the_one_that_recovers_soonest_is_asked() -> None:
    later = Health(opened_at=NOW, open_until=NOW + 60, code="model_timeout")
    choice = asked(choose(made("a", "b"), sight({"a": later, "b": SICK})))
    assert choice.deployment.name == "b"
    assert "nobody is well" in choice.reason
    # Each of them once, then it is over.
    tried = dict.fromkeys("ab", "model_unavailable")
    assert isinstance(choose(made("a", "b"), sight({"a": SICK, "b": SICK}, tried=tried)), GiveUp)


def test_one_that_asked_for_patience_is_waited_for_only_if_that_is_short() -> None:
    waiting = choose(made("a"), sight({"a": LIMITED}))
    assert isinstance(waiting, Wait)
    assert waiting.seconds == pytest.approx(5)
    for short in (sight({"a": LIMITED}, patience=4.9), sight({"a": LIMITED}, left=4.9)):
        end = choose(made("a"), short)
        assert isinstance(end, GiveUp)
        assert end.retry_after == pytest.approx(5)


def test_a_limited_one_is_asked_again_after_its_time_but_not_for_ever() -> None:
    route = made("a")
    tried = {"a": "model_rate_limited"}
    again = asked(choose(route, sight({"a": Health(limited_until=NOW - 1)}, tried=tried)))
    assert again.deployment.name == "a"
    often = Sight(now=NOW, left=60, patience=10, load=Load(), tried=tried, tries=2)
    assert isinstance(choose(route, often), GiveUp)


def test_limits_of_our_own_send_calls_on_and_then_make_them_wait() -> None:
    narrow = Deployment(name="a", model="a", concurrency=2)
    slow = Deployment(name="b", model="b", rate=60)
    empty = rate.Bucket(0.0, NOW)
    full = Load(in_flight={"a": 2})
    choice = asked(choose(made(narrow, slow), sight(load=full)))
    assert choice.deployment.name == "b"
    assert choice.skipped[0].code == "full"
    assert (
        asked(choose(made(narrow, slow), sight(load=Load(in_flight={"a": 1})))).deployment.name
        == "a"
    )
    waiting = choose(made(narrow, slow), sight(load=full, rates={"b": empty}))
    assert isinstance(waiting, Wait)
    waiting = choose(made(slow), sight(rates={"b": empty}))
    assert isinstance(waiting, Wait)
    assert waiting.seconds == pytest.approx(1.0)


@pytest.mark.requirement("LG-07")
def test_what_is_too_long_for_one_goes_to_one_that_reads_more() -> None:
    small, large = (Deployment(name=n, model=n, context=c) for n, c in (("s", 8000), ("l", 90000)))
    choice = asked(choose(made(small, large), sight(tokens=10_000)))
    assert choice.deployment.name == "l"
    assert choice.skipped[0].code == "context"
    # Our count is an estimate: when it says nobody, the largest is asked all the same.
    huge = asked(choose(made(small, large), sight(tokens=500_000)))
    assert huge.deployment.name == "l"
    tried = {"l": "model_context_exceeded"}
    assert isinstance(choose(made(small, large), sight(tokens=500_000, tried=tried)), GiveUp)


def test_time_is_left_for_those_who_follow() -> None:
    own = Deployment(name="a", model="a", timeout=45.0)
    assert asked(choose(made("a", "b"), sight(left=60))).timeout == 30
    assert asked(choose(made("a"), sight(left=60))).timeout == 60
    assert asked(choose(made("a", "b"), sight({"b": SICK}, left=60))).timeout == 60
    assert asked(choose(made(own, "b"), sight(left=60))).timeout == 45
    assert asked(choose(made(own, "b"), sight(left=20))).timeout == 20
    assert isinstance(choose(made("a", "b"), sight(left=0)), GiveUp)


@pytest.mark.requirement("LG-04")
def test_weights_are_kept_over_many_draws_and_order_the_fallbacks() -> None:
    route = made("a", "b", "c", "d", choose="weighted", weights=(6, 3, 1, 0))
    draws = [names(route, Load(draw=n / 1000)) for n in range(1000)]
    assert Counter(one[0] for one in draws) == {"a": 600, "b": 300, "c": 100}
    assert all(one[-1] == "d" for one in draws)
    behind_a = Counter(one[1] for one in draws if one[0] == "a")
    assert behind_a["b"] == pytest.approx(450, abs=2)
    assert behind_a["c"] == pytest.approx(150, abs=2)


def test_the_least_busy_counts_by_what_each_may_bear() -> None:
    wide = Deployment(name="wide", model="w", concurrency=10)
    narrow = Deployment(name="narrow", model="n", concurrency=2)
    route = made(wide, narrow, choose="least_busy")
    assert names(route, Load(in_flight={"wide": 4, "narrow": 1})) == ["wide", "narrow"]
    assert names(route, Load(in_flight={"wide": 6, "narrow": 1})) == ["narrow", "wide"]
    idle = Counter(
        names(made("a", "b", "c", choose="least_busy"), Load(draw=n / 9))[0] for n in range(9)
    )
    assert idle == {"a": 3, "b": 3, "c": 3}


@pytest.mark.requirement("LG-06", "LG-07")
def test_the_cheapest_first_and_who_has_no_price_last() -> None:
    route = made("a", "b", "c", choose="cheapest")
    load = Load(costs={"a": 30, "c": 10})
    assert names(route, load) == ["c", "a", "b"]
    assert asked(choose(route, sight(load=load))).reason == "the cheapest"


def test_a_route_inside_a_route_keeps_its_own_rule() -> None:
    inner = made("b", "c", choose="cheapest")
    outer = made("a", inner, "d")
    load = Load(costs={"b": 5, "c": 1})
    assert names(outer, load) == ["a", "c", "b", "d"]
    assert [one.name for one in deployments(outer)] == ["a", "b", "c", "d"]
    cheap = made(inner, "a", choose="cheapest")
    assert names(cheap, Load(costs={"a": 2, "b": 5, "c": 1})) == ["c", "b", "a"]


healths = st.sampled_from([Health(), SICK, HALF, PROBING, LIMITED])
letters = st.sampled_from("abcd")


@given(
    st.sampled_from(["listed", "weighted", "least_busy", "cheapest"]),
    st.dictionaries(letters, healths),
    st.dictionaries(letters, st.sampled_from(["model_unavailable", "model_rate_limited"])),
    st.dictionaries(letters, st.integers(0, 5)),
    st.floats(0, 1, exclude_max=True),
    st.floats(0, 100),
)
def test_every_choice_is_sound(
    choosing: Choosing,
    health: Mapping[str, Health],
    tried: Mapping[str, str],
    in_flight: Mapping[str, int],
    draw: float,
    left: float,
) -> None:
    route = made(*(Deployment(name=n, model=n, concurrency=4) for n in "abcd"), choose=choosing)
    load = Load(draw=draw, in_flight=in_flight)
    seen = sight(health, load=load, tried=tried, left=left)
    choice = choose(route, seen)
    assert choice == choose(route, seen)
    if isinstance(choice, Ask):
        name = choice.deployment.name
        assert tried.get(name, "model_rate_limited") == "model_rate_limited"
        assert 0 < choice.timeout <= left
        assert in_flight.get(name, 0) < 4 or health.get(name) in (SICK, PROBING)
        assert health.get(name) is not LIMITED
        assert choice.probe == (health.get(name) is HALF)
        assert name not in {one.deployment for one in choice.skipped}
    elif isinstance(choice, Wait):
        assert 0 < choice.seconds <= min(left, 10)
    else:
        # Given up only when nobody untried could be asked in time.
        well = [
            n for n in "abcd"
            if n not in tried and health.get(n) is not LIMITED and in_flight.get(n, 0) < 4
        ]  # fmt: skip
        assert not well or left < 0.01
    assert sorted(names(route, load)) == ["a", "b", "c", "d"]


@given(st.integers(1, 6000), st.lists(st.floats(0, 30), min_size=1, max_size=60))
def test_a_rate_is_never_exceeded(per_minute: int, pauses: list[float]) -> None:
    now, bucket, made_at = NOW, rate.full(per_minute, NOW), []
    for pause in pauses:
        now = max(now + pause, rate.free_at(bucket, per_minute, now + pause))
        bucket = rate.taken(bucket, per_minute, now)
        made_at.append(now)
    burst = max(1.0, per_minute / 30)
    for start in range(len(made_at)):
        spent = made_at[-1] - made_at[start]
        assert len(made_at) - start <= burst + spent * per_minute / 60 + 1e-3
