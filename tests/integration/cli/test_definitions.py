"""Commands about files: help, init, validate, agents, tools, models, preview."""

import json

import pytest

from kapell.cli.catalogue import COMMANDS, EVERYWHERE
from kapell.cli.exits import Exit
from tests.integration.cli.desk import Desk

TINY = "name: tiny\nmodel: offline\nsteps:\n  - {id: hello, set: {text: hello}}\n"


@pytest.mark.requirement("AP-03")
def test_help_names_every_command_and_option(desk: Desk) -> None:
    said = desk.ok("--help")
    assert desk.ok().out == said.out
    for word, entry in COMMANDS.items():
        assert f"  {word} " in said.out
        assert entry.summary in said.out
    for option in EVERYWHERE:
        assert option in said.out


@pytest.mark.parametrize("word", COMMANDS)
def test_every_command_has_help(word: str, desk: Desk) -> None:
    assert f"Usage: kapell {word}" in desk.ok(word, "--help").out


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["validat"], "Did you mean `kapell validate`?"),
        (["nonsense"], "See `kapell --help`."),
        (["runs", "shw"], "Did you mean `kapell runs show`?"),
        (["run", "x", "--modle", "offline"], "--model"),
        (["run"], "FILE|NAME is missing"),
        (["validate", "--workspace"], "--workspace needs a folder"),
        (["run", "x", "--priority", "high"], "--priority"),
    ],
)
def test_wrong_words_are_told_with_the_nearest(words: list[str], hint: str, desk: Desk) -> None:
    said = desk.call(*words)
    assert said.code == Exit.INVALID
    assert said.err.startswith("error[usage]: ")
    assert hint in said.err
    assert said.out == ""


def test_the_version_is_told(desk: Desk) -> None:
    assert desk.ok("--version").out.startswith("kapell 0.")


def test_init_makes_a_workspace_that_is_valid(desk: Desk) -> None:
    assert "wrote  kapell.yaml" in desk.ok("init", "mine").out
    assert (desk.folder / "mine/workflows/support-triage.yaml").is_file()
    (desk.folder / "mine/kapell.yaml").write_text("model: offline\n", "utf-8")
    again = desk.ok("init", "mine", "--json").document()
    assert again["written"] == []
    assert (desk.folder / "mine/kapell.yaml").read_text("utf-8") == "model: offline\n"
    said = desk.ok("validate", "--workspace", "mine")
    assert "ok  workflows/support-triage.yaml  support-triage  " in said.out
    assert "ok  agents/writer.md  writer" in said.out


def test_init_does_not_write_over_a_file(desk: Desk) -> None:
    desk.write("mine", "a file")
    said = desk.call("init", "mine")
    assert said.code == Exit.CONFLICT
    assert "error[file_in_the_way]" in said.err


def test_validate_tells_every_error_with_place_and_advice(desk: Desk) -> None:
    desk.write(
        "wrong.yaml",
        "name: wrong\nsteps:\n  - {id: a, tool: table.raed, with: {path: x}}\n"
        '  - {id: b, set: {v: "{{ steps.c.output }}"}}\n  - {id: d, promt: hello, ask: hi}\n',
    )
    said = desk.call("validate", "wrong.yaml")
    assert said.code == Exit.INVALID
    assert said.err.count("error[") == 3
    assert "  --> wrong.yaml:3:" in said.err
    assert "`table.read`" in said.err
    assert "`prompt`" in said.err
    assert said.err.rstrip().endswith("3 errors")
    document = desk.call("validate", "wrong.yaml", "--json").document()
    assert not document["ok"]
    (file,) = document["files"]
    assert [one["place"]["line"] for one in file["errors"]] == [3, 4, 5]
    run = desk.call("run", "wrong.yaml", "--json").document()
    assert [one["place"]["line"] for one in run["problems"]] == [3, 4, 5]
    assert run["error"]["code"] == "definition_invalid"


