"""A fixed set of 100 faulty calls: how many are stopped before a tool runs, and are the right ones.

The tools are the built-in ones by what they say of themselves; what stands behind them only notes
that it was reached, for that is what is counted.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from kapell.adapters.tools.specs import builtin_specs
from kapell.core.tools.spec import ToolSpec
from kapell.kit.errors import KapellError, Missing
from kapell.services.tools.ports import FetchBlob, ToolCall, ToolResult
from tests.integration.tools.calling import Caller

FILE = Path(__file__).parents[3] / "evals" / "tool_calls" / "faulty.jsonl"
CALLS: list[dict[str, Any]] = [json.loads(line) for line in FILE.read_text("utf-8").splitlines()]
STOPPED = 95


class Reached:
    """Notes that a call came through."""

    def __init__(self, spec: ToolSpec) -> None:
        self.spec = spec
        self.times = 0

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        self.times += 1
        return ToolResult(output=None)


class Counting:
    """All built-in tools behind the door."""

    def __init__(self, folder: Path) -> None:
        self.tools = {spec.name: Reached(spec) for spec in builtin_specs()}
        environ = {name.upper(): "set" for spec in builtin_specs() for name in spec.secrets}
        self.caller = Caller(folder, *self.tools.values(), environ=environ)

    async def stops(self, tool: str, args: Any) -> KapellError | None:
        """Return why a call was stopped before its tool ran, None when it ran."""
        before = sum(one.times for one in self.tools.values())
        try:
            await self.caller.result(tool, args)
        except KapellError as error:
            assert sum(one.times for one in self.tools.values()) == before
            return error
        return None


@pytest.mark.requirement("TL-04", "TL-06")
async def test_at_least_95_of_100_faulty_calls_are_stopped_before_they_run(tmp_path: Path) -> None:
    counting = Counting(tmp_path)
    stopped: Counter[str] = Counter()
    passed = []
    for one in CALLS:
        error = await counting.stops(one["tool"], one["args"])
        if error is None:
            passed.append(one)
            continue
        stopped[one["fault"]] += 1
        # Whoever made the call can mend it without reading prose.
        assert error.flaws or isinstance(error, Missing), one
        assert error.advice
    assert len(CALLS) == 100
    assert set(stopped) == {"name", "type", "range", "path", "missing"}
    assert stopped.total() >= STOPPED, passed


@pytest.mark.requirement("TL-04")
async def test_the_calls_that_were_meant_all_pass(tmp_path: Path) -> None:
    counting = Counting(tmp_path)
    for one in CALLS:
        mended = one["mended"]
        assert await counting.stops(mended["tool"], mended["args"]) is None, one
    assert sum(one.times for one in counting.tools.values()) == len(CALLS)


@pytest.mark.requirement("TL-04")
@pytest.mark.parametrize("fault", ["name", "type", "range", "path", "missing"])
async def test_a_flaw_names_the_place_and_the_rule(tmp_path: Path, fault: str) -> None:
    rules = {
        "name": {"unknown", "missing"},
        "type": {"type"},
        "range": {"range", "choice", "pattern", "length"},
        "path": {"path"},
        "missing": {"missing"},
    }[fault]
    counting = Counting(tmp_path)
    for one in (one for one in CALLS if one["fault"] == fault):
        error = await counting.stops(one["tool"], one["args"])
        if error is None or not error.flaws:
            continue
        assert {flaw.rule for flaw in error.flaws} <= rules, one
        assert all(flaw.at for flaw in error.flaws), one
