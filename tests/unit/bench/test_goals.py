"""The goal table holds what was measured against what must be reached, on fixed numbers."""

from collections.abc import Mapping, Sequence

import pytest

from bench.figures import Measured, Metric, judge, of_round
from bench.goals import GOALS, AtMost, Faster, Goal, Within
from bench.works import WORKS

ONE = Metric("one-sqlite.step_ms")
FASTER = Goal("one run", ONE, "p50", "ms", Faster(3))
RATE = Goal("many runs", "wide.rate", "p50", "steps/s", Faster(10), higher=True)


def measured(metric: Metric, figures: Mapping[str, Sequence[float]]) -> Measured:
    """Return measurements: one sample a round."""
    found = Measured()
    for name, values in figures.items():
        for turn, value in enumerate(values, start=1):
            found.add(name, "", metric, turn, value)
    return found


def test_faster_counts_against_the_better_of_the_peers() -> None:
    outcome = judge(FASTER, measured(ONE, {"kapell": [1, 1], "langgraph": [4], "dbos": [9]}))

    assert outcome.reached is True
    assert outcome.ratio == 4
    assert outcome.rival == "langgraph"


def test_a_peer_that_is_nearly_as_fast_makes_the_goal_missed() -> None:
    outcome = judge(FASTER, measured(ONE, {"kapell": [1], "langgraph": [2.9], "dbos": [9]}))

    assert outcome.reached is False


def test_of_a_rate_more_is_better() -> None:
    metric = Metric("wide.rate")
    outcome = judge(RATE, measured(metric, {"kapell": [900], "langgraph": [90], "dbos": [20]}))

    assert outcome.reached is True
    assert outcome.ratio == 10
    assert outcome.rival == "langgraph"


@pytest.mark.parametrize("missing", ["kapell", "langgraph", "dbos"])
def test_without_a_contestant_nothing_is_claimed(missing: str) -> None:
    figures = {"kapell": [1.0], "langgraph": [9.0], "dbos": [9.0]}
    del figures[missing]

    assert judge(FASTER, measured(ONE, figures)).reached is None


def test_the_figure_is_the_median_over_rounds_with_best_and_worst_round() -> None:
    outcome = judge(FASTER, measured(ONE, {"kapell": [5, 1, 2], "langgraph": [9], "dbos": [9]}))

    assert outcome.ours is not None
    assert (outcome.ours.value, outcome.ours.low, outcome.ours.high) == (2, 1, 5)


def test_the_best_variant_speaks_for_a_contestant() -> None:
    found = measured(ONE, {"kapell": [1], "dbos": [9]})
    found.add("langgraph", "sync", ONE, 1, 8)
    found.add("langgraph", "async", ONE, 1, 2)

    outcome = judge(FASTER, found)

    assert outcome.others["langgraph"].variant == "async"
    assert outcome.reached is False


def test_a_variant_left_out_after_one_round_does_not_compete_with_those_kept() -> None:
    found = measured(ONE, {"kapell": [1], "dbos": [9]})
    found.add("langgraph", "async", ONE, 1, 2)
    for turn in (1, 2, 3):
        found.add("langgraph", "sync", ONE, turn, 6)

    assert judge(FASTER, found).others["langgraph"].variant == "sync"


def test_a_limit_is_reached_at_the_limit_and_missed_above_it() -> None:
    goal = Goal("kill", "takeover.next_step_s", "max", "s", AtMost(5))
    metric = Metric(goal.figure)

    assert judge(goal, measured(metric, {"kapell": [5]})).reached is True
    assert judge(goal, measured(metric, {"kapell": [5.01]})).reached is False


def test_nothing_at_all_is_a_limit_too() -> None:
    goal = Goal("done twice", "takeover.done_twice", "sum", "", AtMost(0))
    metric = Metric(goal.figure)

    assert judge(goal, measured(metric, {"kapell": [0, 0]})).reached is True
    assert judge(goal, measured(metric, {"kapell": [1]})).reached is False


def test_within_counts_how_many_times_the_other_s() -> None:
    goal = Goal("help", "start.cpu_ms", "p50", "ms", Within(1.5, "bare"), ours="help")
    metric = Metric(goal.figure)

    assert judge(goal, measured(metric, {"help": [150], "bare": [100]})).reached is True
    assert judge(goal, measured(metric, {"help": [151], "bare": [100]})).reached is False


@pytest.mark.parametrize(
    ("statistic", "value"), [("p50", 50.5), ("p95", 96.0), ("max", 100.0), ("sum", 5050.0)]
)
def test_statistics_of_a_round(statistic: str, value: float) -> None:
    samples = [float(number) for number in range(100, 0, -1)]
    goal = next(one for one in (*GOALS, FASTER) if one.statistic == statistic)

    assert of_round(goal.statistic, samples) == value


def test_every_goal_names_a_work_and_contestants_that_exist() -> None:
    works = {work.name: {one.name for one in work.contestants} for work in WORKS}
    for goal in GOALS:
        names = works[goal.figure.partition(".")[0]]
        assert goal.ours in names
        match goal.target:
            case Faster(than=others):
                assert names.issuperset(others)
            case Within(of=other):
                assert other in names
            case AtMost():
                pass
