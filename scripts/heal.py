"""How many faulty tool calls are stopped before they run, and how many an agent mends.

Usage: ``python scripts/heal.py [--wrong] [--blind]``. Each of the calls of
``evals/faulty_calls/calls.jsonl`` is made by an agent in a run of its own, through the whole
program; its model then reads what it is told (``kapell.testing.models.reading``). ``--wrong`` shows
what was not mended, ``--blind`` what becomes of it when observations say no more than that
something failed.
"""

import asyncio
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from kapell.adapters.tools.options import ToolOptions
from kapell.adapters.tools.registry import builtin_tools
from kapell.bootstrap.app import App, open_app
from kapell.core.events.value import unpack
from kapell.core.gateway.calls import ToolAsk
from kapell.core.tools.spec import ToolSpec
from kapell.kit.json import Json, encode
from kapell.projections.turns import Action, turns
from kapell.services.gateway.door import Gateway
from kapell.services.tools.ports import FetchBlob, Tool, ToolCall, ToolResult
from kapell.testing.models.reading import ReadingModel

CALLS = Path(__file__).parents[1] / "evals" / "faulty_calls" / "calls.jsonl"
OUTSIDE = ("github.", "mail.", "web.", "notify")
"""Tools that need somebody else: what they were called with is all that counts here."""

_MODEL = "scripted:reading"
_AGENT = """---
name: clerk
description: Does what it is asked.
model: scripted:reading
tools: ["file.*", "table.*", "json.query", "text.*", "time.now", "sql.query", "github.*",
  mail.send, notify, web.search]
---
You do what you are asked, with your tools.
"""
# Nobody is asked: what is measured is how a call comes to be right, not who lets it through.
_POLICY = """package kapell.tool

import rego.v1

allow contains {"rule": "clerk", "untrusted": true} if input.agent.name == "clerk"
"""
_FILES = {
    "kapell.yaml": "model: offline\n",
    "agents/clerk.md": _AGENT,
    "workflows/do.yaml": "name: do\ninputs: {what: {type: string}}\n"
    'steps: [{id: do, agent: clerk, prompt: "{{ inputs.what }}"}]\n',
    "policies/clerk.rego": _POLICY,
    "notes.txt": "The code is 42.\n",
    "old.txt": "Old.\n",
    "config.json": '{"server": {"port": 8080}}\n',
    "data/orders.csv": "id,customer,amount\n1,Ann,120\n2,Bob,80\n3,Cem,250\n",
}


class Called(msgspec.Struct, frozen=True):
    """A tool and what it was called with."""

    tool: str
    args: Json = None


class Faulty(msgspec.Struct, frozen=True):
    """One faulty call, why it was made, and what it should have been."""

    group: str = msgspec.field(name="class")
    prompt: str
    tool: str
    right: Called
    args: Json = None
    broken: str = ""


class Outcome(msgspec.Struct, frozen=True):
    """What became of one: whether it was stopped, whether it was mended, and all calls made."""

    call: Faulty
    stopped: bool
    healed: bool
    actions: list[Action]


class _Watched:
    """A tool that says which calls reached it."""

    def __init__(self, tool: Tool, reached: set[tuple[str, str]]) -> None:
        outside = tool.spec.name.startswith(OUTSIDE)
        spec = tool.spec
        self.spec: ToolSpec = msgspec.structs.replace(spec, secrets=()) if outside else spec
        self._tool = tool
        self._reached = reached

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Note the call, and carry it out where nobody else is needed."""
        self._reached.add((call.run_id, call.call))
        if call.tool.startswith(OUTSIDE):
            return ToolResult(output={"ok": True})
        return await self._tool.call(call, blob)


def faulty_calls() -> list[Faulty]:
    """Return the fixed set."""
    lines = CALLS.read_bytes().splitlines()
    return [msgspec.json.decode(line, type=Faulty) for line in lines]


def blind(text: str) -> str:
    """Return an observation that says no more than that something failed."""
    del text
    return "The call failed."


async def healed(
    folder: Path, calls: list[Faulty], seen: Callable[[str], str] = lambda text: text
) -> list[Outcome]:
    """Return what becomes of faulty calls, each in a run of its own.

    Args:
        folder: Where a workspace is made.
        calls: The calls.
        seen: Changes the observations before the model reads them.
    """
    for name, text in _FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    reached: set[tuple[str, str]] = set()
    tools = {name: _Watched(tool, reached) for name, tool in builtin_tools(ToolOptions()).items()}
    async with open_app(folder, extra_tools=tools) as app:
        return [await _outcome(app, one, reached, seen) for one in calls]


async def _outcome(
    app: App, call: Faulty, reached: set[tuple[str, str]], seen: Callable[[str], str]
) -> Outcome:
    slip = ToolAsk("c0", call.tool, None if call.broken else call.args, call.broken)
    own, model = app.gateway, ReadingModel({call.prompt: slip}, seen)
    app.gateway = Gateway({"offline": lambda: model, "scripted": lambda: model})
    try:
        started = await app.starter.start("do", {"what": call.prompt})
        await app.run_until_idle(started.run_id)
    finally:
        await app.gateway.close()
        app.gateway = own
    events = await app.histories.events(started.run_id)
    found = turns(events, lambda packed: unpack(packed, {}))
    actions = [action for view in found for action in view.actions]
    stopped = (started.run_id, actions[0].call) not in reached
    return Outcome(call, stopped, any(_right(call, one) for one in actions[1:]), actions)


def _right(call: Faulty, action: Action) -> bool:
    """Tell whether a later call is the one that was meant, and succeeded."""
    seen = action.observation
    same = (action.tool, action.args) == (call.right.tool, call.right.args)
    return same and seen is not None and seen.status == "returned"


def rates(outcomes: list[Outcome]) -> Mapping[str, tuple[int, int, int]]:
    """Return how many calls were stopped and mended, and how many there were, by class."""
    count = Counter(one.call.group for one in outcomes)
    stopped = Counter(one.call.group for one in outcomes if one.stopped)
    mended = Counter(one.call.group for one in outcomes if one.healed)
    by_class = {name: (stopped[name], mended[name], count[name]) for name in count}
    return {**by_class, "all": (stopped.total(), mended.total(), count.total())}


def main() -> None:
    """Write both rates by class."""
    seen = blind if "--blind" in sys.argv else (lambda text: text)
    with tempfile.TemporaryDirectory(prefix="kapell-heal-") as folder:
        outcomes = asyncio.run(healed(Path(folder), faulty_calls(), seen))
    for name, (stopped, mended, count) in rates(outcomes).items():
        print(f"{name:8}  stopped before they ran {stopped}/{count}  mended {mended}/{count}")
    if "--wrong" in sys.argv:
        for one in outcomes:
            if not one.healed:
                print(f"\n{one.call.group}: {one.call.prompt}")
                for action in one.actions:
                    said = action.observation.message if action.observation else ""
                    print(f"  {action.tool} {encode(action.args).decode()} -> {said}")
                print(f"  meant: {json.dumps(msgspec.to_builtins(one.call.right))}")


if __name__ == "__main__":
    main()
