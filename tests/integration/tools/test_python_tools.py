"""Python functions as tools: what their signatures become, and what they may do to us."""

import enum
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import jsonschema_rs
import msgspec
import pytest
from pydantic import BaseModel, Field, RootModel, field_validator

from kapell import Secret, ToolContext, tool
from kapell.adapters.tools.python.function import FunctionTool
from kapell.core.tools.spec import repeatable
from kapell.kit.errors import Denied, Invalid
from kapell.kit.json import Json
from tests.integration.tools.calling import Caller, wrapped


class Level(enum.Enum):
    LOW = "low"
    HIGH = "high"


@dataclass
class Point:
    x: int
    y: int = 0


class Person(BaseModel):
    name: str
    age: int = Field(default=0, ge=0)

    @field_validator("name")
    @classmethod
    def _not_nobody(cls, name: str) -> str:
        if name == "nobody":
            raise ValueError("nobody is no name")
        return name


class Mark(msgspec.Struct):
    code: str
    weight: float = 1.0


@tool(effects="read", trust="trusted")
def everything(  # noqa: D417 - arguments that are not described are under test too
    text: str,
    count: Annotated[int, Field(ge=1, le=5)],
    level: Level,
    where: Point,
    who: Person,
    mark: Mark,
    mode: Literal["slow", "fast"] = "slow",
    when: date | None = None,
    points: list[Point] = [],  # noqa: B006 - its schema is under test
    more: dict[str, float] | None = None,
    note: Annotated[str, "What to note."] = "",
) -> dict[str, Any]:
    """Take one of everything.

    It says so in
    two lines.

    Args:
        text: Any text,
            even a long one.
        count (int): How many.

    Returns:
        What it took.
    """
    assert isinstance(level, Level)
    assert isinstance(where, Point)
    assert isinstance(who, Person)
    assert isinstance(mark, Mark)
    assert all(isinstance(one, Point) for one in points)
    return {"text": text, "level": level, "where": where, "who": who, "mark": mark, "when": when}


def properties(found: FunctionTool) -> Mapping[str, Any]:
    assert isinstance(found.spec.args, Mapping)
    given = found.spec.args["properties"]
    assert isinstance(given, Mapping)
    return given


@pytest.mark.requirement("TL-03", "TL-04")
def test_a_signature_becomes_a_schema_and_a_docstring_descriptions() -> None:
    found = wrapped(everything)
    schema = found.spec.args
    assert isinstance(schema, dict)
    jsonschema_rs.meta.validate(schema)
    assert found.spec.description == "Take one of everything.\nIt says so in two lines."
    assert schema["required"] == ["text", "count", "level", "where", "who", "mark"]
    known = properties(found)
    assert known["text"] == {"type": "string", "description": "Any text, even a long one."}
    assert known["count"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 5,
        "description": "How many.",
    }
    assert known["mode"] == {"enum": ["slow", "fast"], "type": "string", "default": "slow"}
    assert known["note"] == {"type": "string", "default": "", "description": "What to note."}
    assert known["points"] == {
        "type": "array",
        "items": {"$ref": "#/$defs/Point"},
        "default": [],
    }
    assert set(schema["$defs"]) == {"Level", "Person", "Point", "Mark"}


async def test_arguments_arrive_as_what_their_types_say_and_results_leave_as_json(
    tmp_path: Path,
) -> None:
    output = await Caller(tmp_path, wrapped(everything)).call(
        "everything",
        text="x",
        count=2,
        level="high",
        where={"x": 1},
        who={"name": "Ann"},
        mark={"code": "c"},
        when="2026-01-31",
        points=[{"x": 1, "y": 2}],
    )
    assert output == {
        "text": "x",
        "level": "high",
        "where": {"x": 1, "y": 0},
        "who": {"name": "Ann", "age": 0},
        "mark": {"code": "c", "weight": 1.0},
        "when": "2026-01-31",
    }


