"""`text.*` and `time.now`: right on small texts, bounded on hostile ones."""

from datetime import datetime

import pytest

from kapell.adapters.tools.texts import patterns, work
from kapell.adapters.tools.threads import Stop, Stopped
from kapell.adapters.tools.times.tools import TimeNow
from kapell.kit.errors import Missing
from kapell.kit.json import Json
from kapell.testing.tools.worlds import MemoryBlobs
from tests.integration.tools.world import World


@pytest.mark.requirement("TL-03", "WF-12")
@pytest.mark.parametrize(
    ("args", "parts"),
    [
        ({"text": "a\nb\r\nc"}, ["a", "b", "c"]),
        ({"text": "a  b\n\n \n c\nd\n", "by": "paragraphs"}, ["a  b", "c\nd"]),
        ({"text": " a  b\tc ", "by": "words"}, ["a", "b", "c"]),
        ({"text": "a;b;;c", "by": "separator", "separator": ";"}, ["a", "b", "", "c"]),
        ({"text": "abcdefg", "by": "length", "length": 3}, ["abc", "def", "g"]),
        ({"text": "abcdefg", "by": "length", "length": 4, "overlap": 1}, ["abcd", "defg"]),
        ({"text": "", "by": "length", "length": 4}, []),
        ({"text": "ab", "by": "length", "length": 4, "overlap": 3}, ["ab"]),
    ],
)
async def test_texts_are_split(world: World, args: dict[str, Json], parts: list[str]) -> None:
    assert await world.call("text.split", **args) == {"parts": parts, "count": len(parts)}


async def test_splitting_says_what_it_lacks(world: World) -> None:
    wrong: list[dict[str, Json]] = [
        {"text": "a", "by": "separator"},
        {"text": "a", "by": "length"},
        {"text": "a", "by": "length", "length": 2, "overlap": 2},
        {"text": "a", "by": "letters"},
        {"text": "a", "by": "separator", "separator": ""},
        {"text": "a" * 1_000_001},
    ]
    for args in wrong:
        assert (await world.refused("text.split", **args)).code == "tool_arguments", args
    many: dict[str, Json] = {
        "text": "a" * 1_000_000,
        "by": "length",
        "length": 1000,
        "overlap": 999,
    }
    assert (await world.refused("text.split", **many)).code == "text_too_large"


@pytest.mark.parametrize(
    ("args", "text", "count"),
    [
        ({"text": "a.b.c", "find": ".", "replace": "\\1"}, "a\\1b\\1c", 2),
        ({"text": "aXbx", "find": "x", "replace": "", "ignore_case": True}, "ab", 2),
        ({"text": "aaa", "find": "a", "replace": "b", "limit": 2}, "bba", 2),
        (
            {"text": "Grüße €5", "find": r"€(\d)", "replace": r"\1 € \\1", "regex": True},
            "Grüße 5 € \\1",
            1,
        ),
        ({"text": "ab", "find": "(?P<x>a)(c)?", "replace": r"\g<x>\2!", "regex": True}, "a!b", 1),
        ({"text": "ab", "find": "x*", "replace": "-", "regex": True}, "-a-b-", 3),
    ],
)
async def test_texts_are_replaced(
    world: World, args: dict[str, Json], text: str, count: int
) -> None:
    assert await world.call("text.replace", **args) == {"text": text, "count": count}


async def test_what_fits_is_extracted_with_its_groups(world: World) -> None:
    found = await world.call(
        "text.extract", text="é: a=1, b=", pattern=r"(?P<key>\w)=(\d)?", limit=5
    )
    assert found == {
        "matches": [
            {"text": "a=1", "start": 3, "end": 6, "groups": ["a", "1"], "named": {"key": "a"}},
            {"text": "b=", "start": 8, "end": 10, "groups": ["b", None], "named": {"key": "b"}},
        ],
        "count": 2,
        "more": False,
    }
    assert (await world.call("text.extract", text="aaa", pattern="a", limit=2))["more"] is True


