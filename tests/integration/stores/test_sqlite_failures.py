"""What can go wrong around a SQLite file is said with advice, and the writer goes on afterwards."""

import asyncio
import os
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kapell.adapters.db import open_store
from kapell.adapters.db.sqlite.store import SqliteStore
from kapell.adapters.db.sqlite.writing.writer import Work
from kapell.core.gateway.quotas import Amount, Quota, Wanted
from kapell.kit.errors import Conflict, Invalid, KapellError, Unavailable
from kapell.kit.json import Digest
from tests.contract.stores.runs import T, decision, new, owned


@pytest.fixture
async def store(sqlite_path: Path) -> AsyncIterator[SqliteStore]:
    """Yield an open store in a file."""
    store = SqliteStore(str(sqlite_path), "full")
    await store.open()
    yield store
    await store.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Yield a folder on a disk of two megabytes; only root may make one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("mounting a small disk needs root")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def _pragma(text: str) -> Work[int]:
    return lambda connection, _: connection.execute(f"PRAGMA {text}").rowcount


async def _fails(store: SqliteStore, code: str) -> KapellError:
    with pytest.raises(KapellError) as caught:
        await store.starts.start([new("refused", artifacts={Digest("d"): os.urandom(300_000)})])
    assert caught.value.code == code
    assert caught.value.advice
    return caught.value


async def _synchronous(store: SqliteStore) -> int:
    """Return how the last commit waited for the disk: 2 is FULL, 1 is NORMAL."""
    return await store._writer.peek(
        lambda connection, _: int(connection.execute("PRAGMA synchronous").fetchone()[0])
    )


async def test_only_what_a_power_cut_may_undo_does_not_wait_for_the_disk(
    store: SqliteStore, sqlite_path: Path
) -> None:
    (claim,) = await owned(store, "r1")
    assert await _synchronous(store) == 1  # a claim is made again
    await store.log.append(decision(claim))
    assert await _synchronous(store) == 2
    want = Wanted(scope="a", quota=Quota(per="user", every=60.0))
    await store.counts.take(T, [want], Amount(calls=1))
    assert await _synchronous(store) == 1
    await store.counts.take(T, [want], Amount(calls=1), lasting=True)
    assert await _synchronous(store) == 2
    light = SqliteStore(str(sqlite_path), "normal")
    await light.open()
    try:
        await light.counts.take(T, [want], Amount(calls=1), lasting=True)
        assert await _synchronous(light) == 1
    finally:
        await light.close()


@pytest.mark.requirement("DX-07")
async def test_a_full_disk(small_disk: Path) -> None:
    store = SqliteStore(str(small_disk / "kapell.db"), "full")
    await store.open()
    try:
        (claim,) = await owned(store, "r1")
        ballast = small_disk / "ballast"
        filled = 0
        with ballast.open("wb", buffering=0) as file, pytest.raises(OSError, match="space"):
            while True:
                filled += file.write(b"x" * 4096)
        assert (await _fails(store, "store_full")).retryable
        ballast.unlink()
        assert (await store.log.append(decision(claim))).seq == 2
        assert [run.run_id for run in await store.reader.runs(T)] == ["r1"]
    finally:
        await store.close()


async def test_no_more_pages(store: SqliteStore) -> None:
    (claim,) = await owned(store, "r1")
    await store._writer.peek(_pragma("max_page_count = 60"))
    await _fails(store, "store_full")
    await store._writer.peek(_pragma("max_page_count = 1000000"))
    assert (await store.log.append(decision(claim))).seq == 2


async def test_writing_is_not_allowed(store: SqliteStore) -> None:
    (claim,) = await owned(store, "r1")
    await store._writer.peek(_pragma("query_only = ON"))
    assert not (await _fails(store, "store_read_only")).retryable
    await store._writer.peek(_pragma("query_only = OFF"))
    assert (await store.log.append(decision(claim))).seq == 2


def _make_read_only(disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)


async def test_a_disk_that_may_only_be_read(small_disk: Path) -> None:
    path = small_disk / "kapell.db"
    first = open_store(str(path))
    await first.open()
    await first.close()
    await asyncio.to_thread(_make_read_only, small_disk)
    with pytest.raises(KapellError) as caught:
        await open_store(str(path)).open()
    assert caught.value.code == "store_read_only"


