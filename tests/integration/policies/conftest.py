"""The policies of a workspace, as the program wires them, without the rest of the program."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kapell.bootstrap.guarding.policies import make_policies
from kapell.services.policies.policies import Policies
from kapell.settings.loading import load_settings
from tests.integration.cli.desk import Desk
from tests.integration.policies.office import Noon

Office = Callable[..., Policies]


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """Return what makes the policies of a workspace with these files and settings."""

    def made(settings: str = "", **files: str) -> Policies:
        (tmp_path / "policies").mkdir(exist_ok=True)
        (tmp_path / "kapell.yaml").write_text(f"model: offline\n{settings}", "utf-8")
        for name, text in files.items():
            (tmp_path / "policies" / f"{name}.rego").write_text(text, "utf-8")
        return make_policies(tmp_path, load_settings(tmp_path), Noon())

    return made


@pytest.fixture
def desk(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Desk:
    """Return a workspace in which commands are called."""
    monkeypatch.chdir(tmp_path)
    found = Desk(tmp_path, capsys)
    found.write("kapell.yaml", "model: offline\n")
    return found
