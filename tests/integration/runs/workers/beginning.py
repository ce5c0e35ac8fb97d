"""A process that begins a run under a key when it is told to, and prints what came of it."""

import asyncio
import json
import sys
from contextlib import AsyncExitStack
from pathlib import Path

from kapell.bootstrap.app import open_app
from kapell.kit.errors import KapellError
from kapell.testing.crash.tools import crash_tools
from tests.integration.runs.shop import reached, working


async def begin(workspace: str, inputs: str, employs: bool) -> None:
    """Open the workspace, say so, wait for a line, begin the run; wait until it has ended."""
    async with AsyncExitStack() as stack:
        tools = crash_tools()
        app = await stack.enter_async_context(open_app(Path(workspace), extra_tools=tools))
        if employs:
            await stack.enter_async_context(working(app))
        say("ready")
        await asyncio.to_thread(sys.stdin.readline)
        try:
            started = await app.starter.start("once", json.loads(inputs), key="the key")
        except KapellError as error:
            say(json.dumps([error.code, False]))
        else:
            say(json.dumps([started.run_id, started.created]))
            await reached(app, started.run_id)


def say(text: str) -> None:
    """Write a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(begin(sys.argv[1], sys.argv[2], sys.argv[3] == "employs"))
