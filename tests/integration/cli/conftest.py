"""A desk in an empty folder, without what the machine has set."""

from pathlib import Path

import pytest

from kapell.core.gateway.providers import PROVIDERS
from tests.integration.cli.desk import Desk


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    """Return a desk in a folder of its own."""
    folder = tmp_path / "ws"
    folder.mkdir()
    monkeypatch.chdir(folder)
    names = [name for one in PROVIDERS.values() for name in (*one.key_names, one.base_url_name)]
    for name in ("DATABASE_URL", "KAPELL_MODEL", "NO_COLOR", "VISUAL", "EDITOR", *names):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    return Desk(folder, capsys)
