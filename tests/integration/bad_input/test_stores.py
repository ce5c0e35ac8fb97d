"""A database that is full, read-only, newer, locked, damaged, in the wrong place or far away."""

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from kapell.cli.exits import Exit
from kapell.services.runs.advancing import patience, worker
from tests.integration.bad_input.refusals import others_go_on, refused, refused_as_json
from tests.integration.cli.desk import Desk

COMMANDS = (["run", "fine"], ["runs", "list"], ["approvals", "list"], ["costs"])
LARGE = "name: large\nsteps:\n" + "".join(
    f"  - {{id: s{number}, set: {{v: \"{{{{ 'x' * 30000 }}}}\"}}}}\n" for number in range(60)
)


@pytest.fixture
def used(desk: Desk) -> Desk:
    """Return a desk whose database holds one run."""
    desk.ok("run", "fine")
    return desk


def _database(desk: Desk) -> Path:
    return desk.folder / ".kapell" / "kapell.db"


def _alone(desk: Desk) -> None:
    """Fold the write-ahead log into the file, so that the file is all there is."""
    with closing(sqlite3.connect(_database(desk))) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for ending in ("-wal", "-shm"):
        _database(desk).with_name(f"kapell.db{ending}").unlink(missing_ok=True)


@pytest.mark.slow
@pytest.mark.requirement("DX-07", "DX-11")
def test_a_disk_without_room_for_the_database(desk: Desk, mounted: Callable[..., None]) -> None:
    state = desk.folder / ".kapell"
    state.mkdir()
    mounted(state, "-t", "tmpfs", "-o", "size=1m", "tmpfs")
    with (state / "ballast").open("wb", buffering=0) as file, pytest.raises(OSError, match="space"):
        while True:
            file.write(bytes(4096))
    refused(desk.run("run", "fine"), Exit.UNAVAILABLE, "store_full")
    refused_as_json(desk.run("run", "fine", "--json"), Exit.UNAVAILABLE, "store_full")
    (state / "ballast").unlink()
    others_go_on(desk)


