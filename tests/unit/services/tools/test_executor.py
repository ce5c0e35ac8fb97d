"""The one door to tools, with tools that do nothing, fail, wait or lie."""

import asyncio
from collections.abc import Mapping

import pytest

from kapell.core.tools.spec import ToolSpec, repeatable
from kapell.kit.errors import Bug, Invalid, KapellError, Missing, Unavailable
from kapell.kit.ids import LOCAL, RunId
from kapell.kit.json import Digest, Json
from kapell.services.tools.executor import ToolExecutor
from kapell.services.tools.ports import FetchBlob, Tool, ToolCall, ToolResult, UnknownOutcome
from kapell.testing.tools.doubles import CountingTool, FlakyTool, NoopTool, SlowTool, double_tools
from kapell.testing.tools.worlds import MemoryBlobs, MemoryFolders

SCHEMA: Json = {
    "type": "object",
    "required": ["path"],
    "additionalProperties": False,
    "properties": {
        "path": {"type": "string"},
        "count": {"type": "integer", "minimum": 1},
        "mode": {"enum": ["slow", "fast"]},
    },
}


class OddTool:
    """Returns or raises whatever the test says."""

    def __init__(self, answer: object, *, args: Json = None, repeatable: bool = True) -> None:
        self.spec = ToolSpec(
            name="test.odd",
            description="Odd.",
            args=args or {"type": "object"},
            repeatable=repeatable,
        )
        self._answer = answer

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        if isinstance(self._answer, BaseException):
            raise self._answer
        if isinstance(self._answer, ToolResult):
            return self._answer
        return ToolResult(output=self._answer)  # type: ignore[arg-type]  # the lie under test


def executor(*tools: Tool, limit: int = 1000, blobs: MemoryBlobs | None = None) -> ToolExecutor:
    named = {tool.spec.name: tool for tool in tools}
    return ToolExecutor(named, blobs or MemoryBlobs(), MemoryFolders(), result_limit=limit)


def request(
    tool: str,
    args: Json = None,
    *,
    timeout: float | None = None,
    key: str = "k1",
    files: Mapping[str, Digest] | None = None,
) -> ToolCall:
    return ToolCall(
        tenant_id=LOCAL,
        run_id=RunId("r1"),
        call="s#1/1",
        tool=tool,
        args={} if args is None else args,
        key=key,
        timeout=timeout,
        workspace="/nowhere",
        folder="/nowhere/run",
        files=files or {},
    )


@pytest.mark.requirement("WF-12")
async def test_a_call_returns_what_the_tool_returns() -> None:
    door = executor(NoopTool())
    result = await door.call(request("test.noop", {"a": [1, None, "x"]}))
    assert result.output == {"a": [1, None, "x"]}


async def test_the_folder_is_held_around_the_call_and_let_go_after_a_failure() -> None:
    folders, digest = MemoryFolders(), Digest("d" * 64)
    door = ToolExecutor({"test.flaky": FlakyTool()}, MemoryBlobs(), folders)
    with pytest.raises(Unavailable, match="down"):
        await door.call(request("test.flaky", files={"a.txt": digest}))
    assert folders.held == [("/nowhere/run", {"a.txt": digest})]
    assert folders.active == 0


async def test_a_tool_that_works_outside_the_folder_leaves_it_as_it_is() -> None:
    folders = MemoryFolders()
    door = ToolExecutor({"test.noop": NoopTool()}, MemoryBlobs(), folders)
    await door.call(request("test.noop", files={"a.txt": Digest("d" * 64)}))
    assert folders.held == []


async def test_an_unknown_tool_is_answered_with_the_nearest_name() -> None:
    with pytest.raises(Missing) as caught:
        await executor(NoopTool()).call(request("test.nop"))
    assert caught.value.code == "tool_unknown"
    assert "'test.noop'" in caught.value.advice


async def test_every_wrong_argument_is_named_at_once_and_no_value_is_shown() -> None:
    tool = OddTool("never", args=SCHEMA)
    with pytest.raises(Invalid) as caught:
        await executor(tool).call(
            request("test.odd", {"pth": "p", "count": "hunter2", "mode": "swift"})
        )
    error = caught.value
    assert error.code == "tool_arguments"
    assert error.advice
    for part in (
        "'path' is missing",
        "'pth' is unknown (did you mean 'path'?)",
        "'count'",
        "'mode'",
    ):
        assert part in error.message
    assert "hunter2" not in error.message


async def test_a_broken_schema_is_the_tools_fault() -> None:
    tool = OddTool("never", args={"type": 7})
    with pytest.raises(Bug) as caught:
        await executor(tool).call(request("test.odd"))
    assert caught.value.code == "tool_schema"


async def test_a_slow_tool_times_out_and_is_cancelled() -> None:
    slow = SlowTool()
    with pytest.raises(Unavailable) as caught:
        await executor(slow).call(request("test.slow", timeout=0.01))
    assert (caught.value.code, caught.value.retryable) == ("tool_timed_out", True)
    assert slow.cancelled == 1


async def test_a_slow_tool_that_must_not_be_repeated_has_an_unknown_outcome() -> None:
    with pytest.raises(UnknownOutcome) as caught:
        await executor(SlowTool(repeatable=False)).call(request("test.slow", timeout=0.01))
    cause = caught.value.__cause__
    assert isinstance(cause, KapellError)
    assert cause.code == "tool_timed_out"


