"""What choosing by complexity saves, at list prices over real loopback calls."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from scripts.complexity import saving


@pytest.mark.slow
@pytest.mark.requirement("MB-04")
async def test_the_cheap_model_for_easy_prompts_saves_two_fifths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def surround(environment: Mapping[str, str]) -> None:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)

    found = await saving(tmp_path / "ws", ["held_out"], surround)
    assert found.first.failed == found.second.failed == 0
    assert found.saving is not None
    assert found.saving >= 0.4
