"""Python functions that block, hang, print, raise and refuse: what they may do to us is nothing."""

import asyncio
import os
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from kapell import tool
from kapell.adapters.tools.python.abandoning import Threads
from kapell.adapters.tools.python.aside import Aside
from kapell.kit.errors import Bug, Limited, Unavailable
from kapell.services.tools.ports import UnknownOutcome
from tests.integration.tools.calling import Caller, wrapped


async def test_functions_run_beside_our_event_loop_and_async_ones_share_one(
    tmp_path: Path,
) -> None:
    gate = threading.Event()

    @tool
    def waits() -> bool:
        """Wait for the other."""
        return gate.wait(20) and threading.current_thread() is not threading.main_thread()

    @tool
    async def opens() -> int:
        """Let the other go on."""
        gate.set()
        assert threading.current_thread() is not threading.main_thread()
        return id(asyncio.get_running_loop())

    caller = Caller(tmp_path, wrapped(waits), wrapped(opens))
    waited, loop = await asyncio.gather(caller.call("waits"), caller.call("opens"))
    assert waited is True
    # A client that a module makes once belongs to one loop.
    assert await caller.call("opens") == loop


async def test_an_async_function_that_blocks_its_loop_holds_nobody(tmp_path: Path) -> None:
    gate, threads = threading.Event(), Threads(most_left=1)

    @tool(effects="read", timeout=0.05)
    async def blocks() -> str:
        """Block the event loop, as a mistake."""
        gate.wait(60)
        return "late"

    @tool(effects="read")
    async def quick() -> str:
        """Answer at once."""
        return "quick"

    aside = Aside(threads)
    caller = Caller(tmp_path, wrapped(blocks, threads, aside), wrapped(quick, threads, aside))
    with pytest.raises(Unavailable) as caught:
        await caller.result("blocks", {}, within=None)
    assert (caught.value.code, threads.left) == ("tool_timed_out", 1)
    with pytest.raises(Limited) as limited:
        await caller.call("quick")
    assert limited.value.code == "tool_threads_spent"
    gate.set()
    while threads.left:  # noqa: ASYNC110 - it is a thread that ends
        await asyncio.sleep(0.001)
    assert await caller.call("quick") == "quick"


async def test_while_one_loop_is_stuck_others_are_called_on_another(tmp_path: Path) -> None:
    gate, threads = threading.Event(), Threads()

    @tool(effects="read", timeout=0.05)
    async def blocks() -> str:
        """Block the event loop, as a mistake."""
        gate.wait(60)
        return "late"

    @tool(effects="read", timeout=20)
    async def quick() -> str:
        """Answer at once."""
        return "quick"

    aside = Aside(threads)
    caller = Caller(tmp_path, wrapped(blocks, threads, aside), wrapped(quick, threads, aside))
    with pytest.raises(Unavailable):
        await caller.result("blocks", {}, within=None)
    assert threads.left == 1
    assert await caller.call("quick") == "quick"
    gate.set()
    while threads.left:  # noqa: ASYNC110 - it is a thread that ends
        await asyncio.sleep(0.001)


async def test_an_async_function_that_refuses_to_be_cancelled_holds_nobody(tmp_path: Path) -> None:
    gate, threads = asyncio.Event(), Threads()
    loops: list[asyncio.AbstractEventLoop] = []

    @tool(effects="read", timeout=0.05)
    async def refuses() -> str:
        """Go on whatever it is told."""
        loops.append(asyncio.get_running_loop())
        while not gate.is_set():
            with suppress(asyncio.CancelledError):
                await gate.wait()
        return "late"

    @tool(effects="read")
    async def quick() -> str:
        """Answer at once."""
        return "quick"

    aside = Aside(threads)
    caller = Caller(tmp_path, wrapped(refuses, threads, aside), wrapped(quick, threads, aside))
    with pytest.raises(Unavailable) as caught:
        await caller.result("refuses", {}, within=None)
    assert (caught.value.code, threads.left) == ("tool_timed_out", 1)
    assert await caller.call("quick") == "quick"
    loops[0].call_soon_threadsafe(gate.set)
    while threads.left:  # noqa: ASYNC110 - it is another loop's
        await asyncio.sleep(0.001)


