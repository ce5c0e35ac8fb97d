"""Agents that act, through the whole program: real files, real tools, a scripted model."""

from pathlib import Path

import pytest

from kapell.core.agents.messages import instructions
from kapell.core.events.tool import ToolReturned
from kapell.kit.errors import Conflict
from kapell.testing.tools.doubles import CountingTool
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