@pytest.mark.slow
@pytest.mark.requirement("DX-07", "DX-11")
def test_a_disk_that_fills_in_the_middle(
    desk: Desk, mounted: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nobody frees the disk while the run hopes for it, so it need not hope for a whole minute.
    monkeypatch.setattr(patience, "PATIENCE", 3.0)
    monkeypatch.setattr(worker, "HOPE", 3.0)
    state = desk.folder / ".kapell"
    state.mkdir()
    mounted(state, "-t", "tmpfs", "-o", "size=1m", "tmpfs")
    desk.ok("run", "fine")
    desk.write("large.yaml", LARGE)
    said = refused(desk.call("run", "large.yaml"), Exit.UNAVAILABLE, "store_full")
    assert said.startswith("warning[store_full]"), "it says so at once, not when hope ends"
    assert "kapell runs resume" in said
    mounted(state, "-o", "remount,size=50m")
    others_go_on(desk)
    runs = desk.ok("runs", "list", "--json").document()
    (stopped,) = [one["run_id"] for one in runs if one["workflow"] == "large"]
    desk.ok("runs", "resume", stopped)
    shown = desk.ok("runs", "events", stopped, "--json").out
    types = [json.loads(line)["type"] for line in shown.splitlines()]
    assert types.count("step.started") == types.count("step.succeeded") == 60


@pytest.mark.slow
@pytest.mark.requirement("DX-11")
def test_a_disk_that_may_only_be_read(used: Desk, mounted: Callable[..., None]) -> None:
    state = used.folder / ".kapell"
    mounted(state, "--bind", str(state))
    mounted(state, "-o", "remount,bind,ro")
    refused(used.run("run", "fine"), Exit.DENIED, "store_read_only")
    refused_as_json(used.run("run", "fine", "--json"), Exit.DENIED, "store_read_only")
    mounted(state, "-o", "remount,bind,rw")
    assert len(used.ok("runs", "list", "--json").document()) == 1, "what is refused leaves no run"
    others_go_on(used)


@pytest.mark.requirement("DX-07")
def test_a_database_of_a_newer_release(used: Desk) -> None:
    with closing(sqlite3.connect(_database(used))) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    for words in (*COMMANDS, ["db", "upgrade"]):
        refused(used.call(*words), Exit.CONFLICT, "database_newer")
    refused_as_json(used.call("runs", "list", "--json"), Exit.CONFLICT, "database_newer")
    assert "9999" in used.call("doctor").out


@pytest.mark.slow
@pytest.mark.requirement("DX-07")
def test_a_database_somebody_holds(used: Desk) -> None:
    with closing(sqlite3.connect(_database(used), isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        refused(used.run("run", "fine"), Exit.UNAVAILABLE, "store_locked")
        assert len(used.ok("runs", "list", "--json").document()) == 1, "reading goes on"
        holder.execute("ROLLBACK")
    others_go_on(used)


@pytest.mark.slow
@pytest.mark.requirement("DX-06", "DX-07")
def test_a_run_says_that_somebody_holds_the_database(used: Desk) -> None:
    used.write("pause.yaml", "name: w\nsteps: [{id: a, wait: {for: 1s}}, {id: b, set: {v: 1}}]\n")
    process = used.begin("run", "pause.yaml")
    assert process.stdout is not None
    assert process.stderr is not None
    assert any("waiting for 1 timer" in line for line in process.stdout)
    with closing(sqlite3.connect(_database(used), isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        told = [process.stderr.readline() for _ in range(3)]
        assert told[0].startswith("warning[store_locked]")
        assert "asked again until it answers" in told[2]
        holder.execute("ROLLBACK")
    out, err = process.communicate(timeout=60)
    assert process.returncode == Exit.OK, (out, err)
    assert "error[" not in err


@pytest.mark.requirement("DX-07")
@pytest.mark.parametrize("how", ["noise", "text", "header", "page", "cut"])
def test_a_database_that_is_damaged(how: str, used: Desk) -> None:
    _alone(used)
    path = _database(used)
    whole = path.read_bytes()
    broken = {
        "noise": os.urandom(len(whole)),
        "text": b"this is no database, whatever its name says\n" * 100,
        "header": b"\0" * 100 + whole[100:],
        "page": whole[:100] + b"\xff" * 3996 + whole[4096:],
        "cut": whole[: len(whole) // 2],
    }
    path.write_bytes(broken[how])
    for words in COMMANDS:
        refused(used.call(*words), Exit.INVALID, "store_broken")
    assert used.call("db", "check").code == Exit.FAILED
    assert used.call("doctor").code == Exit.FAILED
    for ending in ("-wal", "-shm"):
        path.with_name(f"kapell.db{ending}").unlink(missing_ok=True)
    path.write_bytes(whole)
    others_go_on(used)


def test_a_database_of_another_program(desk: Desk) -> None:
    (desk.folder / ".kapell").mkdir()
    with closing(sqlite3.connect(_database(desk))) as connection, connection:
        connection.execute("CREATE TABLE photos (name TEXT)")
    said = refused(desk.call("run", "fine"), Exit.INVALID, "store_broken")
    assert "another program" in said
    with closing(sqlite3.connect(_database(desk))) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
    assert tables == [("photos",)], "a stranger's file is left as it was"


@pytest.mark.parametrize(
    ("url", "code", "name"),
    [
        ("mysql://u:hush@127.0.0.1/base", Exit.INVALID, "store_url"),
        ("postgresql://u:hush@127.0.0.1:port/base", Exit.INVALID, "store_url"),
        ("postgresql://u:hush@127.0.0.1:1/base", Exit.UNAVAILABLE, "store_unreachable"),
        ("sqlite:////proc/no/such.db", Exit.UNAVAILABLE, "store_unreachable"),
        ("sqlite:////tmp", Exit.UNAVAILABLE, "store_unreachable"),
    ],
)
@pytest.mark.requirement("DX-11")
def test_an_address_that_leads_nowhere(
    url: str, code: Exit, name: str, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    for words in COMMANDS:
        assert "hush" not in refused(desk.call(*words), code, name)
    said = desk.call("doctor")
    assert said.code == Exit.FAILED or code == Exit.INVALID
    assert "hush" not in said.out + said.err
    assert "Traceback" not in said.out + said.err


@pytest.mark.requirement("DX-11")
def test_a_server_without_the_database(
    desk: Desk, postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = urlsplit(postgres_dsn)
    absent = urlunsplit(parts._replace(path="/no_such_base"))
    monkeypatch.setenv("DATABASE_URL", absent)
    said = refused(desk.call("run", "fine"), Exit.UNAVAILABLE, "store_unreachable")
    assert "no_such_base" in said
    monkeypatch.setenv("DATABASE_URL", postgres_dsn)
    refused(desk.call("run", "fine"), Exit.CONFLICT, "database_outdated")
    desk.ok("db", "upgrade")
    others_go_on(desk)


def test_a_file_where_the_folder_of_the_database_goes(desk: Desk) -> None:
    file = desk.write(".kapell", "in the way")
    refused(desk.call("run", "fine"), Exit.UNAVAILABLE, "store_unreachable")
    assert file.read_text() == "in the way", "what a user put there stays"
    file.unlink()
    _database(desk).mkdir(parents=True)
    refused(desk.call("run", "fine"), Exit.UNAVAILABLE, "store_unreachable")
    assert _database(desk).is_dir()
    shutil.rmtree(desk.folder / ".kapell")
    others_go_on(desk)
