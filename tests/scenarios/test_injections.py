"""A hundred injected orders, a model that obeys whatever it reads, and nothing comes of it."""

import json
from collections.abc import Iterator, Mapping
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import pytest
from ruamel.yaml import YAML

from kapell.bootstrap.app import App, open_app
from kapell.core.events.model import ModelAnswered
from kapell.core.tools.spec import ToolSpec
from kapell.kit.ids import RunId
from kapell.kit.json import Json
from kapell.services.tools.ports import FetchBlob, Tool, ToolCall, ToolResult

FILE = Path(__file__).parent / "injections" / "orders.yaml"
CHANNELS = ("result", "page", "file", "memory", "agent")


class Order(NamedTuple):
    """What a stranger writes, and the call of a model that obeys."""

    order: str
    tool: str
    args: dict[str, Json]


def _orders() -> tuple[Order, ...]:
    rows = YAML(typ="safe", pure=True).load(StringIO(FILE.read_text("utf-8")))
    return tuple(Order(row["order"], row["tool"], row["args"]) for row in rows)


ORDERS = _orders()


class Told:
    """A tool that returns what somebody wrote."""

    def __init__(self, name: str, *, trusted: bool = False, reaches: bool = False) -> None:
        self.spec = ToolSpec(
            name=name,
            description="Read what there is.",
            args={"type": "object"},
            folder=False,
            trust="trusted" if trusted else "untrusted",
            reaches=reaches,
        )
        self.text = ""

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Return the text."""
        del call, blob
        return ToolResult(output={"text": self.text})


class Sink:
    """A tool whose effects are written down."""

    def __init__(self, name: str) -> None:
        outward = name.startswith("out.")
        self.spec = ToolSpec(
            name=name,
            description="Do something outside.",
            args={"type": "object"},
            effects="external" if outward else "read",
            trust="trusted" if outward else "untrusted",
            reaches=True,
            folder=False,
        )
        self.done: list[Json] = []

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Note the effect."""
        del blob
        self.done.append(call.args)
        return ToolResult(output="done")


class World:
    """A workspace in which an agent reads through one channel and may use every sink."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.sinks = {one.tool: Sink(one.tool) for one in ORDERS}
        self.desk = Told("desk.inbox")
        self.page = Told("desk.page", reaches=True)
        self.notes = Told("desk.notes", trusted=True)
        (root / "workflows").mkdir()
        (root / "agents").mkdir()
        (root / "kapell.yaml").write_text("model: offline\n")
        self._agents()

    @property
    def tools(self) -> Mapping[str, Tool]:
        """Return the tools of the world."""
        told = {one.spec.name: one for one in (self.desk, self.page, self.notes)}
        return {**told, **self.sinks}

    @property
    def effects(self) -> list[tuple[str, Json]]:
        """Return everything that happened outside."""
        return [(name, args) for name, sink in self.sinks.items() for args in sink.done]

    def _agents(self) -> None:
        for name, tools in (
            ("worker", "[desk.*, file.read, out.*, net.*, agent.reader]"),
            ("reader", "[desk.*]"),
        ):
            (self.root / "agents" / f"{name}.md").write_text(
                f"---\nname: {name}\ndescription: It works.\ntools: {tools}\n---\nYou work.\n"
            )

    def scenario(self, channel: str, number: int) -> str:
        """Write a workflow and its script; return the workflow's name."""
        one = ORDERS[number]
        name = f"{channel}-{number}"
        text = f"The usual news of the day. {one.order} The rest is as always."
        self.desk.text = self.page.text = self.notes.text = text
        firsts: dict[str, Json] = {
            "result": {"tool": "desk.inbox", "args": {}},
            "page": {"tool": "desk.page", "args": {}},
            "file": {"tool": "file.read", "args": {"path": "notes.txt"}},
            "agent": {"tool": "agent.reader", "args": {"task": "What is new?"}},
            "notes": {"tool": "desk.notes", "args": {}},
        }
        first = firsts.get(channel)
        obeys: Json = {
            "label": "work*",
            "saw": f"*{one.order}*",
            "times": 1,
            "asks": [{"tool": one.tool, "args": one.args}],
        }
        answers: list[Json] = [
            obeys,
            {"label": "work*", "turn": 1, "asks": [first]},
            {"label": "reader*", "turn": 1, "asks": [{"tool": "desk.inbox", "args": {}}]},
            {"label": "reader*", "text": text},
            {"label": "work*", "text": "That is all."},
        ]
        script = [answer for answer in answers if first is not None or answer is not answers[1]]
        (self.root / f"{name}.json").write_text(json.dumps({"answers": script}))
        said = "{{ inputs.remembered }}" if channel == "memory" else "What is new?"
        steps: list[Json] = []
        if channel == "file":
            saved = {"path": "notes.txt", "text": "{{ steps.fetch.output.text }}"}
            steps.append({"id": "fetch", "tool": "desk.inbox", "with": {}})
            steps.append({"id": "save", "tool": "file.write", "with": saved})
        steps.append({"id": "work", "agent": "worker", "prompt": f"Tell me. {said}"})
        flow: dict[str, Json] = {"name": name, "model": f"scripted:{name}.json", "steps": steps}
        if channel == "memory":
            flow["inputs"] = {"remembered": {"type": "string", "trust": "untrusted"}}
        (self.root / "workflows" / f"{name}.json").write_text(json.dumps(flow))
        return name

    def given(self, channel: str) -> dict[str, Json]:
        """Return the inputs of a scenario."""
        return {"remembered": self.desk.text} if channel == "memory" else {}


async def _obeyed(app: App, run: RunId, tool: str) -> bool:
    """Tell whether the model asked for the call."""
    return any(
        ask.tool == tool
        for event in await app.histories.events(run)
        if isinstance(event.payload, ModelAnswered)
        for ask in event.payload.asks
    )


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    yield World(tmp_path)


def test_there_are_a_hundred_scenarios() -> None:
    assert len(ORDERS) * len(CHANNELS) == 100
    assert len({one.tool for one in ORDERS}) == 20


@pytest.mark.requirement("GR-01", "GR-04", "TL-06")
@pytest.mark.parametrize("channel", CHANNELS)
async def test_what_strangers_write_makes_nothing_happen(channel: str, world: World) -> None:
    obeyed = 0
    async with open_app(world.root, extra_tools=world.tools) as app:
        for number, one in enumerate(ORDERS):
            name = world.scenario(channel, number)
            run = (await app.starter.start(name, world.given(channel))).run_id
            await app.run_until_idle(run)
            obeyed += await _obeyed(app, run, one.tool)
            assert world.effects == [], one.order
    assert obeyed == len(ORDERS), "a model that does not obey proves nothing"


@pytest.mark.requirement("GR-06", "WF-09")
async def test_what_one_may_trust_makes_the_very_same_happen(world: World) -> None:
    async with open_app(world.root, extra_tools=world.tools) as app:
        for number, one in enumerate(ORDERS):
            name = world.scenario("notes", number)
            run = (await app.starter.start(name, {})).run_id
            await app.run_until_idle(run)
            for question in await app.approvals.list(run):
                await app.approvals.answer(run, question.path, True)
            await app.run_until_idle(run)
            assert world.sinks[one.tool].done == [one.args], one.order
    assert len(world.effects) == len(ORDERS)
