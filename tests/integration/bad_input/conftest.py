"""A desk for the user who does everything wrong, small disks, and a provider on loopback."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kapell.core.gateway.providers import PROVIDERS
from kapell.testing.providers.server import environment
from tests.integration.cli.desk import Desk

OK = "name: fine\nsteps: [{id: a, set: {v: 1}}]\n"


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    """Return a desk in a workspace with one workflow, `fine`, that always works."""
    folder = tmp_path / "ws"
    folder.mkdir()
    monkeypatch.chdir(folder)
    names = [name for one in PROVIDERS.values() for name in (*one.key_names, one.base_url_name)]
    for name in ("DATABASE_URL", "KAPELL_MODEL", "NO_COLOR", *names):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    desk = Desk(folder, capsys)
    desk.write("workflows/fine.yaml", OK)
    return desk


@pytest.fixture
def mounted() -> Iterator[Callable[..., None]]:
    """Yield a call that mounts something; everything is unmounted again at the end."""
    places: list[Path] = []

    def mount(place: Path, *options: str) -> None:
        done = subprocess.run(
            ["mount", *options, str(place)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            pytest.skip(f"only root may mount: {done.stderr.strip()}")
        if place not in places:
            places.append(place)

    yield mount
    for place in reversed(places):
        subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.fixture
def provider(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Yield the address of a provider that every model name is sent to, with its right key."""
    del desk  # it takes such variables away, so it comes first
    command = [sys.executable, "-m", "kapell.testing.providers"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        for name, value in environment(url).items():
            monkeypatch.setenv(name, value)
        yield url
        server.terminate()