@pytest.mark.parametrize(
    ("args", "at"),
    [
        ({"count": 9}, "count"),
        ({"level": "middle"}, "level"),
        ({"where": {"x": "one"}}, "where.x"),
        ({"who": {"name": "Ann", "age": -1}}, "who.age"),
        ({"who": {"name": "nobody"}}, "who.name"),
        ({"mark": {}}, "mark.code"),
        ({"when": "soon"}, "when"),
        ({"points": [{"x": 1}, {"y": 1}]}, "points.1.x"),
        ({"extra": 1}, "extra"),
    ],
)
async def test_what_does_not_fit_is_refused_at_its_place(
    tmp_path: Path, args: dict[str, Json], at: str
) -> None:
    good: dict[str, Json] = {
        "text": "x",
        "count": 2,
        "level": "high",
        "where": {"x": 1},
        "who": {"name": "Ann"},
        "mark": {"code": "c"},
    }
    with pytest.raises(Invalid) as caught:
        await Caller(tmp_path, wrapped(everything)).call("everything", **{**good, **args})
    assert caught.value.code == "tool_arguments"
    assert [flaw.at for flaw in caught.value.flaws] == [at]


def test_what_is_not_declared_is_taken_to_be_the_worst() -> None:
    @tool
    def plain() -> None:
        """Do it."""

    @tool(name="crm.find", effects="read", cost="0.002", timeout=5, secrets=["crm"])
    def reading() -> None:
        """Find it."""

    @tool(effects="external", repeatable=True)
    def safe(a: int, /) -> None:
        """Do it again."""

    worst = wrapped(plain).spec
    assert (worst.effects, worst.trust, repeatable(worst, {})) == ("external", "untrusted", False)
    spec = wrapped(reading).spec
    assert (spec.name, spec.cost, spec.timeout, spec.secrets) == (
        "crm.find",
        2_000_000,
        5,
        ("crm",),
    )
    assert repeatable(spec, {})
    with pytest.raises(Invalid, match="no name a caller could give"):
        wrapped(safe)


@pytest.mark.parametrize("way", ["untyped", "any_number", "socket"])
def test_a_signature_that_json_cannot_fill_is_refused_with_its_reason(way: str) -> None:
    def untyped(a) -> None:  # type: ignore[no-untyped-def]  # what is under test
        """Do."""

    def any_number(*a: int) -> None:
        """Do."""

    def socket(a: threading.Lock) -> None:
        """Do."""

    ways: dict[str, Any] = {"untyped": untyped, "any_number": any_number, "socket": socket}
    with pytest.raises(Invalid) as caught:
        FunctionTool(ways[way])
    assert caught.value.code == "tool_signature"
    assert way in caught.value.message


def test_numpy_and_sphinx_docstrings_describe_arguments_too() -> None:
    def numpy(a: int, b: int) -> None:
        """Add.

        Parameters
        ----------
        a : int
            The first.
        b
            The second,
            on two lines.

        """

    def sphinx(a: int, b: int) -> None:
        """Add.

        :param a: The first.
        :param int b: The second,
            on two lines.
        :returns: nothing
        """

    for function in (numpy, sphinx):
        found = FunctionTool(function)
        assert found.spec.description == "Add."
        assert properties(found)["a"]["description"] == "The first."
        assert properties(found)["b"]["description"] == "The second, on two lines."


async def test_an_error_of_our_tree_stays_what_it_is(tmp_path: Path) -> None:
    @tool
    async def refuses() -> None:
        """Refuse."""
        raise Denied("Not today.", code="closed", advice="Come tomorrow.")

    with pytest.raises(Denied, match="Not today"):
        await Caller(tmp_path, wrapped(refuses)).call("refuses")


async def test_what_is_not_json_is_refused(tmp_path: Path) -> None:
    @tool(effects="read")
    def odd() -> object:
        """Return what has no form."""
        return {"a": threading.Lock()}

    @tool(effects="read")
    def circular() -> object:
        """Return what has no end."""
        found: list[object] = []
        found.append(found)
        return found

    @tool(effects="read")
    def endless() -> float:
        """Return what is no number."""
        return float("nan")

    caller = Caller(tmp_path, wrapped(odd), wrapped(circular), wrapped(endless))
    for name in ("odd", "circular", "endless"):
        with pytest.raises(Invalid) as caught:
            await caller.call(name)
        assert caught.value.code == "tool_result_not_json"


