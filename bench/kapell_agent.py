"""Kapell: an agent in a run, every call and answer durable in SQLite before the next begins."""

import asyncio
import os
from pathlib import Path

from agents import INSTRUCTIONS, MODEL, PROMPT, Noop, asked, folder_of, measure, wire
from agents import KEY as PROVIDER_KEY
from engine import working

from kapell.bootstrap.app import open_app
from kapell.core.tools.spec import ToolSpec
from kapell.services.tools.ports import FetchBlob, ToolCall, ToolResult

AGENT = f"---\nname: bench\ndescription: Calls tools.\ntools: [bench.noop]\n---\n{INSTRUCTIONS}\n"
WORKFLOW = f"name: turns\nsteps: [{{id: work, agent: bench, prompt: {PROMPT!r}}}]\n"


class NoopTool:
    """``bench.noop``: gives the number back."""

    spec = ToolSpec(
        name="bench.noop",
        description="Give the number back.",
        args={
            "type": "object",
            "properties": {"n": {"type": "integer"}},
            "required": ["n"],
            "additionalProperties": False,
        },
        folder=False,
    )

    def __init__(self, tool: Noop) -> None:
        self._tool = tool

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Return the number."""
        args = call.args if isinstance(call.args, dict) else {}
        return ToolResult(output=self._tool.noop(int(str(args["n"]))))


def workspace(folder: Path, at: str, files: dict[str, str], more: str = "") -> None:
    """Write a workspace whose model is the bench's provider."""
    files = {
        **files,
        "kapell.yaml": f'model: openai:{MODEL}\ndatabase: {{url: "sqlite:///{at}"}}\n{more}',
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def environment(provider: str) -> None:
    """Send the SDK to the bench's provider."""
    os.environ.update(OPENAI_BASE_URL=wire(provider), OPENAI_API_KEY=PROVIDER_KEY)


async def main() -> None:
    """Measure runs of an agent."""
    options, tool = asked(), Noop()
    environment(options.provider)
    folder = folder_of(options)
    workspace(folder, options.at, {"agents/bench.md": AGENT, "workflows/turns.yaml": WORKFLOW})
    async with (
        open_app(folder, extra_tools={"bench.noop": NoopTool(tool)}) as app,
        working(app) as (_, ends),
    ):

        async def run() -> str:
            started = await app.starter.start("turns", {})
            await ends.succeeded(started.run_id)
            return "done"

        await measure(run, tool)


if __name__ == "__main__":
    asyncio.run(main())
