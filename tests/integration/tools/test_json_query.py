"""JSON queries: what they find, and where their cost ends."""

import tracemalloc
from pathlib import Path

import pytest

from kapell.adapters.tools.options import ToolOptions
from kapell.adapters.tools.queries.bounded import found
from kapell.adapters.tools.threads import Stop, Stopped
from kapell.kit.errors import Invalid
from kapell.kit.json import Json
from tests.integration.tools.world import World

PEOPLE: Json = {
    "people": [
        {"name": "Ann", "age": 40, "tags": ["a", "b"]},
        {"name": "Bob", "age": 30, "tags": []},
        {"name": "Cid", "age": 50, "tags": ["a"]},
    ]
}


@pytest.mark.requirement("WF-12")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("people[?age > `35`].name", ["Ann", "Cid"]),
        ("people[0].{n: name, t: tags[0]}", {"n": "Ann", "t": "a"}),
        ("sort_by(people, &age)[].name", ["Bob", "Ann", "Cid"]),
        ("people[].tags[]", ["a", "b", "a"]),
        ("join(', ', people[].name)", "Ann, Bob, Cid"),
        ("people[?contains(tags, 'a') && name != 'Cid'].age | [0]", 40),
        ("length(people)", 3),
        ("max_by(people, &age).name", "Cid"),
        ('people[?tags == `["a"]`].name', ["Cid"]),
        ("map(&to_string(age), people)", ["40", "30", "50"]),
        ("nothing.here", None),
        ("people[?!tags].name", ["Bob"]),
    ],
)
async def test_queries_find_what_jmespath_finds(world: World, query: str, expected: Json) -> None:
    result = await world.result("json.query", {"query": query, "data": PEOPLE})
    assert result.output == expected


@pytest.mark.requirement("WF-12")
async def test_a_file_is_asked(world: World) -> None:
    (world.workspace / "p.json").write_text('{"a": {"b": 1}}')
    (world.workspace / "broken.json").write_text("{")
    assert (await world.result("json.query", {"query": "a.b", "path": "p.json"})).output == 1
    error = await world.refused("json.query", query="a", path="broken.json")
    assert error.code == "json_broken"
    both: dict[str, Json] = {"data": 1, "path": "p.json"}
    for args in (both, {}):
        error = await world.refused("json.query", query="a", **args)
        assert error.code == "tool_arguments"


@pytest.mark.parametrize(
    "query", ["people[", "nope(people)", "length(`1`)", "a.b.", "sort(people)", "(" * 2000, "'"]
)
async def test_broken_queries_are_said(world: World, query: str) -> None:
    error = await world.refused("json.query", query=query, data=PEOPLE)
    assert error.code == "query_broken"


DOUBLED = " | ".join(["[@, @]"] * 60)
GLUED = " | ".join(["join('', [@, @])"] * 60)


@pytest.mark.parametrize(
    "query",
    [
        f"[people] | {DOUBLED}",
        f"[people] | {DOUBLED} | to_string(@)",
        "[people] | " + " | ".join(["[@, @][]"] * 60),
        f"people[0].name | {GLUED}",
        f"people[0].name | {' | '.join(['join(@, [@, @, @, @])'] * 30)}",
        f"[people] | {DOUBLED} | @ == [@] || @",
        "people[0] | " + " | ".join(["{a: @, b: @}"] * 60),
    ],
)
async def test_expressions_that_grow_without_end_are_stopped(tmp_path: Path, query: str) -> None:
    world = World(tmp_path, tmp_path / "run", ToolOptions(query_effort=200_000))
    error = await world.refused("json.query", query=query, data=PEOPLE)
    assert error.code == "query_too_costly"


def test_a_fifth_of_the_largest_table_costs_less_than_a_fifth_of_the_effort() -> None:
    limits = ToolOptions()
    rows: Json = [{"id": str(n), "text": "a ticket " * 5} for n in range(limits.table_rows // 5)]
    query = "[?contains(text, 'ticket') && id != '5'].id | length(@)"
    assert found(query, rows, limits.query_effort // 5, Stop()) == limits.table_rows // 5 - 1


def test_a_single_join_cannot_fill_the_memory() -> None:
    data: Json = {"separator": "x" * 1_000_000, "texts": ["a"] * 100}
    tracemalloc.start()
    try:
        with pytest.raises(Invalid, match="looks at more than"):
            found("join(separator, texts)", data, 1_000_000, Stop())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000


def test_a_query_nobody_waits_for_ends() -> None:
    stop = Stop()
    stop.ask()
    with pytest.raises(Stopped):
        found("people[].name", PEOPLE, 1000, stop)


def test_the_budget_is_the_same_everywhere() -> None:
    cost = next(
        effort for effort in range(1000) if not _too_costly("people[?age > `35`].name", effort)
    )
    assert _too_costly("people[?age > `35`].name", cost - 1)
    assert cost == 15


def _too_costly(query: str, effort: int) -> bool:
    try:
        found(query, PEOPLE, effort, Stop())
    except Invalid as error:
        assert error.code == "query_too_costly"
        return True
    return False
