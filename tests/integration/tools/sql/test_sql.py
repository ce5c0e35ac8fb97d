"""`sql.query`: a locked engine in a process of its own, over real files."""

import asyncio
import os
import sqlite3
from pathlib import Path

import duckdb
import psutil
import pytest

from kapell.adapters.tools.options import SqlOptions, ToolOptions
from kapell.kit.json import Json
from tests.integration.tools.world import World

ORDERS = "id,name,price,day\n1,Ann,1.50,2026-01-02\n2,Bob,,2026-01-03\n3,Ann,7.25,2026-01-04\n"


@pytest.fixture
def orders(world: World) -> World:
    (world.workspace / "orders.csv").write_text(ORDERS)
    return world


def limited(tmp_path: Path, **more: float) -> World:
    (tmp_path / "orders.csv").write_text(ORDERS)
    options = ToolOptions(sql=SqlOptions(**more))  # type: ignore[arg-type]  # numbers
    return World(tmp_path, tmp_path / "run", options)


async def rows(world: World, query: str, **more: Json) -> Json:
    given = more if "tables" in more or "database" in more else {"tables": TABLES, **more}
    return (await world.call("sql.query", query=query, **given))["rows"]


TABLES: Json = {"orders": "orders.csv"}


@pytest.mark.requirement("TL-03", "WF-12")
async def test_files_are_tables(orders: World) -> None:
    answer = await orders.call(
        "sql.query",
        query="SELECT name, sum(price) AS total, max(day) AS last FROM orders"
        " WHERE id < $most GROUP BY name ORDER BY name",
        tables=TABLES,
        params={"most": 3},
    )
    assert answer == {
        "columns": [
            {"name": "name", "type": "VARCHAR"},
            {"name": "total", "type": "DOUBLE"},
            {"name": "last", "type": "DATE"},
        ],
        "rows": [
            {"name": "Ann", "total": 1.5, "last": "2026-01-02"},
            {"name": "Bob", "total": None, "last": "2026-01-03"},
        ],
        "count": 2,
        "more": False,
    }


async def test_every_format_joins_every_other(orders: World) -> None:
    (orders.workspace / "t.tsv").write_text("id\tx\n1\ta;b\n")
    (orders.workspace / "j.json").write_text('[{"id": 1, "y": {"z": [1, 2]}}]')
    (orders.workspace / "l.ndjson").write_text('{"id": 1, "w": true}\n{"id": 2, "w": null}\n')
    parquet = orders.workspace / "p.parquet"
    duckdb.execute(f"COPY (SELECT 1 AS id, 1.10::DECIMAL(9,2) AS v) TO '{parquet}'")
    await orders.call("file.write", path="own.csv", text="id,o\n1,mine\n")
    tables: Json = {
        "t": "t.tsv",
        "j": "j.json",
        "l": "l.ndjson",
        "p": "p.parquet",
        "own": "own.csv",
    }
    query = "SELECT x, y, w, v, o FROM t JOIN j USING (id) JOIN l USING (id) JOIN p USING (id)"
    assert await rows(orders, f"{query} JOIN own USING (id)", tables=tables) == [
        {"x": "a;b", "y": {"z": [1, 2]}, "w": True, "v": 1.1, "o": "mine"}
    ]


async def test_an_artifact_is_a_table_too(orders: World) -> None:
    digest = orders.blobs.add(b"a\n5\n")
    tables: Json = {"given": {"artifact": digest, "name": "given.csv"}}
    assert await rows(orders, "SELECT a + 1 AS b FROM given", tables=tables) == [{"b": 6}]


async def test_cells_are_what_json_has(orders: World) -> None:
    query = """SELECT 1 AS a, 2 AS a, 'nan'::DOUBLE AS n,
    170141183460469231731687303715::HUGEINT AS h, 'x'::BLOB AS b,
    INTERVAL 90 SECOND AS i, TIMESTAMP '2026-01-02 03:04:05' AS t, NULL AS z,
    12345678901234567890.123456789::DECIMAL(38,9) AS d"""
    assert await rows(orders, query) == [
        {
            "a": 1,
            "a_2": 2,
            "n": None,
            "h": "170141183460469231731687303715",
            "b": "eA==",
            "i": 90.0,
            "t": "2026-01-02T03:04:05",
            "z": None,
            "d": "12345678901234567890.123456789",
        }
    ]


