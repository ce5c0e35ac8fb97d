"""Shares with their intervals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapell.kit.shares import told, wilson


def test_an_interval_is_wilsons() -> None:
    low, high = wilson(92, 100)
    assert low == pytest.approx(0.8500, abs=1e-4)
    assert high == pytest.approx(0.9589, abs=1e-4)
    assert told(92, 100) == "92.0 % (85.0 % to 95.9 %), 92 of 100"


def test_of_nothing_nothing_is_known() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


@given(st.integers(0, 500), st.integers(0, 500))
def test_the_share_lies_in_its_interval(hits: int, missed: int) -> None:
    low, high = wilson(hits, hits + missed)
    assert 0.0 <= low <= high <= 1.0
    if hits + missed:
        assert low - 1e-9 <= hits / (hits + missed) <= high + 1e-9
