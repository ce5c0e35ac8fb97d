"""Backups are whole while somebody writes, come back, and checks see what is broken."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import asyncpg
import pytest

from kapell.adapters.db import Store, open_store
from kapell.adapters.db.maintenance import Finding, backup, check, restore, upgrade
from kapell.kit.errors import Conflict, Invalid, Missing
from kapell.kit.ids import WorkerId
from kapell.kit.json import Digest
from tests.contract.stores.places import Place
from tests.contract.stores.runs import T, decision, message, new, owned

CAT = WorkerId("cat")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def kind(request: pytest.FixtureRequest) -> str:
    """Return which database the test runs on."""
    return str(request.param)


@pytest.fixture
def empty(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[], str]:
    """Return the address of a second database, still empty."""
    if kind == "sqlite":
        return lambda: str(tmp_path / "second.db")
    server = request.getfixturevalue("postgres_server")
    made = server.database(f"second_{tmp_path.name}"[:60].lower())
    url = made.__enter__()
    request.addfinalizer(lambda: made.__exit__(None, None, None))
    return lambda: str(url)


async def _filled(store: Store) -> None:
    one, two = await owned(store, "r1", "r2")
    await store.log.append(decision(one, artifacts={Digest("d"): b'\x00\xff\n,"'}))
    await store.log.append(decision(two, messages=[message("r1", 'k "1",\n\\N')]))
    await store.starts.start([new("r3", key="ü", fingerprint="f")])


@pytest.mark.requirement("DX-07")
async def test_a_backup_comes_back_whole(
    place: Place,
    empty: Callable[[], str],
    tmp_path: Path,
) -> None:
    store = await place.store()
    await _filled(store)
    target = tmp_path / "backup"
    (claim,) = (await store.log.claim(CAT, 1, {}, 1)).claims
    writing = [
        asyncio.create_task(store.log.append(decision(claim, worker=CAT, seq=seq)))
        for seq in range(1, 60)
    ]
    await backup(place.url, target)
    await asyncio.gather(*writing)
    url = empty()
    await restore(url, target)
    second = open_store(url)
    await second.open()
    try:
        events = await second.reader.feed(0)
        assert events == (await store.reader.feed(0))[: len(events)]
        assert len(events) >= 5
        assert await second.artifacts.get(T, [Digest("d")]) == {Digest("d"): b'\x00\xff\n,"'}
        assert (await second.reader.run(T, "r3")).key == "ü"
        # Nobody who owned a run then is there now.
        found = (await second.log.claim(CAT, 9, {}, 1)).claims
        assert sorted(one.run_id for one in found) == ["r1", "r2", "r3"]
        assert await second.starts.send(message("r2", "new"))
    finally:
        await second.close()
    # The library's age is this machine's own business.
    assert _bad(await check(url)) in ([], ["SQLite library"])


async def test_a_backup_overwrites_nothing(place: Place, tmp_path: Path) -> None:
    await place.store()
    await backup(place.url, tmp_path / "one")
    with pytest.raises(Conflict) as caught:
        await backup(place.url, tmp_path / "one")
    assert caught.value.code == "backup_exists"
    with pytest.raises(Missing):
        await restore(place.url, tmp_path / "none")


async def test_a_restore_overwrites_nothing(place: Place, tmp_path: Path) -> None:
    store = await place.store()
    await _filled(store)
    await backup(place.url, tmp_path / "one")
    with pytest.raises(Conflict) as caught:
        await restore(place.url, tmp_path / "one")
    assert caught.value.code == "restore_not_empty"


async def test_rubbish_is_no_backup(postgres_dsn: str, tmp_path: Path) -> None:
    await asyncio.to_thread((tmp_path / "letter").write_text, "Dear Sir")
    with pytest.raises(Invalid) as caught:
        await restore(postgres_dsn, tmp_path / "letter")
    assert caught.value.code == "backup_broken"


async def _execute(place: Place, sql: str) -> None:
    if place.kind == "sqlite":
        with closing(sqlite3.connect(place.url.removeprefix("sqlite:///"))) as connection:
            connection.execute(sql)
            connection.commit()
    else:
        connection = await asyncpg.connect(place.url)
        await connection.execute(sql)
        await connection.close()


def _bad(findings: tuple[Finding, ...]) -> list[str]:
    return [one.name for one in findings if not one.ok]


@pytest.mark.parametrize(
    ("damage", "names"),
    [
        ("UPDATE runs SET seq = 0 WHERE run_id = 'r3'", ["runs agree with their logs"]),
        (
            "DELETE FROM events WHERE run_id = 'r1' AND seq = 1",
            ["events are dense", "runs agree with their logs"],
        ),
        ("DELETE FROM runs WHERE run_id = 'r3'", ["events belong to runs"]),
        ("DELETE FROM inbox WHERE key = ''", []),
        ("UPDATE alembic_version SET version_num = '0000'", ["schema"]),
        ("UPDATE runs SET owner = NULL, wake_at = NULL WHERE run_id = 'r1'", ["no run is lost"]),
    ],
)
async def test_a_check_names_what_is_broken(
    place: Place,
    damage: str,
    names: list[str],
) -> None:
    store = await place.store()
    await _filled(store)
    assert _bad(await check(place.url)) == []
    await _execute(place, damage)
    findings = await check(place.url)
    assert _bad(findings) == names
    assert all(one.detail and one.advice for one in findings if not one.ok)


async def test_checks_of_what_is_no_store(tmp_path: Path) -> None:
    assert _bad(await check(str(tmp_path / "none.db"))) == []
    await asyncio.to_thread((tmp_path / "letter.db").write_text, "Dear Sir, " * 900)
    assert _bad(await check(str(tmp_path / "letter.db"))) == ["file"]
    assert _bad(await check("postgresql://nobody@127.0.0.1:9/kapell")) == ["server"]


async def test_an_upgrade_of_nothing_makes_a_store(tmp_path: Path) -> None:
    await upgrade(str(tmp_path / "kapell.db"))
    assert _bad(await check(str(tmp_path / "kapell.db"))) == []
