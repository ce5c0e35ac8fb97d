"""Tables from real files: what people write, and what is no table at all."""

import codecs
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kapell.adapters.tools.options import ToolOptions
from kapell.kit.json import Json, digest
from tests.drawing import examples
from tests.integration.tools.world import World


def put(world: World, name: str, data: bytes | str) -> str:
    path = world.workspace / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return name


@pytest.mark.requirement("WF-12")
async def test_a_table_is_read_as_columns_and_rows_of_text(world: World) -> None:
    put(world, "tickets.csv", 'id,text\n007,"one, two"\n8,"a ""b""\nc"\n\n')
    table = await world.call("table.read", path="tickets.csv")
    assert table == {
        "columns": ["id", "text"],
        "rows": [{"id": "007", "text": "one, two"}, {"id": "8", "text": 'a "b"\nc'}],
        "count": 2,
    }


@pytest.mark.requirement("WF-12")
async def test_a_file_input_is_read_from_its_artifact(world: World) -> None:
    key = world.blobs.add(b"a;b\n1;2\n")
    value: Json = {"artifact": key, "name": "t.csv", "size": 8, "media": "text/csv"}
    table = await world.call("table.read", path=value)
    assert table["rows"] == [{"a": "1", "b": "2"}]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("c.csv", "a,b\n1,2\n"),
        ("s.csv", "a;b\n1;2\n"),
        ("p.txt", "a|b\n1|2\n"),
        ("t.tsv", "a\tb\n1\t2\n"),
        ("t.csv", "a\tb\n1\t2\n"),
        ("crlf.csv", "a,b\r\n1,2\r\n"),
        ("cr.csv", "a,b\r1,2\r"),
        ("unfinished.csv", "a,b\n1,2"),
        ("j.jsonl", '{"a": "1", "b": "2"}\n\n'),
        ("j.ndjson", '{"b": "2", "a": "1"}'),
        ("ünï ☂.csv", "a,b\n1,2\n"),
    ],
)
async def test_delimiters_line_ends_and_formats_are_found(
    world: World, name: str, text: str
) -> None:
    table = await world.call("table.read", path=put(world, name, text))
    assert table["rows"] == [{"a": "1", "b": "2"}]


async def test_a_delimiter_inside_quotes_or_prose_does_not_mislead(world: World) -> None:
    text = 'id;text\n1;"a, b, c"\n2;Hello, you; not\n'.replace("; not", "")
    table = await world.call("table.read", path=put(world, "t.csv", text))
    assert table["columns"] == ["id", "text"]
    one = await world.call("table.read", path=put(world, "one.csv", "text\nhello\n"))
    assert one["rows"] == [{"text": "hello"}]


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        ("näme\nö\n".encode(), None),
        ("näme\nö\n".encode("utf-8-sig"), None),
        ("näme\nö\n".encode("utf-8-sig"), "utf-8"),
        ("näme\nö\n".encode("utf-16"), None),
        (codecs.BOM_UTF16_BE + "näme\nö\n".encode("utf-16-be"), None),
        ("näme\nö\n".encode("utf-32"), None),
        ("näme\nö\n".encode("cp1252"), "cp1252"),
        ("näme\nö\n".encode("utf-16-le"), "utf-16-le"),
    ],
)
async def test_encodings_are_known_by_their_mark_or_named(
    world: World, data: bytes, encoding: str | None
) -> None:
    put(world, "t.csv", data)
    more: dict[str, Json] = {"encoding": encoding} if encoding else {}
    table = await world.call("table.read", path="t.csv", **more)
    assert table["rows"] == [{"näme": "ö"}]


async def test_columns_headers_and_short_rows_can_be_settled_by_the_author(world: World) -> None:
    put(world, "t.csv", "1,2\n3\n")
    table = await world.call("table.read", path="t.csv", header=False, ragged="fill")
    assert table["rows"] == [{"c1": "1", "c2": "2"}, {"c1": "3", "c2": ""}]
    named = await world.call(
        "table.read", path="t.csv", header=False, columns=["x", "y"], ragged="fill"
    )
    assert named["columns"] == ["x", "y"]
    renamed = await world.call("table.read", path="t.csv", columns=["x", "y"], ragged="fill")
    assert renamed["rows"] == [{"x": "3", "y": ""}]


