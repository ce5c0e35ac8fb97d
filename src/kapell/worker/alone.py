"""A process for one run that has ended its workers before: only this process can die of it.

The worker that holds the lease starts it and keeps beating; it advances the run until that has got
on, waits or ends, or the process dies.
"""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from kapell.bootstrap.app import open_app
from kapell.core.events.envelope import Event
from kapell.core.events.run import RunAssigned
from kapell.core.runs.program import Program
from kapell.core.runs.state import State
from kapell.kit.ids import RunId, WorkerId
from kapell.services.runs.advancing.owner import RunOwner
from kapell.services.runs.ports import Claim
from kapell.services.tools.ports import Tool


async def advance(
    workspace: str, worker: str, claim: Claim, tools: Mapping[str, Tool] | None = None
) -> None:
    """Advance one claimed run until it has got on; others can take it from there."""
    async with open_app(Path(workspace), extra_tools=tools) as app:
        desk = app.desk(WorkerId(worker))
        owner = RunOwner(claim, desk)

        def look(run: RunId, events: Sequence[Event], state: State, program: Program) -> None:
            del run, state, program
            if not any(isinstance(event.payload, RunAssigned) for event in events):
                desk.draining = True
                owner.hurry()

        desk.observers.append(look)
        await owner.drive()


def main(arguments: list[str], tools: Mapping[str, Tool] | None = None) -> None:
    """Take the workspace, the worker's name and the claim as JSON."""
    workspace, worker, claim = arguments
    asyncio.run(advance(workspace, worker, msgspec.json.decode(claim, type=Claim), tools))


if __name__ == "__main__":
    main(sys.argv[1:])
