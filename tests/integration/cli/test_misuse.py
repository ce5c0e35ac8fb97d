"""Wrong words on the command line: one clear error, and what was meant."""

import json
from importlib import import_module

import pytest
from typer.main import get_command

from kapell.cli.catalogue import COMMANDS, INNER
from kapell.cli.exits import Exit
from tests.integration.cli.desk import Desk


@pytest.mark.requirement("DX-06")
@pytest.mark.parametrize(
    ("words", "said", "advice"),
    [
        ("rnu", "There is no command `rnu`.", "Did you mean `kapell run`?"),
        ("fork last", "There is no command `fork`.", "Did you mean `kapell runs fork`?"),
        ("retyr", "There is no command `retyr`.", "Did you mean `kapell runs retry`?"),
        ("zzzz", "There is no command `zzzz`.", "See `kapell --help`."),
        ("runs lst", "There is no command `kapell runs lst`.", "Did you mean `kapell runs list`?"),
        ("db zzzz", "There is no command `kapell db zzzz`.", "Its commands: upgrade, backup, "),
        ("run show last", "There is no place for `last`.", "Did you mean `kapell runs show`?"),
        ("run list --limit 3", "There is no option `--limit`.", "Did you mean `kapell runs list`?"),
        ("runs show --jsn", "There is no option `--jsn`.", "Did you mean `--json`?"),
        ("runs list --limit", "The option `--limit` needs a value.", "kapell runs list --help"),
        ("runs list --limit x", "The option `--limit`", "kapell runs list [OPTIONS]"),
        ("runs list x", "There is no place for `x`.", "kapell runs list [OPTIONS]"),
        ("runs merge last", "The argument FORK is missing.", "{RUN} {FORK}"),
        ("runs repair last a", "The option `--output` is missing.", "kapell runs repair"),
        ("--nope", "There is no option `--nope`.", "come after the command"),
        ("runs list --workspace", "--workspace needs a folder.", "Write --workspace DIR"),
    ],
)
def test_wrong_words(words: str, said: str, advice: str, desk: Desk) -> None:
    told = desk.call(*words.split())
    assert told.code == Exit.INVALID
    head, rest = told.err.split("\n", 1)
    assert head.startswith(f"error[usage]: {said}")
    assert advice in told.err
    assert rest.strip()
    assert told.out == ""
    error = json.loads(desk.call("--json", *words.split()).out)["error"]
    assert (error["code"], error["kind"]) == ("usage", "invalid")
    assert error["advice"]


@pytest.mark.requirement("DX-06")
def test_a_workflow_that_is_a_command_of_runs(desk: Desk) -> None:
    told = desk.call("run", "list")
    assert told.code == Exit.MISSING
    assert "Did you mean `kapell runs list`?" in told.err
    desk.write("workflows/list.yaml", "name: list\nsteps: [{id: a, set: {v: 1}}]\n")
    desk.ok("run", "list")


@pytest.mark.parametrize("words", [[], *([word] for word in INNER)])
def test_a_group_without_a_command_shows_its_help(words: list[str], desk: Desk) -> None:
    shown = desk.ok(*words)
    assert shown.out == desk.ok(*words, "--help").out == desk.ok(*words, "-h").out
    assert "Commands:" in shown.out or not words


def test_the_commands_of_the_second_level_are_those_there_are() -> None:
    found = {}
    for word, entry in COMMANDS.items():
        command = get_command(import_module(f"kapell.cli.{entry.module}").app)
        inner = getattr(command, "commands", None)
        if inner is not None:
            found[word] = tuple(inner)
    assert found == dict(INNER)


@pytest.mark.requirement("DX-06", "DX-08")
def test_where_an_export_cannot_be_written(desk: Desk) -> None:
    desk.write("w.yaml", "name: w\nsteps: [{id: a, set: {v: 1}}]\n")
    desk.ok("run", "w.yaml")
    for to, code, name in (
        ("missing/x", Exit.MISSING, "folder_missing"),
        (".", Exit.INVALID, "file_unusable"),
        ("w.yaml", Exit.CONFLICT, "file_in_the_way"),
        ("w.yaml/x", Exit.MISSING, "folder_missing"),
    ):
        told = desk.call("runs", "export", "last", "--to", to)
        assert (told.code, f"error[{name}]" in told.err) == (code, True)
        assert "--to" in told.err.splitlines()[1]


