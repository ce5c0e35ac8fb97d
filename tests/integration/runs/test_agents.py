"""Agents that act, through the whole program: real files, real tools, a scripted model."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from kapell.core.agents.messages import instructions
from kapell.core.events.tool import ToolReturned
from kapell.kit.errors import Conflict
from kapell.services.tools.ports import FetchBlob, ToolCall, ToolResult
from kapell.testing.tools.doubles import CountingTool, NoopTool, SlowTool
from tests.integration.runs.shop import Shop, facts, output, started, types, working

READER = """---
name: reader
description: Reads files.
tools: ["file.*", test.counting]
---
You read files and say what they hold.
"""
LOOK = """\
model: scripted:answers.yaml
steps:
  - {id: note, tool: file.write, with: {path: note.txt, text: "The code is 42."}}
  - {id: look, agent: reader, prompt: "What is the code?"}
  - {id: after, tool: file.read, with: {path: seen.txt}}
outputs: {said: "{{ steps.look.output }}", wrote: "{{ steps.after.output.text }}"}
"""
ANSWERS = """\
answers:
  - {turn: 1, asks: [{tool: file.read, args: {path: nota.txt}}]}
  - {turn: 2, saw: "*nota.txt*", asks: [{tool: file.read, args: {path: note.txt}}]}
  - turn: 3
    saw: "*The code is 42.*"
    asks:
      - {tool: file.write, args: {path: seen.txt, text: "I saw 42."}}
      - {tool: test.counting, args: {n: 1}}
  - {turn: 4, text: "It is 42."}
