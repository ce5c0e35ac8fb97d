"""Looks through sources of tools in a process of its own: what they print or break stays here."""

import asyncio
import os
import sys

import msgspec

from kapell.adapters.tools.sources import (
    Found,
    FoundTool,
    Request,
    Source,
    encoded,
)
from kapell.kit.errors import Bug, Failure, KapellError


def main() -> None:
    """Read a request from standard input and write what was found to where output went."""
    answers = os.fdopen(os.dup(1), "wb")
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    request = msgspec.json.decode(sys.stdin.buffer.read(), type=Request)
    sys.path[:] = request.path
    found = asyncio.run(_looked_through(request))
    answers.write(encoded(found))
    answers.close()
    # Threads of the modules may still run; nobody waits for them.
    os._exit(0)


async def _looked_through(request: Request) -> list[Found]:
    return list(await asyncio.gather(*(_found(request, source) for source in request.sources)))


async def _found(request: Request, source: Source) -> Found:
    try:
        if source.kind == "python":
            return _python(source)
        if source.kind == "openapi":
            from kapell.adapters.tools.openapi.importing import imported  # noqa: PLC0415 - heavy

            return await imported(request, source)
        from kapell.adapters.tools.mcp.listing import listed  # noqa: PLC0415 - heavy

        return await listed(request.root, source)
    except KapellError as error:
        return Found(failure=Failure.of(error), place=error.place)
    except Exception as error:
        broken = Bug(
            f"{source.shown} broke while it was looked through: {type(error).__name__}: {error}.",
            code="tool_source_broken",
            advice="Report it with what `kapell --debug tools list` shows.",
        )
        return Found(failure=Failure.of(broken))


def _python(source: Source) -> Found:
    from kapell.adapters.tools.discovery.modules import load, tools_in  # noqa: PLC0415 - heavy

    module = load(source.path)
    return Found(tools=tuple(FoundTool(spec=tool.spec) for tool in tools_in(module, source.path)))


if __name__ == "__main__":
    main()