@pytest.mark.requirement("DX-06", "DX-08")
@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("--at", ""), "option_empty"),
        (("--at", "  "), "option_empty"),
        (("--output", "1"), "option_unused"),
        (("--at", "2", "--output", "1"), "option_unused"),
        (("--at", "999"), "event_number"),
        (("--at", "0"), "event_number"),
        (("--at", "²"), "step_unknown"),
        (("--at", "nothing"), "step_unknown"),
        (("--input", "x"), "input_broken"),
    ],
)
def test_forks_that_cannot_be(words: tuple[str, ...], name: str, desk: Desk) -> None:
    desk.write("w.yaml", "name: w\nsteps: [{id: a, set: {v: 1}}]\n")
    desk.ok("run", "w.yaml")
    told = desk.call("runs", "fork", "last", *words)
    assert f"error[{name}]" in told.err
    what, advice = told.err.strip().splitlines()
    if name == "event_number":
        assert "from 1 to" in advice
    if name == "step_unknown":
        assert "`a`" in advice, f"what is allowed is named: {what}"
    assert len(desk.ok("runs", "list", "--json").document()) == 1


@pytest.mark.requirement("DX-06", "WF-11")
def test_answers_that_say_two_things(desk: Desk) -> None:
    ask = (
        "{id: each, for_each: [1, 2], as: n, steps: [{id: ask, approval: {title: 'Go {{ n }}?'}}]}"
    )
    desk.write("ask.yaml", f"name: ask\nsteps: [{ask}]\n")
    assert desk.call("run", "ask.yaml").code == Exit.WAITING
    for words, said in (
        (("--approve", "--reject"), "answer_missing"),
        ((), "answer_missing"),
        (("each[0]/ask", "--all", "--approve"), "option_unused"),
        (("--all", "--approve", "--edit", "text"), "input_broken"),
    ):
        told = desk.call("approvals", "answer", "last", *words)
        assert (told.code, f"error[{said}]" in told.err) == (Exit.INVALID, True)
        assert "--input" not in told.err
    assert len(desk.ok("approvals", "list", "--json").document()) == 2, "nothing was answered"
    desk.ok("approvals", "answer", "last", "each[0]/ask", "--reject")
    rest = desk.ok("approvals", "answer", "last", "--all", "--approve", "--json").document()
    assert rest["paths"] == ["each[1]/ask"], "what was rejected stays so"
    again = desk.call("approvals", "answer", "last", "--all", "--approve")
    assert (again.code, "error[approval_answered]" in again.err) == (Exit.CONFLICT, True)
    assert desk.ok("runs", "resume", "last").code == 0
    cancelled = desk.call("run", "ask.yaml").code, desk.call("runs", "cancel", "last").code
    assert cancelled == (Exit.WAITING, Exit.CANCELLED)
    assert "The run was cancelled already.\n" in desk.call("runs", "cancel", "last").err


@pytest.mark.requirement("DX-06", "DX-11")
@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("KAPELL_MODEL", "zz", "`zz` is neither a model nor a route of kapell.yaml"),
        (
            "KAPELL_WORKER__CONCURRENCY",
            "0",
            "KAPELL_WORKER__CONCURRENCY cannot be used: at least 1",
        ),
        ("KAPELL_LOG__LEVEL", "loud", "'debug', 'info', 'warning' or 'error' is needed"),
        ("DATABASE_URL", "postgresql://127.0.0.1:1/x", "nothing answers at 127.0.0.1:1."),
    ],
)
def test_what_the_environment_sets_wrongly(
    name: str, value: str, said: str, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.write("w.yaml", "name: w\nsteps: [{id: a, ask: hello}]\n")
    monkeypatch.setenv(name, value)
    told = desk.call("run", "w.yaml")
    assert told.code != 0
    assert said in told.err
    assert told.err.count("error[") == 1
    assert "w.yaml" not in told.err, "the file is not to blame"
    assert "Errno" not in told.err


@pytest.mark.requirement("DX-06")
def test_what_is_run_is_a_workflow(desk: Desk) -> None:
    desk.write("data/rows.csv", "a,b\n1,2\n")
    for words in (("data/rows.csv",), ("data/",), ("./data",)):
        told = desk.call("run", *words)
        assert (told.code, "error[workflow_is_other]" in told.err) == (Exit.INVALID, True)
        checked = desk.call("validate", *words)
        assert checked.code == Exit.INVALID
        assert "error[workflow_is_other]" in checked.err
        # The words are the same, up to where the workspace is told.
        assert told.err.partition("error[")[2] in checked.err
