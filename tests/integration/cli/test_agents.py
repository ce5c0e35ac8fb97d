"""Commands about agents: made with a test, tested, linted, found, and chosen for a task."""

import pytest

from kapell.cli.exits import Exit
from kapell.library import agent_names
from tests.integration.cli.desk import Desk
from tests.integration.cli.terminal import Terminal


@pytest.mark.requirement("AG-01")
def test_a_new_agent_works_and_its_test_can_fail(desk: Desk) -> None:
    desk.ok("init")
    made = desk.ok("agents", "new", "scout", "-d", "Finds files", "--tool", "file.read")
    assert made.out == "agents/scout.md\n"
    assert "kapell agents test scout" in made.err
    desk.ok("agents", "lint", "scout", "--strict")
    tested = desk.ok("agents", "test", "scout")
    assert tested.out == "ok  scenarios/scout.yaml  scout\n"
    scenario = (desk.folder / "scenarios/scout.yaml").read_text("utf-8")
    desk.write("scenarios/scout.yaml", scenario.replace("*what I can do*", "*cannot*"))
    failed = desk.call("agents", "test", "scout")
    assert failed.code == Exit.INVALID
    assert "the answer does not fit '*cannot*'" in failed.err
    assert "kapell runs show" in failed.err


@pytest.mark.requirement("AG-01")
def test_a_scenario_with_tools_runs_them(desk: Desk) -> None:
    desk.ok("init")
    desk.ok("agents", "new", "scout", "-d", "Finds files", "--tool", "json.query")
    desk.write(
        "scenarios/scout.yaml",
        """
agent: scout
prompt: What is in it?
answers:
  - {turn: 1, asks: [{tool: json.query, args: {query: "a.b", data: {a: {b: 42}}}}]}
  - {saw: "*42*", text: It is 42.}
expect: {answer: "It is 42.", tools: [json.query]}
""",
    )
    (document,) = desk.ok("agents", "test", "--json").document()["scenarios"]
    assert document["failures"] == []
    assert desk.call("agents", "test", "nobody").code == Exit.MISSING


@pytest.mark.slow
@pytest.mark.requirement("AG-05")
def test_a_copy_of_each_agent_of_the_library_works_and_is_tested(desk: Desk) -> None:
    desk.ok("init")
    for name in agent_names():
        desk.ok("agents", "new", f"my-{name}", "--from", name)
    tested = desk.ok("agents", "test").out.splitlines()
    assert sorted(tested) == [f"ok  scenarios/my-{name}.yaml  my-{name}" for name in agent_names()]


def test_what_new_refuses(desk: Desk) -> None:
    tier = desk.call("agents", "new", "x", "--tier", "king")
    assert "it should be one of 'orchestrator', 'specialist', 'worker'." in tier.err
    desk.ok("init")
    unknown = desk.call("agents", "new", "x", "--tool", "file.raed")
    assert (unknown.code, "file.read" in unknown.err) == (Exit.MISSING, True)
    assert desk.call("agents", "new").code == Exit.INVALID
    assert not (desk.folder / "agents/x.md").exists()


@pytest.mark.requirement("AG-13")
def test_agents_are_found_by_tag_tier_and_capability(desk: Desk) -> None:
    desk.ok("init")
    desk.write(
        "agents/poet.md",
        "---\nname: poet\ndescription: Poems.\ntier: worker\ntags: [art]\ncapabilities: [rhyme]\n"
        "---\nYou write poems about machines that are kind to people and to each other.\n",
    )

    def named(*words: str) -> list[str]:
        return [one["name"] for one in desk.ok("agents", "list", "--json", *words).document()]

    assert named("--tag", "art") == ["poet"]
    assert named("--capability", "rhyme") == ["poet"]
    assert "poet" in named("--tier", "worker")
    assert "poet" not in named("--tier", "orchestrator")
    assert named("--tag", "art", "--tier", "specialist") == []
    assert "No agent is so" in desk.ok("agents", "list", "--tag", "none").err
    assert set(named()) <= set(named("--library"))


@pytest.mark.requirement("DE-06")
def test_a_task_is_routed_with_its_reasons(desk: Desk) -> None:
    said = desk.ok("agents", "route", "Add a REST endpoint to the API")
    assert said.out == "backend-api\n"
    assert "'endpoint' (trade)" in said.err
    document = desk.ok("agents", "route", "Speed up the SQL query", "--json").document()
    assert (document["agent"], document["certain"]) == ("database", True)
    assert document["candidates"][0]["words"][0]["where"] == "trade"
    unsure = desk.ok("agents", "route", "xyzzy")
    assert unsure.out == "orchestrator\n"
    assert "Fallen back to" in unsure.err