@pytest.mark.requirement("TL-06")
async def test_expressions_that_explode_elsewhere_do_not_here(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for pattern in ("(a+)+$", "(a|a)*b", "(a*)*b"):
        assert (await world.call("text.extract", text="a" * 50_000 + "!", pattern=pattern))[
            "count"
        ] == 0
    for pattern in ("(", "(?=a)", r"(a)\1", "((a{900}){900}){900}"):
        error = await world.refused("text.extract", text="a", pattern=pattern)
        assert error.code == "pattern_broken", pattern
    reference: dict[str, Json] = {"text": "a", "find": "a", "replace": r"\3", "regex": True}
    assert (await world.refused("text.replace", **reference)).code == "pattern_broken"
    broken = await world.refused("text.extract", text="\ud800", pattern="a")
    assert broken.code in {"value_not_json", "tool_arguments"}
    monkeypatch.setattr(patterns, "_SECONDS", 0.2)
    error = await world.refused("text.extract", text="a" * 500_000, pattern="a.*b|a", limit=10_000)
    assert error.code == "pattern_too_slow"


async def test_texts_do_not_grow_without_end(world: World) -> None:
    error = await world.refused(
        "text.replace", text="a" * 10_000, find="a", replace="b" * 10_000, regex=True
    )
    assert error.code == "text_too_large"


@pytest.mark.parametrize(
    ("args", "text"),
    [
        ({"text": "hello wonderful world", "length": 17}, "hello wonderful…"),
        ({"text": "hello", "length": 5}, "hello"),
        ({"text": "a" * 100, "length": 10}, "a" * 9 + "…"),
        ({"text": "one two three", "length": 2, "unit": "words"}, "one two…"),
        ({"text": "one two", "length": 3, "ending": ""}, "one"),
        ({"text": "abcdef", "length": 2, "ending": "[...]"}, "[."),
    ],
)
async def test_texts_are_cut(world: World, args: dict[str, Json], text: str) -> None:
    answer = await world.call("text.truncate", **args)
    assert answer == {"text": text, "truncated": text != args["text"]}


async def test_texts_are_compared(world: World) -> None:
    answer = await world.call("text.diff", before="a\nb\nc\n", after="a\nB\nc", name="x.txt")
    assert answer == {
        "diff": "--- x.txt before\n+++ x.txt after\n@@ -1,3 +1,3 @@\n a\n-b\n-c\n+B\n+c\n"
        "\\ No newline at end of text\n",
        "added": 2,
        "removed": 2,
        "equal": False,
    }
    same = await world.call("text.diff", before="a", after="a")
    assert (same["diff"], same["equal"]) == ("", True)
    error = await world.refused("text.diff", before="a\n" * 20_001, after="b")
    assert error.code == "text_too_large"


@pytest.mark.slow
@pytest.mark.requirement("TL-06")
async def test_comparing_has_an_end(world: World) -> None:
    def lines(factor: int) -> str:
        return "\n".join(str(number * factor % 101) for number in range(20_000))

    error = await world.refused("text.diff", before=lines(7), after=lines(13))
    assert error.code == "text_too_large"


async def test_a_call_that_was_given_up_stops() -> None:
    stop = Stop()
    stop.ask()
    with pytest.raises(Stopped):
        work.diff({"before": "a\nb", "after": "b\nc"}, stop)


async def test_texts_are_counted(world: World) -> None:
    answer = await world.call("text.count", text="Ü a\na b\n", find=["a", "ü"], ignore_case=True)
    assert answer == {
        "characters": 8,
        "words": 4,
        "lines": 2,
        "bytes": 9,
        "found": {"a": 2, "ü": 1},
    }


@pytest.mark.requirement("TL-03", "WF-12")
async def test_the_time_is_told_in_a_zone(world: World) -> None:
    tool = TimeNow(lambda: 1_750_000_000.25)
    call = world.request("time.now", {"zone": "Asia/Kolkata"})
    assert (await tool.call(call, _blob)).output == {
        "iso": "2025-06-15T20:36:40.250+05:30",
        "unix": 1_750_000_000.25,
        "zone": "Asia/Kolkata",
        "date": "2025-06-15",
        "time": "20:36:40",
        "weekday": "Sunday",
        "offset": "+05:30",
    }
    west = (await tool.call(world.request("time.now", {"zone": "America/St_Johns"}), _blob)).output
    assert isinstance(west, dict)
    assert west["offset"] == "-02:30"
    now = await world.call("time.now")
    assert now["zone"] == "UTC"
    assert datetime.fromisoformat(str(now["iso"])).timestamp() == now["unix"]


async def test_zones_that_are_none(world: World) -> None:
    error = await world.refused("time.now", zone="Europe/Roma")
    assert (error.code, error.advice) == ("time_zone_unknown", "Did you mean 'Europe/Rome'?")
    assert isinstance(error, Missing)
    for zone in ("../../etc/passwd", "/etc/localtime", "Europe", ""):
        code = (await world.refused("time.now", zone=zone)).code
        assert code in {"time_zone_unknown", "tool_arguments"}, zone


async def _blob(digest: str) -> bytes:
    return MemoryBlobs().items[digest]  # type: ignore[index]  # never asked for
