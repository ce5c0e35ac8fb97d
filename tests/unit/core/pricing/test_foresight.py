"""What a run will likely cost: the newest runs count most, and odd ones do not widen the range."""

from kapell.core.pricing.foresight import run_forecast


def test_nothing_is_foreseen_from_nothing() -> None:
    assert run_forecast([]).runs == 0


def test_equal_runs_make_an_equal_one() -> None:
    found = run_forecast([(70, 9)] * 20)
    assert (found.runs, found.usd, found.tokens, found.low, found.high) == (20, 70, 9, 70, 70)


def test_what_changed_lately_counts_more() -> None:
    cheaper = run_forecast([(10, 1)] * 25 + [(100, 1)] * 25)
    dearer = run_forecast([(100, 1)] * 25 + [(10, 1)] * 25)
    assert cheaper.usd < 55 < dearer.usd


def test_one_odd_run_of_ten_is_out_of_the_range() -> None:
    found = run_forecast([(10, 1)] * 18 + [(9999, 1), (1, 1)])
    assert (found.low, found.high) == (10, 10)
