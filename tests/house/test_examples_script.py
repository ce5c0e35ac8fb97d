"""`make examples` finds what is there and says of each whether it went well."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import examples

# A command line that does what the script relies on: `init DIR`, `run FILE ...`, exit codes.
CLI = """\
import pathlib, sys
words = sys.argv[1:]
if words[0] == "init":
    pathlib.Path(words[1]).mkdir()
    sys.exit(0)
text = pathlib.Path(words[1]).read_text()
scripted = pathlib.Path("answers.yaml").exists()
model = [] if scripted else ["--model", "offline"]
assert words[2:3 + len(model)] == ["--yes", *model]
if "needs: inputs" in text and words[3 + len(model):] != ["--params", "inputs.yaml"]:
    sys.exit("no inputs")
if "broken" in text:
    print("first line", file=sys.stderr)
    sys.exit("E-17: this step is broken")
sys.exit(3 if "fails" in text else 0)
"""


@pytest.fixture
def cli(tmp_path: Path) -> list[str]:
    (tmp_path / "cli.py").write_text(CLI, "utf-8")
    return [sys.executable, str(tmp_path / "cli.py")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "examples"
    (folder / "bigger").mkdir(parents=True)
    (folder / "bigger/workflow.yaml").write_text("needs: inputs\n", "utf-8")
    (folder / "bigger/inputs.yaml").write_text("a: 1\n", "utf-8")
    (folder / "plain.yaml").write_text("name: plain\n", "utf-8")
    (folder / "saga.yaml").write_text("# expect-exit: 3\nname: fails\n", "utf-8")
    (folder / "README.md").write_text("# Examples\n", "utf-8")
    return folder


def test_every_kind_of_example_is_found_and_runs(folder: Path, cli: list[str]) -> None:
    found = examples.find(folder)
    assert [example.name for example in found] == ["bigger", "plain", "saga"]
    assert [examples.run(example, cli) for example in found] == ["", "", ""]


def test_a_folder_with_a_script_and_a_site_runs_with_both(
    folder: Path, cli: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The page of an example may be serving its own web on the known port at this moment.
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        monkeypatch.setattr(examples, "SITE_PORT", one.getsockname()[1])
    (folder / "bigger/answers.yaml").write_text("answers: []\n", "utf-8")
    (folder / "bigger/site").mkdir()
    bigger, plain, _ = examples.find(folder)
    assert (bigger.scripted, plain.scripted) == (True, False)
    assert examples.run(bigger, cli) == ""


def test_a_failure_says_why(folder: Path, cli: list[str]) -> None:
    (folder / "plain.yaml").write_text("broken\n", "utf-8")
    (folder / "saga.yaml").write_text("# expect-exit: 3\nname: fine\n", "utf-8")
    _, plain, saga = examples.find(folder)
    assert examples.run(plain, cli) == "exit 1 instead of 0: E-17: this step is broken"
    assert examples.run(saga, cli) == "exit 0 instead of 3: it said nothing"


def test_one_line_each_and_the_exit_code_tell_how_it_went(
    folder: Path,
    cli: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(examples, "EXAMPLES", folder)
    monkeypatch.setattr(examples, "CLI", cli)
    assert examples.main([]) == 0
    assert capsys.readouterr().out == "ok bigger\nok plain\nok saga\n"
    (folder / "plain.yaml").write_text("broken\n", "utf-8")
    assert examples.main([]) == 1
    why = "exit 1 instead of 0: E-17: this step is broken"
    assert capsys.readouterr().out == f"ok bigger\nfailed plain: {why}\nok saga\n"
    assert examples.main(["saga"]) == 0
    assert capsys.readouterr().out == "ok saga\n"


def test_a_folder_without_a_workflow_is_no_example(folder: Path) -> None:
    (folder / "empty").mkdir()
    with pytest.raises(SystemExit, match="empty is no example"):
        examples.find(folder)


def test_an_unknown_name_is_refused() -> None:
    command = [sys.executable, str(examples.ROOT / "scripts/examples.py"), "no-such-example"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert ended.stdout.startswith("no ")