async def test_json_lines_keep_their_types_and_lack_nothing(world: World) -> None:
    put(world, "t.jsonl", '{"a": 1, "b": [true]}\n{"c": null}\n')
    table = await world.call("table.read", path="t.jsonl")
    assert table["rows"] == [{"a": 1, "b": [True], "c": None}, {"a": None, "b": None, "c": None}]


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("short.csv", "a,b\n1,2\n3\n", "table_ragged"),
        ("long.csv", "a,b\n1,2,3\n", "table_ragged"),
        ("twice.csv", "a,b,a\n1,2,3\n", "table_header"),
        ("unnamed.csv", "a,,c\n1,2,3\n", "table_header"),
        ("empty.csv", "", "table_empty"),
        ("blank.csv", "\n\n", "table_empty"),
        ("mark.csv", codecs.BOM_UTF8, "table_empty"),
        ("empty.jsonl", "\n", "table_empty"),
        ("open.csv", 'a,b\n1,"2\n3,4\n', "table_malformed"),
        ("after.csv", 'a,b\n"1"x,2\n', "table_malformed"),
        ("cell.csv", "a,b\n1," + "x" * 200_000 + "\n", "table_malformed"),
        ("broken.jsonl", '{"a": 1}\n{"a": \n', "table_malformed"),
        ("list.jsonl", "[1]\n", "table_malformed"),
        ("cp1252.csv", "näme\nö\n".encode("cp1252"), "file_encoding"),
        ("late.csv", b"a\n" + b"x\n" * 100_000 + b"\xff\n", "file_encoding"),
        ("half.csv", "a\nb\n".encode("utf-16")[:-1], "file_encoding"),
        ("nul.csv", b"a,b\n1,\x002\n", "file_not_text"),
        ("latenul.csv", b"a\n" + b"x\n" * 100_000 + b"\x00\n", "file_not_text"),
        ("zip.csv", b"PK\x03\x04rest", "file_not_text"),
        ("book.xlsx", b"PK\x03\x04rest", "table_format"),
        ("control.csv", bytes(range(1, 32)) * 3, "file_not_text"),
        ("utf16.csv", "abc\n".encode("utf-16-le"), "file_not_text"),
    ],
)
async def test_what_is_no_table_gives_one_clear_error(
    world: World, name: str, data: bytes | str, code: str
) -> None:
    error = await world.refused("table.read", path=put(world, name, data))
    assert error.code == code
    assert name in error.message
    assert not error.retryable


async def test_errors_name_the_line(world: World) -> None:
    put(world, "t.csv", "a,b\n" + "1,2\n" * 5 + "1,2,3\n")
    assert "Line 7 " in (await world.refused("table.read", path="t.csv")).message
    put(world, "q.csv", 'a,b\n1,2\n3,"4\n5,6\n')
    assert "line 3:" in (await world.refused("table.read", path="q.csv")).message


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=400))
async def test_noise_never_breaks_the_tool(world: World, data: bytes) -> None:
    put(world, "noise.csv", data)
    try:
        await world.call("table.read", path="noise.csv")
    except Exception as error:
        assert getattr(error, "code", "") in {
            "file_not_text",
            "file_encoding",
            "table_malformed",
            "table_ragged",
            "table_header",
            "table_empty",
        }


async def test_a_file_of_100_mb_is_refused_by_its_size_without_being_read(world: World) -> None:
    path = world.workspace / "big.csv"
    with path.open("wb") as stream:
        stream.truncate(100_000_000)
    error = await world.refused("table.read", path="big.csv")
    assert error.code == "file_too_large"
    assert "100,000,000" in error.message
    value: Json = {"artifact": digest(b"none"), "name": "big.csv", "size": 100_000_000}
    assert (await world.refused("table.read", path=value)).code == "file_too_large"
    assert world.blobs.fetched == []


async def test_rows_and_result_have_limits(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a\n" + "x\n" * 11)
    few = World(tmp_path, tmp_path / "run", ToolOptions(table_rows=10))
    assert (await few.refused("table.read", path="t.csv")).code == "table_too_long"
    small = World(tmp_path, tmp_path / "run", ToolOptions(table_result=50))
    assert (await small.refused("table.read", path="t.csv")).code == "table_too_large"
    enough = World(tmp_path, tmp_path / "run", ToolOptions(table_rows=11))
    assert (await enough.call("table.read", path="t.csv"))["count"] == 11


async def test_an_unknown_encoding_is_no_codec_of_ours(world: World) -> None:
    put(world, "t.csv", "a\n")
    for encoding in ("klingon", "punycode", "zip", "idna"):
        error = await world.refused("table.read", path="t.csv", encoding=encoding)
        assert error.code == "encoding_unknown"


@pytest.mark.requirement("WF-12")
async def test_what_is_written_is_read_again(world: World) -> None:
    rows: Json = [{"a": "x, y", "b": 'q "z"\nn'}, {"a": "", "c": "ü"}]
    for name in ("out/t.csv", "out/t.tsv", "out/t.jsonl"):
        output = await world.call("table.write", path=name, rows=rows)
        assert output["count"] == 2
        table = await world.call("table.read", path=name)
        nothing = None if name.endswith("jsonl") else ""
        assert table["rows"] == [
            {"a": "x, y", "b": 'q "z"\nn', "c": nothing},
            {"a": "", "b": nothing, "c": "ü"},
        ]


async def test_values_become_cells(world: World) -> None:
    rows: Json = [{"n": 1.5, "t": True, "l": [1, {"a": None}], "z": None, "extra": 1}]
    await world.call("table.write", path="t.csv", rows=rows, columns=["n", "t", "l", "z"])
    assert world.on_disk()["t.csv"] == b'n,t,l,z\n1.5,true,"[1,{""a"":null}]",\n'


cells = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=8
)


@settings(max_examples=examples(50), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.lists(cells, min_size=2, max_size=2), min_size=1, max_size=5),
    delimiter=st.sampled_from(",;\t|"),
)
async def test_any_text_survives_a_table(
    world: World, rows: list[list[str]], delimiter: str
) -> None:
    table: Json = [{"a": row[0], "b": row[1]} for row in rows]
    await world.call("table.write", path="t.csv", rows=table, delimiter=delimiter)
    read = await world.call("table.read", path="t.csv", delimiter=delimiter, encoding="utf-8")
    assert read["rows"] == table