async def test_rows_are_limited(orders: World) -> None:
    answer = await orders.call("sql.query", query="SELECT * FROM range(10)", tables=TABLES, limit=3)
    assert (answer["count"], answer["more"]) == (3, True)


FORBIDDEN = [
    "COPY orders TO 'out.csv'",
    "SELECT 1; SELECT 2",
    "DROP VIEW orders",
    "CREATE TABLE t AS SELECT 1",
    "INSTALL httpfs",
    "LOAD httpfs",
    "ATTACH 'x.db'",
    "SET memory_limit = '100GB'",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM read_blob('../../../../etc/passwd')",
    "SELECT * FROM read_parquet('http://127.0.0.1:1/x.parquet')",
    "EXPORT DATABASE 'x'",
    "CALL enable_logging()",
    "",
    ";",
]


@pytest.mark.requirement("TL-06")
@pytest.mark.parametrize("query", FORBIDDEN)
async def test_queries_read_the_named_files_and_nothing_else(orders: World, query: str) -> None:
    error = await orders.refused("sql.query", query=query or " ", tables=TABLES)
    assert error.code in {"sql_read_only", "sql_broken"}, str(error)
    assert "root:" not in str(error)


@pytest.mark.requirement("TL-06")
async def test_the_process_sees_no_environment(
    orders: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_notforyou")
    for query in ("SELECT getenv('GITHUB_TOKEN')", "SELECT * FROM read_blob('/proc/self/environ')"):
        error = await orders.refused("sql.query", query=query, tables=TABLES)
        assert "notforyou" not in str(error)


@pytest.mark.requirement("TL-06")
@pytest.mark.parametrize(
    ("query", "limits", "code"),
    [
        ("SELECT count(*) FROM range(1000000000000)", {"timeout": 0.5}, "sql_too_slow"),
        ("SELECT repeat('x', 4000000000)", {"memory": 64_000_000}, "sql_too_much_memory"),
        (
            "SELECT list(a) FROM range(300000000) t(a)",
            {"memory": 64_000_000},
            "sql_too_much_memory",
        ),
        ("SELECT repeat('x', 2000) FROM range(1000)", {"result": 100_000}, "sql_too_large"),
    ],
)
async def test_queries_that_take_too_much(
    tmp_path: Path, query: str, limits: dict[str, float], code: str
) -> None:
    world = limited(tmp_path, **limits)
    error = await world.refused("sql.query", query=query, tables=TABLES)
    assert error.code == code, str(error)


async def test_every_other_way_to_fail_says_what_to_do(orders: World) -> None:
    (orders.workspace / "broken.parquet").write_text("not parquet")
    (orders.workspace / "page.html").write_text("<p>")
    cases: list[tuple[dict[str, Json], str]] = [
        ({"query": "SELEC 1", "tables": TABLES}, "sql_broken"),
        ({"query": "SELECT nam FROM orders", "tables": TABLES}, "sql_broken"),
        ({"query": "SELECT ?", "tables": TABLES}, "sql_broken"),
        ({"query": "SELECT 1", "tables": {"b": "broken.parquet"}}, "sql_file"),
        ({"query": "SELECT 1", "tables": {"b": "page.html"}}, "table_format"),
        ({"query": "SELECT 1", "tables": {"b": "gone.csv"}}, "file_missing"),
        ({"query": "SELECT 1", "tables": {"b": "../secret.csv"}}, "path_outside"),
        ({"query": "SELECT 1", "tables": {'b" AS SELECT 1; --': "orders.csv"}}, "tool_arguments"),
        ({"query": "SELECT 1"}, "tool_arguments"),
        ({"query": "SELECT 1", "tables": TABLES, "database": "x.db"}, "tool_arguments"),
        ({"query": "SELECT 1", "tables": TABLES, "limit": 0}, "tool_arguments"),
        ({"query": "SELECT 1", "database": "orders.csv"}, "sql_file"),
    ]
    for args, code in cases:
        error = await orders.refused("sql.query", **args)
        assert error.code == code, (args, str(error))
        assert "kapell-sql-" not in str(error)


async def test_files_together_have_a_limit(tmp_path: Path) -> None:
    world = limited(tmp_path, bytes=len(ORDERS) + 10)
    tables: Json = {"a": "orders.csv", "b": "orders.csv"}
    error = await world.refused("sql.query", query="SELECT 1", tables=tables)
    assert (error.code, "tools.sql.bytes" in error.advice) == ("file_too_large", True)


def database(world: World, *, log: bool = False) -> Path:
    file = world.workspace / "shop.db"
    with sqlite3.connect(file) as connection:
        if log:
            connection.execute("PRAGMA journal_mode = wal")
        connection.execute("CREATE TABLE item (id INTEGER, name TEXT, data BLOB)")
        connection.executemany(
            "INSERT INTO item VALUES (?, ?, ?)", [(1, "pen", b"x"), (2, "ink", None)]
        )
    connection.close()
    return file


@pytest.mark.requirement("TL-03")
@pytest.mark.parametrize("log", [False, True])
async def test_sqlite_files_are_asked_in_their_own_words(world: World, log: bool) -> None:
    before = database(world, log=log).read_bytes()
    query = "SELECT id, name, data FROM item WHERE id = :id"
    answer = await world.call("sql.query", query=query, database="shop.db", params={"id": 1})
    assert answer["rows"] == [{"id": 1, "name": "pen", "data": "eA=="}]
    described = await world.call("sql.query", query="PRAGMA table_info(item)", database="shop.db")
    assert described["count"] == 3
    assert (world.workspace / "shop.db").read_bytes() == before


@pytest.mark.requirement("TL-06")
@pytest.mark.parametrize(
    "query",
    [
        "INSERT INTO item VALUES (3, 'x', NULL)",
        "DROP TABLE item",
        "ATTACH 'other.db' AS o",
        "PRAGMA writable_schema = on",
        "PRAGMA journal_mode = delete",
        "VACUUM INTO 'copy.db'",
        "SELECT load_extension('x')",
        "SELECT 1; DELETE FROM item",
        "BEGIN IMMEDIATE",
    ],
)
async def test_sqlite_files_are_only_read(world: World, query: str) -> None:
    before = database(world).read_bytes()
    error = await world.refused("sql.query", query=query, database="shop.db")
    assert error.code in {"sql_read_only", "sql_broken"}, str(error)
    assert (world.workspace / "shop.db").read_bytes() == before


@pytest.mark.requirement("TL-06")
@pytest.mark.parametrize(
    ("query", "code"),
    [
        (
            "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n",
            "sql_too_slow",
        ),
        ("SELECT zeroblob(1000000000)", "sql_too_much_memory"),
    ],
)
async def test_sqlite_queries_that_take_too_much(tmp_path: Path, query: str, code: str) -> None:
    world = limited(tmp_path, timeout=0.5, memory=64_000_000)
    database(world)
    assert (await world.refused("sql.query", query=query, database="shop.db")).code == code


async def test_a_cancelled_query_leaves_nothing_behind(orders: World) -> None:
    query = "SELECT count(*) FROM range(1000000000000)"
    task = asyncio.create_task(orders.call("sql.query", query=query, tables=TABLES))
    children = await _begun()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not any(psutil.pid_exists(child) for child in children)


async def test_a_process_that_is_killed_is_said_to_be(orders: World) -> None:
    query = "SELECT count(*) FROM range(1000000000000)"
    task = asyncio.create_task(orders.refused("sql.query", query=query, tables=TABLES))
    children = await _begun()
    for child in children:
        os.kill(child, 9)
    error = await task
    assert (error.code, error.retryable) == ("sql_failed", True)


async def _begun() -> list[int]:
    for _ in range(2000):
        if children := _children():
            return children
        await asyncio.sleep(0.01)
    raise AssertionError("no process asks")


def _children() -> list[int]:
    return [child.pid for child in psutil.Process().children() if _asks(child)]


def _asks(child: psutil.Process) -> bool:
    try:
        return "kapell.adapters.tools.sql.child" in child.cmdline()
    except psutil.Error:
        return False