async def test_a_timeout_inside_the_tool_is_not_taken_for_ours() -> None:
    with pytest.raises(Bug) as caught:
        await executor(OddTool(TimeoutError("socket"))).call(request("test.odd", timeout=60))
    assert caught.value.code == "tool_bug"


async def test_cancellation_passes_through() -> None:
    slow = SlowTool()
    task = asyncio.create_task(executor(slow).call(request("test.slow", timeout=60)))
    await slow.begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert slow.cancelled == 1


@pytest.mark.requirement("TL-05")
@pytest.mark.parametrize("error", [asyncio.CancelledError(), SystemExit(3)])
async def test_a_tool_that_cancels_or_leaves_by_itself_is_broken(error: BaseException) -> None:
    with pytest.raises(Bug, match=f"it raised {type(error).__name__}") as caught:
        await executor(OddTool(error)).call(request("test.odd", timeout=60))
    assert caught.value.code == "tool_bug"
    with pytest.raises(UnknownOutcome):
        await executor(OddTool(error, repeatable=False)).call(request("test.odd"))


async def test_an_unexpected_exception_becomes_a_bug_without_secrets_and_places() -> None:
    error = RuntimeError(
        "cannot open /srv/app/secret/config.py at https://ann:pw12345@host/x "
        "with api_key=abcdef123 and Bearer abcdefghijkl and sk-proj-abcdefgh1234"
    )
    with pytest.raises(Bug) as caught:
        await executor(OddTool(error)).call(request("test.odd"))
    assert caught.value.code == "tool_bug"
    assert caught.value.advice
    assert "RuntimeError: cannot open config.py" in caught.value.message
    for secret in ("/srv", "pw12345", "abcdef123", "abcdefghijkl", "sk-proj"):
        assert secret not in caught.value.message


async def test_an_unexpected_exception_of_a_tool_that_must_not_be_repeated() -> None:
    tool = OddTool(RuntimeError("half way"), repeatable=False)
    with pytest.raises(UnknownOutcome) as caught:
        await executor(tool).call(request("test.odd"))
    cause = caught.value.__cause__
    assert isinstance(cause, Bug)
    assert "half way" in cause.message


async def test_a_tools_own_unknown_outcome_passes_with_a_cause_of_our_tree() -> None:
    known = UnknownOutcome()
    known.__cause__ = Unavailable("cut", code="tool_unavailable", advice="wait")
    with pytest.raises(UnknownOutcome) as caught:
        await executor(OddTool(known)).call(request("test.odd"))
    assert caught.value is known
    with pytest.raises(UnknownOutcome) as caught:
        await executor(OddTool(UnknownOutcome("bare"))).call(request("test.odd"))
    assert isinstance(caught.value.__cause__, Bug)


@pytest.mark.parametrize("output", [object(), 1 + 2j, {"a": "\x00"}, "\ud800"])
async def test_a_result_that_is_not_json_is_refused(output: object) -> None:
    answer = ToolResult(output=[output])  # type: ignore[list-item]  # the lie under test
    with pytest.raises(Invalid) as caught:
        await executor(OddTool(answer)).call(request("test.odd"))
    assert caught.value.code == "tool_result_not_json"
    assert caught.value.advice


async def test_a_result_may_have_so_many_bytes_and_no_more() -> None:
    fits = await executor(OddTool("x" * 998)).call(request("test.odd"))
    assert len(str(fits.output)) == 998
    with pytest.raises(Invalid) as caught:
        await executor(OddTool("x" * 999)).call(request("test.odd"))
    assert caught.value.code == "tool_result_too_large"
    assert caught.value.advice


async def test_the_doubles_fail_and_count_per_key() -> None:
    door = executor(FlakyTool(failures=2), CountingTool())
    for _ in range(2):
        with pytest.raises(Unavailable):
            await door.call(request("test.flaky", {"a": 1}))
    assert (await door.call(request("test.flaky", {"a": 1}))).output == {"a": 1}
    await door.call(request("test.counting", key="a"))
    await door.call(request("test.counting", key="b"))
    last = await door.call(request("test.counting", key="a"))
    assert last.output == {"number": 3, "same_key": 2}


async def test_specs_come_in_the_order_of_their_names() -> None:
    names = [spec.name for spec in executor(*double_tools().values()).specs]
    assert names == ["test.counting", "test.flaky", "test.noop", "test.slow"]


@pytest.mark.parametrize(
    ("spec", "args", "expected"),
    [
        (ToolSpec(name="a", description="", args=None), {}, True),
        (ToolSpec(name="a", description="", args=None, repeatable=False), {}, False),
        (
            ToolSpec(
                name="a",
                description="",
                args=None,
                repeatable=False,
                repeatable_when={"method": ("GET", None)},
            ),
            {},
            True,
        ),
        (
            ToolSpec(
                name="a",
                description="",
                args=None,
                repeatable=False,
                repeatable_when={"method": ("GET", None)},
            ),
            {"method": "POST"},
            False,
        ),
    ],
)
def test_repeatable_follows_the_spec_and_the_arguments(
    spec: ToolSpec, args: Json, expected: bool
) -> None:
    assert repeatable(spec, args) is expected
