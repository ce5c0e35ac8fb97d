"""Blocking work is never left behind: a cancelled call waits for its thread."""

import asyncio
import threading

import pytest

from kapell.adapters.tools.threads import Stop, Stopped, in_thread


async def test_a_cancelled_call_ends_after_its_thread() -> None:
    loop, begun, ended = asyncio.get_running_loop(), asyncio.Event(), threading.Event()
    discarded: list[str] = []

    def work(stop: Stop) -> str:
        loop.call_soon_threadsafe(begun.set)
        while True:
            try:
                stop.check()
            except Stopped:
                ended.set()
                return "unwanted"

    task = asyncio.create_task(in_thread(work, discarded.append))
    await begun.wait()
    task.cancel()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()
    assert discarded == ["unwanted"]


async def test_results_and_errors_come_back() -> None:
    assert await in_thread(lambda stop: 7) == 7

    def fail(stop: Stop) -> None:
        raise ValueError("seven")

    with pytest.raises(ValueError, match="seven"):
        await in_thread(fail)
