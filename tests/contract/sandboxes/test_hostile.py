"""Hostile programs against every real sandbox, as root and as somebody else; the host is unharmed.

All attacks are carried out by one process for each user; each is judged by itself. Beside that the
host is looked at: its files, its processes, its sockets, its secrets.
"""

import ctypes
import hashlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.contract.sandboxes.attacks import attacks
from tests.fixtures.sandboxes import install

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hostile")]

ROOT = Path(__file__).parents[3]
STRANGER = 54321
CANARY = Path("/tmp/kapell-canary")  # noqa: S108 - a name that a program inside can guess
EVIL = ("/tmp/kapell-evil", "/tmp/kapell-evil.csv", "/tmp/kapell-evil.db")  # noqa: S108 - of the sandbox alone
WATCHED = ("/etc/passwd", "/etc/hosts", "/usr/bin/env")
_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
USERS = {"myself": None, "another": STRANGER}


@dataclass
class Report:
    """What came of the attacks of one user, and what they left on the host."""

    outcomes: Mapping[str, Any]
    missing: str = ""
    connections: int = 0
    harm: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


def _digests() -> dict[str, str]:
    return {name: hashlib.sha256(Path(name).read_bytes()).hexdigest() for name in WATCHED}


@contextmanager
def _heir() -> Iterator[None]:
    """While inside, whatever loses its parent becomes this process's child: none gets away."""
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    yield
    assert libc.prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0) == 0


def _descended() -> set[int]:
    """Return the living processes that descend from this one."""
    found = set()
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if child.status() != psutil.STATUS_ZOMBIE:
                found.add(child.pid)
    return found


def _carried_out(user: int | None, home: Path) -> Report:
    before, running = _digests(), _descended()
    CANARY.write_text("secret")
    CANARY.chmod(0o666)
    with (
        _heir(),
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_UNIX) as unix,
        subprocess.Popen(["sleep", "600"], user=user) as bystander,
    ):
        port = tcp.getsockname()[1]
        unix.bind(f"\0kapell-canary-{port}")
        unix.listen()
        environment = {"PATH": os.environ["PATH"], "CANARY": "secret", "HOME": str(home)}
        ended = subprocess.run(
            [
                *(sys.executable, "-B", "-m", "tests.contract.sandboxes.attacks"),
                str(port),
            ],
            cwd=ROOT,
            env=environment,
            user=user,
            group=user,
            extra_groups=[] if user is not None else None,
            capture_output=True,
            text=True,
            check=False,
            timeout=580,
        )
        alive = bystander.poll() is None
        left = tuple(map(str, _descended() - running - {bystander.pid}))
        bystander.kill()
        connections = 0
        for server in (tcp, unix):
            server.setblocking(False)
            try:
                server.accept()
                connections += 1
            except BlockingIOError:
                pass
    if ended.returncode:
        return Report({}, missing=f"exit {ended.returncode}: {ended.stderr[-2000:]}")
    harm = [name for name in EVIL if Path(name).exists()]
    harm += [name for name, digest in _digests().items() if before[name] != digest]
    harm += [] if CANARY.read_text() == "secret" else ["the canary was changed"]
    harm += [] if alive else ["a process of the same user was ended"]
    CANARY.unlink()
    return Report(json.loads(ended.stdout), "", connections, tuple(harm), left)


def _unreadable(user: int) -> str:
    """Return why a user cannot run this checkout with this Python, or an empty text."""
    try:
        looked = subprocess.run(
            [sys.executable, "-c", "import kapell, msgspec"],
            cwd=ROOT,
            user=user,
            group=user,
            extra_groups=[],
            env={},
            capture_output=True,
            text=True,
            check=False,
        )
    except PermissionError as error:  # the interpreter itself lies in a closed folder
        return str(error)
    return looked.stderr[-300:] if looked.returncode else ""


@pytest.fixture(scope="session", params=list(USERS))
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Report:
    """Return what came of everything, for each user."""
    user = USERS[request.param]
    if user is not None and os.geteuid() != 0:
        pytest.skip("only root can act as somebody else")
    for program, package in (("bwrap", "bubblewrap"), ("node", "nodejs")):
        install(program, package)
    home = tmp_path_factory.mktemp("home")
    if user is not None:
        os.chown(home, user, user)
        why = _unreadable(user)
        if why:
            pytest.skip(f"another user cannot read this checkout or its Python: {why}")
    return _carried_out(user, home)


@pytest.mark.requirement("TL-01", "TL-02")
@pytest.mark.parametrize("attack", attacks(), ids=lambda attack: attack.id)
def test_the_attack_is_held(report: Report, attack: Any) -> None:
    assert not report.missing, report.missing
    why = report.outcomes.get(attack.sandbox)
    if why is not None:
        pytest.skip(f"{attack.sandbox} does not work here: {why}")
    outcome = report.outcomes.get(attack.id)
    if outcome is None:
        pytest.skip(f"{attack.sandbox} speaks no {attack.language} here")
    assert outcome["held"], outcome["how"]


@pytest.mark.requirement("TL-01")
def test_the_host_is_unharmed(report: Report) -> None:
    assert not report.missing, report.missing
    assert report.harm == ()
    assert report.connections == 0
    assert report.left == (), [psutil.Process(int(pid)).cmdline() for pid in report.left]
