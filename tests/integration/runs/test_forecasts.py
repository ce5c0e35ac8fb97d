"""Predictions of costs, learnt from runs over real loopback calls with varied usage."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from scripts.forecast import measure


@pytest.mark.slow
@pytest.mark.requirement("LG-06")
async def test_costs_are_predicted_within_a_tenth_after_calibration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def surround(environment: Mapping[str, str]) -> None:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)

    found = await measure(tmp_path / "desk", 12, surround)
    assert found.usd > 0
    assert found.total <= 0.1
    assert found.runs <= 0.1
    assert found.ahead <= 0.1
    assert found.calls < found.first
