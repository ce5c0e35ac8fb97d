"""The child process of a query: started, fed, heard within a bound, and never left behind."""

import asyncio
import json
import sys
from collections.abc import Mapping
from contextlib import suppress

from kapell.adapters.tools.options import SqlOptions
from kapell.adapters.tools.sql import problems
from kapell.kit.json import Json

_COMMAND = (sys.executable, "-I", "-B", "-m", "kapell.adapters.tools.sql.child")
_GRACE = 5.0
_PIECE = 65_536


async def answered(asked: Mapping[str, Json], folder: str, options: SqlOptions) -> Json:
    """Return what the child process answers.

    Raises:
        Invalid: ``sql_too_slow``, ``sql_too_large``.
        Unavailable: ``sql_failed``.
    """
    process = await asyncio.create_subprocess_exec(
        *_COMMAND,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={},
        cwd=folder,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(options.timeout + _GRACE):
            data = await _talked(process, json.dumps(asked).encode(), 2 * options.result + _PIECE)
            await process.wait()
    except TimeoutError as error:
        raise problems.refused("slow", "", options) from error
    finally:
        await _ended(process)
    if data is None:
        raise problems.refused("large", "", options)
    try:
        answer: Json = json.loads(data)
    except ValueError as error:
        raise problems.died(process.returncode) from error
    return answer


async def _talked(process: asyncio.subprocess.Process, question: bytes, most: int) -> bytes | None:
    """Send the question and return the answer, None when it is too large."""
    stdin, stdout = process.stdin, process.stdout
    if stdin is None or stdout is None:
        return b""
    with suppress(BrokenPipeError, ConnectionResetError):
        stdin.write(question)
        await stdin.drain()
        stdin.close()
    data = bytearray()
    while piece := await stdout.read(_PIECE):
        data += piece
        if len(data) > most:
            return None
    return bytes(data)


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Make sure the process is gone, even when the call is cancelled meanwhile."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
        await asyncio.shield(process.wait())