@pytest.mark.requirement("TL-06")
async def test_secrets_and_context_are_handed_in_and_nobody_can_give_them(tmp_path: Path) -> None:
    environ = {"KAPELL_SECRET_CRM_TOKEN": "tok-123456"}

    @tool(effects="read")
    def asks(text: str, crm_token: Secret, context: ToolContext) -> dict[str, object]:
        """Ask the CRM."""
        return {
            "fits": crm_token == environ["KAPELL_SECRET_CRM_TOKEN"],
            "token": crm_token,
            "key": context.key,
            "there": Path(context.workspace).is_dir(),
        }

    found = wrapped(asks)
    assert list(properties(found)) == ["text"]
    assert found.spec.secrets == ("crm_token",)
    caller = Caller(tmp_path, found, environ=environ)
    assert await caller.call("asks", text="x") == {
        "fits": True,
        "token": "[secret]",
        "key": "key-1",
        "there": True,
    }
    with pytest.raises(Invalid):
        await caller.call("asks", text="x", **{"crm_token": "mine"})
    with pytest.raises(Denied, match="crm_token") as caught:
        await Caller(tmp_path, found).call("asks", text="x")
    assert "KAPELL_SECRET_CRM_TOKEN" in caught.value.advice


@pytest.mark.requirement("TL-06")
async def test_paths_lead_into_the_runs_folder_and_changes_there_are_kept(tmp_path: Path) -> None:
    @tool(effects="write")
    def save(to: Path, text: str) -> str:
        """Save a text."""
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_text(text)
        return to.name

    @tool(effects="read")
    def show(at: Path) -> str:
        """Show a file."""
        return at.read_text()

    @tool(effects="write")
    def drop(at: Path) -> None:
        """Drop a file."""
        at.unlink()

    caller = Caller(tmp_path, wrapped(save), wrapped(show), wrapped(drop))
    result = await caller.result("save", {"to": "a/b.txt", "text": "one"})
    assert [change.path for change in result.files] == ["a/b.txt"]
    assert list(result.blobs.values()) == [b"one"]
    assert await caller.call("show", at="a/b.txt") == "one"
    again = await caller.result("save", {"to": "a/b.txt", "text": "one"})
    assert again.files == ()
    (caller.workspace / "data.txt").write_text("from the workspace")
    assert await caller.call("show", at="data.txt") == "from the workspace"
    await caller.call("save", to="data.txt", text="mine")
    assert (caller.workspace / "data.txt").read_text() == "from the workspace"
    gone = await caller.result("drop", {"at": "a/b.txt"})
    assert [(change.path, change.digest) for change in gone.files] == [("a/b.txt", None)]
    (caller.workspace / "away").symlink_to("/etc")
    for path in ("../x", "/etc/passwd", "away/passwd"):
        with pytest.raises(Denied) as caught:
            await caller.call("show", at=path)
        assert caught.value.code == "path_outside"


class Where(RootModel[Path]):
    """A place."""


class There(RootModel[Where]):
    """The same behind one more name."""


@pytest.mark.requirement("TL-06")
async def test_paths_are_found_wherever_a_type_holds_them(tmp_path: Path) -> None:
    @tool(effects="read")
    def pair(first: tuple[Path, int]) -> str:
        """Take a pair."""
        return first[0].read_text()

    @tool(effects="read")
    def named(texts: dict[Path, str]) -> str:
        """Take names."""
        return next(iter(texts)).read_text()

    @tool(effects="read")
    def chained(at: There) -> str:
        """Take a place by its names."""
        return at.root.root.read_text()

    caller = Caller(tmp_path, wrapped(pair), wrapped(named), wrapped(chained))
    (caller.workspace / "data.txt").write_text("inside")

    def given(path: str) -> dict[str, dict[str, Json]]:
        return {
            "pair": {"first": [path, 1]},
            "named": {"texts": {path: "x"}},
            "chained": {"at": path},
        }

    for name, args in given("data.txt").items():
        assert await caller.call(name, **args) == "inside"
    for path in ("/etc/passwd", "../x"):
        for name, args in given(path).items():
            with pytest.raises(Denied) as caught:
                await caller.call(name, **args)
            assert caught.value.code == "path_outside"