"""


def agents(shop: Shop, answers: str = ANSWERS) -> None:
    """Write the agent and what its model says."""
    (shop.folder / "agents").mkdir(exist_ok=True)
    (shop.folder / "agents" / "reader.md").write_text(READER, "utf-8")
    (shop.folder / "answers.yaml").write_text(answers, "utf-8")


@pytest.mark.requirement("DE-13", "DE-14", "TL-05")
async def test_an_agent_looks_errs_mends_and_acts(any_shop: Shop) -> None:
    any_shop.workflow("look", LOOK)
    agents(any_shop)
    tool = CountingTool(repeatable=False)
    async with any_shop.open({"test.counting": tool}) as app, working(app):
        run = await started(app, "look")
        assert await output(app, run) == {"said": "It is 42.", "wrote": "I saw 42."}
        kinds = await types(app, run)
        assert kinds.count("model.requested") == 4
        assert (kinds.count("tool.requested"), kinds.count("tool.failed")) == (6, 1)
        written = [e.payload for e in await facts(app, run, ToolReturned)]
        assert [f.path for e in written if isinstance(e, ToolReturned) for f in e.files] == [
            "note.txt",
            "seen.txt",
        ]
    assert tool.calls.total() == 1


@pytest.mark.requirement("DX-07")
async def test_a_store_that_may_forget_carries_no_agent_that_acts_once(
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path / 'w' / 'k.db'}"
    shop = Shop(tmp_path / "w", url)
    (shop.folder / "kapell.yaml").write_text(
        f'model: offline\ndatabase: {{url: "{url}", durability: normal}}\n', "utf-8"
    )
    shop.workflow("look", LOOK)
    agents(shop)
    async with shop.open({"test.counting": CountingTool(repeatable=False)}) as app:
        with pytest.raises(Conflict, match=r"may call test\.counting") as caught:
            await started(app, "look")
        assert caught.value.code == "durability_too_low"


BOSS = """---
name: boss
description: Leads.
tools: [agent.reader, agent.clerk]
budget: {usd: 1, tokens: 400000}
---
You lead.
"""
CLERK = "---\nname: clerk\ndescription: Writes.\n---\nYou write.\n"
LEAD = """\
model: scripted:answers.yaml
steps: [{id: lead, agent: boss, prompt: "Find it out."}]
"""
TOLD = """\
answers:
  - label: lead#*
    turn: 1
    asks:
      - {tool: agent.reader, args: {task: Read it.}}
      - {tool: agent.clerk, args: {task: Write it.}}
      - {tool: agent.clerk, args: {}}
  - {label: lead#*, turn: 2, saw: "*one text*", text: "All done."}
  - {label: reader#*, turn: 1, asks: [{tool: file.write, args: {path: a.txt, text: A}}]}
  - {label: reader#*, turn: 2, text: "It is read."}
  - {label: clerk#*, text: "It is written."}
"""


@pytest.mark.requirement("AG-13", "GR-07")
async def test_an_agent_asks_others_and_goes_on_with_what_they_found(any_shop: Shop) -> None:
    any_shop.workflow("lead", LEAD)
    agents(any_shop, TOLD.replace("one text", "as a text"))
    (any_shop.folder / "agents" / "boss.md").write_text(BOSS, "utf-8")
    (any_shop.folder / "agents" / "clerk.md").write_text(CLERK, "utf-8")
    async with any_shop.open({"test.counting": CountingTool()}) as app, working(app):
        run = await started(app, "lead")
        assert await output(app, run) == "All done."
        others = [one for one in await app.reader.runs(app.tenant) if one.parent_run == run]
        assert sorted(one.workflow for one in others) == ["agent-clerk", "agent-reader"]
        assert {one.status.value for one in others} == {"succeeded"}
        whole = await app.reader.run(app.tenant, run)
        assert whole.tokens > sum(one.tokens for one in others) > 0


SKILLED = "---\nname: skilled\nskills: [letters]\n---\nYou write.\n"
LETTERS = """---
name: letters
description: How letters are written here.
---
Begin with the date.
"""
WRITE = """\
model: scripted:answers.yaml
steps: [{id: write, agent: skilled, prompt: "A letter, please."}]
"""
READS = """\
answers:
  - {turn: 1, asks: [{tool: skill.load, args: {name: letters}}]}
  - {turn: 2, saw: "*Begin with the date.*", text: "2026-11-21. Hello."}
"""


@pytest.mark.requirement("AG-03", "DE-13")
async def test_a_skill_is_told_of_and_read_when_it_is_needed(shop: Shop) -> None:
    shop.workflow("write", WRITE)
    agents(shop, READS)
    (shop.folder / "agents" / "skilled.md").write_text(SKILLED, "utf-8")
    (shop.folder / "skills" / "letters").mkdir(parents=True)
    (shop.folder / "skills" / "letters" / "SKILL.md").write_text(LETTERS, "utf-8")
    async with shop.open() as app, working(app):
        run = await started(app, "write")
        assert await output(app, run) == "2026-11-21. Hello."
        state = await app.histories.program((await app.reader.run(app.tenant, run)).version)
        assert "letters: How letters are written here." in instructions(
            state.version.agents["skilled"]
        )


HANGS = """\
model: scripted:answers.yaml
steps: [{id: ask, agent: patient, prompt: "Try it.", timeout: 1h}]
"""
PATIENT = "---\nname: patient\ntools: [test.slow, test.odd]\n---\nYou wait.\n"
WAITED = """\
answers:
  - {turn: 1, asks: [{tool: test.slow}]}
  - turn: 2
    saw: "*did not end within 0.05 s*"
    asks: [{tool: test.odd}, {tool: test.odd, args: {n: 1}}]
  - {turn: 3, saw: "*half a ?*", text: "Both are broken."}
"""


class OwnTimeout(SlowTool):
    """Hangs, and says how long it may."""

    def __init__(self) -> None:
        super().__init__()
        self.spec = msgspec.structs.replace(self.spec, timeout=0.05)


class Odd(NoopTool):
    """Cancels itself, then says half a character."""

    spec = msgspec.structs.replace(NoopTool.spec, name="test.odd")

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        raise RuntimeError("half a \ud800") if call.args else asyncio.CancelledError


@pytest.mark.requirement("DE-14", "TL-05")
async def test_a_tool_that_hangs_ends_by_its_own_timeout_and_the_agent_goes_on(shop: Shop) -> None:
    shop.workflow("hang", HANGS)
    agents(shop, WAITED)
    (shop.folder / "agents" / "patient.md").write_text(PATIENT, "utf-8")
    async with shop.open({"test.slow": OwnTimeout(), "test.odd": Odd()}) as app, working(app):
        run = await started(app, "hang")
        assert await output(app, run) == "Both are broken."


TIMED = """\
model: scripted:answers.yaml
steps:
  - {id: own, tool: test.noop}
  - {id: ask, agent: timed, prompt: "Try it."}
"""
ONCE = """\
answers:
  - {turn: 1, asks: [{tool: test.noop}]}
  - {turn: 2, text: Done.}
"""


class Timed(NoopTool):
    """Tells how long it may take."""

    def __init__(self) -> None:
        self.timeouts: list[float | None] = []

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        self.timeouts.append(call.timeout)
        return ToolResult(output="")


@pytest.mark.requirement("DE-13")
async def test_an_agents_tool_has_an_end_where_nobody_names_one(shop: Shop) -> None:
    shop.workflow("timed", TIMED)
    agents(shop, ONCE)
    (shop.folder / "agents" / "timed.md").write_text(
        "---\nname: timed\ntools: [test.noop]\n---\nYou wait.\n", "utf-8"
    )
    tool = Timed()
    async with shop.open({"test.noop": tool}) as app, working(app):
        run = await started(app, "timed")
        assert await output(app, run) == "Done."
    assert tool.timeouts == [None, 600.0]