def test_the_linter_tells_and_can_be_tuned(desk: Desk) -> None:
    desk.ok("init")
    desk.write(
        "agents/odd.md",
        "---\nname: odd\ndescription: Odd.\ntools: [file.raed]\n---\n"
        "You mend broken tests in a repository. Keep trying until all of them are green again.\n",
    )
    said = desk.call("agents", "lint", "odd")
    assert said.code == Exit.INVALID
    assert "tool_unknown" in said.err
    assert "instructions_unbounded" in said.err
    desk.write("kapell.yaml", "model: offline\nlint:\n  rules: {tool_unknown: 'off'}\n")
    assert desk.ok("agents", "lint", "odd").err.count("warning") == 1
    assert desk.call("agents", "lint", "odd", "--strict").code == Exit.INVALID
    desk.write("kapell.yaml", "lint:\n  rules: {tool_unkown: 'off'}\n")
    wrong = desk.call("agents", "lint")
    assert "Did you mean `tool_unknown`?" in wrong.err


SKILL = """---
name: greeting
description: How we greet customers. Use before you write to one.
---

Say good day and the name. The names stand in `names.txt`.
"""


@pytest.mark.requirement("AG-02")
def test_a_skill_is_listed_told_of_and_read_when_asked_for(desk: Desk) -> None:
    desk.ok("init")
    desk.write("skills/greeting/SKILL.md", SKILL)
    desk.write("skills/greeting/names.txt", "Anna Roe")
    desk.write("secret.txt", "nobody may read this")
    desk.write(
        "agents/clerk.md",
        "---\nname: clerk\ndescription: Writes.\nskills: [greeting]\n---\n"
        "You write letters to customers, short and kind, in the words of the house.\n",
    )
    desk.write(
        "scenarios/clerk.yaml",
        """
agent: clerk
prompt: Greet the customer.
answers:
  - {turn: 1, asks: [{tool: skill.load, args: {name: greeting}}]}
  - {saw: "*Say good day*", asks: [{tool: skill.load, args: {name: greeting, file: names.txt}}]}
  - {saw: "*Anna Roe*", asks: [{tool: skill.load, args: {name: greeting, file: ../../secret.txt}}]}
  - {saw: "*leads out*", asks: [{tool: skill.load, args: {name: greetings}}]}
  - {saw: "*Did you mean `greeting`*", text: "Good day, Anna Roe"}
expect: {answer: "Good day, Anna Roe", tools: [skill.load, skill.load, skill.load, skill.load]}
""",
    )
    assert desk.ok("agents", "skills", "--json").document()[0]["files"] == ["names.txt"]
    desk.ok("agents", "lint")
    assert desk.ok("agents", "test", "clerk").out.startswith("ok")
    (clerk,) = [
        one for one in desk.ok("agents", "list", "--json").document() if one["name"] == "clerk"
    ]
    assert clerk["tools"] == ["skill.load"]
    desk.write("skills/greeting/SKILL.md", SKILL.replace("greeting", "Greeting"))
    broken = desk.call("agents", "lint")
    assert (broken.code, "skill_name_broken" in broken.err) == (Exit.INVALID, True)


def test_agents_of_another_program_read_only_unless_they_say_more(desk: Desk) -> None:
    desk.ok("init")
    desk.write(
        "agents/analyst.md",
        "---\nname: analyst\ndescription: Numbers.\nmodel: haiku\n---\nYou read numbers.\n",
    )

    def tools(name: str) -> list[str]:
        listed = desk.ok("agents", "list", "--json").document()
        return next(one["tools"] for one in listed if one["name"] == name)

    assert {"file.read", "table.read", "text.count"} <= set(tools("analyst"))
    assert not {"file.write", "shell.run", "http.request"} & set(tools("analyst"))
    assert tools("triager") is None
    desk.write("kapell.yaml", "model: offline\nagents: {tools: [table.*, json.query]}\n")
    assert tools("analyst") == ["json.query", "table.read"]
    assert tools("triager") == ["json.query", "table.read"]


@pytest.mark.slow
@pytest.mark.requirement("AG-01")
def test_at_a_terminal_it_asks_for_what_no_flag_says(desk: Desk) -> None:
    desk.ok("init")
    terminal = Terminal(desk.folder, "agents", "new")
    terminal.until("Name:")
    terminal.type("finder")
    terminal.until("What is it for")
    terminal.type("Finds numbers in tables")
    terminal.until("Tools it may use")
    terminal.type("table.read, json.query")
    terminal.until("kapell agents test finder")
    assert terminal.end() == Exit.OK
    (made,) = [
        one for one in desk.ok("agents", "list", "--json").document() if one["name"] == "finder"
    ]
    assert made["tools"] == ["table.read", "json.query"]
    assert made["description"] == "Finds numbers in tables."
    desk.ok("agents", "lint", "finder", "--strict")
    desk.ok("agents", "test", "finder")