async def test_a_cancelled_async_function_may_clean_up_before_its_call_ends(tmp_path: Path) -> None:
    cleaned = []

    @tool(effects="read", timeout=0.05)
    async def careful() -> None:
        """Take care."""
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.append(True)

    with pytest.raises(Unavailable):
        await Caller(tmp_path, wrapped(careful)).result("careful", {}, within=None)
    assert cleaned == [True]


async def test_a_function_that_hangs_times_out_and_is_left_behind(tmp_path: Path) -> None:
    gate, threads = threading.Event(), Threads(most_left=1)

    @tool(effects="read", timeout=0.05)
    def hangs() -> str:
        """Hang."""
        gate.wait(60)
        return "late"

    @tool(timeout=0.05)
    def hangs_outside() -> None:
        """Hang, having done who knows what."""
        gate.wait(60)

    caller = Caller(tmp_path, wrapped(hangs, threads), wrapped(hangs_outside))
    with pytest.raises(Unavailable) as caught:
        await caller.result("hangs", {}, within=None)
    assert caught.value.code == "tool_timed_out"
    assert threads.left == 1
    with pytest.raises(Limited) as limited:
        await caller.result("hangs", {}, within=None)
    assert limited.value.code == "tool_threads_spent"
    with pytest.raises(UnknownOutcome):
        await caller.result("hangs_outside", {}, within=None)
    gate.set()
    while threads.left:  # noqa: ASYNC110 - it is a thread that ends
        await asyncio.sleep(0.001)
    assert await caller.call("hangs") == "late"


@pytest.mark.slow
async def test_a_gigabyte_printed_costs_no_memory_and_reaches_no_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    @tool(effects="read")
    def loud() -> int:
        """Print a gigabyte."""
        line = "x" * 1_000_000
        for _ in range(1_000):
            print(line)  # noqa: T201 - what is under test
            sys.stderr.write("y")
        return 1

    before = _resident()
    assert await Caller(tmp_path, wrapped(loud)).call("loud") == 1
    assert _resident() - before < 100_000_000
    assert capsys.readouterr() == ("", "")
    print("after")  # noqa: T201 - the output is ours again
    assert capsys.readouterr().out == "after\n"


def _resident() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def test_what_is_printed_beside_a_call_goes_where_it_belongs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begun, gate = threading.Event(), threading.Event()

    @tool
    async def chatty() -> None:
        """Talk."""
        print("inside")  # noqa: T201 - what is under test
        begun.set()
        await asyncio.to_thread(gate.wait)
        print("inside again")  # noqa: T201 - the same

    call = asyncio.create_task(Caller(tmp_path, wrapped(chatty)).call("chatty"))
    await asyncio.to_thread(begun.wait)
    print("outside")  # noqa: T201 - what is under test
    gate.set()
    await call
    assert capsys.readouterr().out == "outside\n"


async def test_a_thread_that_was_left_behind_prints_nowhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gate, threads = threading.Event(), Threads()

    @tool(effects="read", timeout=0.05)
    def late() -> None:
        """Print long after anybody listens."""
        gate.wait(60)
        print("late")  # noqa: T201 - what is under test

    with pytest.raises(Unavailable):
        await Caller(tmp_path, wrapped(late, threads)).result("late", {}, within=None)
    gate.set()
    while threads.left:  # noqa: ASYNC110 - it is a thread that ends
        await asyncio.sleep(0.001)
    assert capsys.readouterr().out == ""


class Unreadable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("nobody may read me")


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("no"),
        Unreadable(),
        SystemExit(3),
        KeyboardInterrupt(),
        asyncio.CancelledError(),
        BaseExceptionGroup("several", [SystemExit(3)]),
    ],
    ids=repr,
)
async def test_what_it_raises_becomes_an_error_of_ours(
    tmp_path: Path, error: BaseException
) -> None:
    @tool(effects="read")
    def breaks() -> None:
        """Break."""
        raise error

    @tool(effects="read")
    async def breaks_in_a_while() -> None:
        """Break in a while."""
        await asyncio.sleep(0)
        raise error

    caller = Caller(tmp_path, wrapped(breaks), wrapped(breaks_in_a_while))
    for name in ("breaks", "breaks_in_a_while"):
        with pytest.raises(Bug) as caught:
            await caller.call(name)
        assert caught.value.code == "tool_bug"
