"""What is usual of the days that are known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapell.core.limits.habits import KNOWN, usual


@pytest.mark.requirement("GR-07")
@pytest.mark.parametrize(
    ("days", "known"),
    [
        ([], None),
        ([5, 5, 5, 5], None),
        ([0] * 10 + [5] * 4, None),
        ([5, 0, 5, 0, 5, 5, 0, 5], 5),
        ([1, 2, 3, 4, 1000], 3),
        ([2, 2, 4, 4, 2, 4], 3),
    ],
)
def test_the_median_of_days_with_spending_is_usual(days: list[int], known: int | None) -> None:
    assert usual(days) == known


@given(st.lists(st.integers(1, 10**12), min_size=KNOWN, max_size=14))
def test_one_mad_day_moves_it_no_further_than_its_neighbours(days: list[int]) -> None:
    found = usual([*days, 10**15])
    assert found is not None
    assert min(days) <= found <= max(days)