def test_validate_takes_agents_settings_and_names(desk: Desk) -> None:
    desk.ok("init")
    said = desk.ok("validate", "agents/writer.md", "kapell.yaml", "support-triage")
    assert [line.split()[1] for line in said.out.splitlines()] == [
        "agents/writer.md",
        "kapell.yaml",
        "workflows/support-triage.yaml",
    ]
    desk.write("agents/bad.md", "---\nname: bad\nmodle: x\nbudget: {usd: -1}\n---\n")
    assert desk.call("validate", "agents/bad.md").code == Exit.INVALID
    assert desk.call("agents", "lint").code == Exit.INVALID
    desk.write("kapell.yaml", "worker: {lase: 3}\n")
    assert "Did you mean `lease`?" in desk.call("validate", "kapell.yaml").err
    desk.write("kapell.yaml", "guardrails:\n  topics: [medcal]\n")
    told = desk.call("validate", "kapell.yaml", "--json")
    assert told.code == Exit.INVALID
    (problem,) = told.document()["files"][0]["errors"]
    assert (problem["code"], problem["place"]["line"]) == ("guard_rules_broken", 2)


def test_agents_are_listed_and_made(desk: Desk) -> None:
    desk.ok("init")
    names = [one["name"] for one in desk.ok("agents", "list", "--json").document()]
    assert {"writer", "triager", "testing"} <= set(names)
    assert desk.ok("agents", "new", "scout", "--from", "writer").out == "agents/scout.md\n"
    assert "scout" in desk.ok("agents", "list").out
    desk.ok("agents", "new", "blank")
    desk.ok("agents", "lint")
    assert desk.call("agents", "new", "scout").code == Exit.CONFLICT
    assert desk.call("agents", "new", "../scout").code == Exit.INVALID
    missing = desk.call("agents", "new", "other", "--from", "writr")
    assert missing.code == Exit.MISSING
    assert "Did you mean `writer`?" in missing.err


@pytest.mark.requirement("WF-12")
def test_tools_are_listed_with_their_arguments(desk: Desk) -> None:
    names = [one["name"] for one in desk.ok("tools", "list", "--json").document()]
    assert {"table.read", "file.write", "json.query", "http.request"} <= set(names)
    assert "needed" in desk.ok("tools", "show", "table.read").out
    assert "Did you mean `table.read`?" in desk.call("tools", "show", "table.raed").err


@pytest.mark.requirement("LG-02")
def test_models_say_which_key_is_set_and_never_the_key(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-very-secret")
    said = desk.ok("models", "list")
    assert "very-secret" not in said.out + said.err
    states = {
        one["prefix"]: one for one in desk.ok("models", "list", "--json").document()["providers"]
    }
    assert states["anthropic"]["key_set"]
    assert not states["openai"]["ready"]
    assert states["ollama"]["ready"]


@pytest.mark.requirement("WF-08")
def test_preview_shows_what_a_change_means_to_waiting_runs(desk: Desk) -> None:
    text = (
        "name: asking\nsteps:\n  - {id: first, set: {v: 1}}\n"
        "  - {id: ask, approval: {title: go on}}\n  - {id: after, set: {v: 1}}\n"
    )
    desk.write("workflows/asking.yaml", text)
    assert desk.call("run", "asking").code == Exit.WAITING
    (page,) = desk.ok("preview", "--json").document()
    assert (page["runs_of_this_version"], page["older"]) == (1, [])
    desk.write(
        "workflows/asking.yaml",
        text.replace("go on", "go on?").replace("v: 1}}\n  - {id: ask", "v: 2}}\n  - {id: ask"),
    )
    (page,) = desk.ok("preview", "asking", "--json").document()
    (older,) = page["older"]
    assert {(one["step"], one["change"]) for one in older["changed_steps"]} == {
        ("first", "changed"),
        ("ask", "changed"),
    }
    (run,) = older["runs"]
    assert run["changed_where_it_stands"] == ["ask"]
    assert run["changed_behind_it"] == ["first"]
    assert "waiting at ask" in desk.ok("preview").out


def test_json_is_one_document_even_for_errors(desk: Desk) -> None:
    said = desk.call("run", "nothing", "--json")
    assert said.code == Exit.MISSING
    assert said.document()["error"]["code"] == "workflow_missing"
    assert said.err == ""
    assert json.loads(desk.call("runs", "show", "zzz", "--json").out)["error"]["kind"] == "missing"
