"""A process for one run that has ended its workers before: only this process can die of it.

The worker that holds the lease starts it and keeps beating; it advances the run until that
waits or ends, or the process dies.
"""

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from kapell.bootstrap.app import open_app
from kapell.kit.ids import WorkerId
from kapell.services.runs.advancing.owner import RunOwner
from kapell.services.runs.ports import Claim
from kapell.services.tools.ports import Tool


async def advance(
    workspace: str, worker: str, claim: Claim, tools: Mapping[str, Tool] | None = None
) -> None:
    """Advance one claimed run until it is given back."""
    async with open_app(Path(workspace), extra_tools=tools) as app:
        await RunOwner(claim, app.desk(WorkerId(worker))).drive()


def main(arguments: list[str], tools: Mapping[str, Tool] | None = None) -> None:
    """Take the workspace, the worker's name and the claim as JSON."""
    workspace, worker, claim = arguments
    asyncio.run(advance(workspace, worker, msgspec.json.decode(claim, type=Claim), tools))


if __name__ == "__main__":
    main(sys.argv[1:])
