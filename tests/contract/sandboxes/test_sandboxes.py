"""What every sandbox does alike, whoever it is; each language has its own words for it."""

import asyncio
from collections.abc import Mapping
from time import monotonic

import pytest

from kapell.kit.json import Json
from kapell.services.sandbox.ports import Language, SandboxLimits
from tests.contract.sandboxes.conftest import Place

pytestmark = pytest.mark.slow

Words = Mapping[Language, str]

DOUBLE: Words = {
    "python": "input['n'] * 2",
    "javascript": "input.n * 2",
    "sql": "SELECT $n * 2 AS n",
}
SAY: Words = {
    "python": "print('hello'); None",
    "javascript": "console.log('hello'); null",
    "shell": "echo hello",
}
WRONG: Words = {
    "python": "1 / 0",
    "javascript": "nothing.there",
    "sql": "SELECT nothing FROM nowhere",
    "shell": "echo here >&2; exit 3",
}
BROKEN: Words = {
    "python": "def (",
    "javascript": "let = = 1",
    "sql": "SELEC 1",
    "shell": "if then (",
}
LOOP: Words = {
    "python": "while True: pass",
    "javascript": "for (;;) {}",
    "sql": "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r",
    "shell": "while :; do :; done",
}
FLOOD: Words = {
    "python": "while True: print('x' * 1000)",
    "javascript": "for (;;) require('fs').writeSync(1, 'x'.repeat(1000))",
    "sql": "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 1000000) "
    "SELECT n FROM r",
    "shell": "yes",
}
NOT_JSON: Words = {"python": "{1, 2}", "javascript": "() => 1"}
VALUES: tuple[Json, ...] = (
    None,
    True,
    0,
    -1.5,
    2**53,
    "ü €\n'\"\\ {{ 😀",
    [1, [2, {}]],
    {"a": {"b": []}},
)


def word(words: Words, place: Place) -> str:
    if place.language not in words:
        pytest.skip(f"{place.language} has no way to say this")
    return words[place.language]


@pytest.mark.requirement("TL-01")
async def test_a_program_sees_its_input_and_gives_a_value(place: Place) -> None:
    execution = await place.run(word(DOUBLE, place), {"n": 21})
    assert execution.ok, execution
    expected: Json = [{"n": 42}] if place.language == "sql" else 42
    assert execution.result == expected
    assert execution.backend == place.sandbox.name
    assert execution.seconds > 0


async def test_every_json_value_comes_back_as_it_went(place: Place) -> None:
    if place.language not in ("python", "javascript"):
        pytest.skip("only languages with JSON values give any of them back")
    execution = await place.run("input", VALUES)
    assert execution.result == list(VALUES), execution


async def test_what_it_says_is_kept(place: Place) -> None:
    execution = await place.run(word(SAY, place))
    assert (execution.stdout, execution.stderr, execution.exit) == ("hello\n", "", 0)
    assert execution.result is None


@pytest.mark.requirement("TL-02")
@pytest.mark.parametrize("words", [WRONG, BROKEN], ids=["wrong", "broken"])
async def test_a_program_that_fails_is_a_result_that_says_why(place: Place, words: Words) -> None:
    execution = await place.run(word(words, place))
    assert not execution.ok
    assert execution.exit != 0
    assert execution.stderr.strip()
    assert execution.limit is None
    assert execution.result is None


async def test_a_value_without_a_form_in_json_is_a_fault(place: Place) -> None:
    execution = await place.run(word(NOT_JSON, place))
    assert execution.fault
    assert not execution.ok


@pytest.mark.requirement("TL-01")
async def test_time_has_an_end(place: Place) -> None:
    began = monotonic()
    execution = await place.run(word(LOOP, place), limits=SandboxLimits(seconds=1))
    assert execution.limit == "time"
    assert not execution.ok
    assert monotonic() - began < 20


@pytest.mark.requirement("TL-01")
async def test_output_has_an_end(place: Place) -> None:
    limits = SandboxLimits(seconds=20, output=50_000)
    execution = await place.run(word(FLOOD, place), limits=limits)
    assert execution.limit == "output"
    assert len(execution.stdout) <= 50_000


async def test_one_program_leaves_nothing_for_the_next(place: Place) -> None:
    if place.language not in ("python", "javascript"):
        pytest.skip("nothing can be left behind by a statement or a shell alone")
    leave = {"python": "kept = 1", "javascript": "globalThis.kept = 1"}
    look = {"python": "kept", "javascript": "typeof kept"}
    await place.run(leave[place.language])
    execution = await place.run(look[place.language])
    assert execution.exit != 0 or execution.result == "undefined"


async def test_a_call_that_is_cancelled_ends_its_program(place: Place) -> None:
    began = monotonic()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1.0):
            await place.run(word(LOOP, place), limits=SandboxLimits(seconds=60))
    assert monotonic() - began < 20
    again = DOUBLE.get(place.language)
    if again is not None:
        assert (await place.run(again, {"n": 1})).ok


async def test_many_run_side_by_side(place: Place) -> None:
    source = word(DOUBLE, place)
    found = await asyncio.gather(*(place.run(source, {"n": n}) for n in range(6)))
    results = [one.result for one in found]
    rows = [[{"n": 2 * n}] for n in range(6)]
    assert results == (rows if place.language == "sql" else list(range(0, 12, 2)))
