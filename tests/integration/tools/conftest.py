"""A fresh world for each test."""

from pathlib import Path

import pytest

from tests.integration.tools.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Return a workspace beside a run's folder that does not exist yet."""
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    return World(workspace, tmp_path / "runs" / "r1")