async def test_a_lock_held_too_long(store: SqliteStore, sqlite_path: Path) -> None:
    (claim,) = await owned(store, "r1")
    await store._writer.peek(_pragma("busy_timeout = 20"))
    with closing(sqlite3.connect(sqlite_path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable) as caught:
            await store.log.append(decision(claim))
        assert caught.value.code == "store_locked"
        other.execute("ROLLBACK")
    assert (await store.log.append(decision(claim))).seq == 2


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"This is a letter, not a database. " * 200, "store_broken"), (b"\x00" * 9000, "")],
)
async def test_a_file_that_is_no_database(sqlite_path: Path, content: bytes, code: str) -> None:
    await asyncio.to_thread(sqlite_path.write_bytes, content)
    with pytest.raises(KapellError) as caught:
        await open_store(str(sqlite_path)).open()
    assert caught.value.code == (code or "store_broken")
    assert caught.value.advice


def _damage(path: Path) -> None:
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))


async def test_a_damaged_file(sqlite_path: Path) -> None:
    store = SqliteStore(str(sqlite_path), "full")
    await store.open()
    await owned(store, *(f"r{number:03d}" for number in range(200)))
    await store.close()
    await asyncio.to_thread(_damage, sqlite_path)
    store = SqliteStore(str(sqlite_path), "full")
    with pytest.raises(Invalid) as caught:
        await store.open()
        await store.reader.runs(T)
    await store.close()
    assert caught.value.code == "store_broken"


async def test_a_database_of_another_program(sqlite_path: Path) -> None:
    with closing(sqlite3.connect(sqlite_path)) as other:
        other.execute("CREATE TABLE songs (id)")
    with pytest.raises(Invalid) as caught:
        await open_store(str(sqlite_path)).open()
    assert caught.value.code == "store_broken"


@pytest.mark.parametrize(
    ("revision", "code"), [("0000", "database_outdated"), ("9999", "database_newer")]
)
async def test_a_schema_of_another_release(sqlite_path: Path, revision: str, code: str) -> None:
    store = open_store(str(sqlite_path))
    await store.open()
    await store.close()
    with closing(sqlite3.connect(sqlite_path)) as other, other:
        other.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    with pytest.raises(Conflict) as caught:
        await open_store(str(sqlite_path)).open()
    assert (caught.value.code, "`" in caught.value.advice) == (code, code == "database_outdated")


async def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as caught:
        await open_store(str(tmp_path / "no" / "kapell.db")).open()
    assert caught.value.code == "store_unreachable"


def test_an_address_nobody_knows() -> None:
    with pytest.raises(Invalid) as caught:
        open_store("mysql://localhost/kapell")
    assert caught.value.code == "store_url"


async def test_a_store_that_is_not_open(sqlite_path: Path) -> None:
    store = open_store(str(sqlite_path))
    for use in (store.starts.start([new("r1")]), store.reader.runs(T)):
        with pytest.raises(KapellError) as caught:
            await use
        assert caught.value.code == "store_closed"


async def test_closing_commits_what_waits(sqlite_path: Path) -> None:
    store = SqliteStore(str(sqlite_path), "normal")
    await store.open()
    claims = await owned(store, *(f"r{number}" for number in range(30)))
    waiting = [asyncio.create_task(store.log.append(decision(claim))) for claim in claims]
    await asyncio.sleep(0)
    await store.close()
    assert {one.seq for one in await asyncio.gather(*waiting)} == {2}
    again = open_store(str(sqlite_path))
    await again.open()
    assert len(await again.reader.feed(0)) == 60
    await again.close()


async def test_what_comes_while_a_store_closes_is_refused_at_once(sqlite_path: Path) -> None:
    store = SqliteStore(str(sqlite_path), "normal")
    await store.open()
    (claim,) = await owned(store, "r1")
    begun = asyncio.create_task(store.log.append(decision(claim)))
    await asyncio.sleep(0)
    closing_store = asyncio.create_task(store.close())
    refused = None
    async with asyncio.timeout(30):
        while refused is None:
            await asyncio.sleep(0)
            try:
                await store.starts.start([new("r2")])
            except KapellError as error:
                refused = error
        await closing_store
    assert refused.code == "store_closed"
    assert (await begun).seq == 2
