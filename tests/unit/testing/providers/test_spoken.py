"""A script spoken by the loopback provider: what it takes, and what it refuses."""

import subprocess
import sys
from pathlib import Path

import pytest

from kapell.core.gateway.calls import Message, ToolOffer
from kapell.kit.errors import Invalid, Missing
from kapell.testing.providers.call import Call
from kapell.testing.providers.spoken import by_script

SCRIPT = """
answers:
  - label: look*
    turn: 1
    asks: [{tool: file.read, args: {path: a.txt}}, {tool: no.such}]
  - label: look*
    value: {lines: 3}
"""
OFFER = ToolOffer("file__read", "Read a file.", {"type": "object"})


def script(folder: Path, text: str) -> Path:
    file = folder / "answers.yaml"
    file.write_text(text, "utf-8")
    return file


def call(key: str, *said: Message) -> Call:
    messages = (Message("user", "Count the lines."), *said)
    return Call(wire="openai", model="gpt-5-mini", messages=messages, tools=(OFFER,), key=key)


def test_the_path_of_a_call_is_known_by_its_key_and_tools_by_their_names_on_the_wire(
    tmp_path: Path,
) -> None:
    answer = by_script(script(tmp_path, SCRIPT))
    first = answer(call("r1:look%20here#1/1"))
    assert [(ask.tool, ask.args) for ask in first.asks] == [
        ("file__read", {"path": "a.txt"}),
        ("no__such", {}),
    ]
    assert first.model == "gpt-5-mini"
    said = answer(call("r1:look%20here#1/2", Message("assistant", "", asks=first.asks)))
    assert (said.asks, said.text) == ((), '{"lines":3}')
    with pytest.raises(Missing, match=r"'other#1/1'") as none:
        answer(call("r1:other#1/1"))
    assert none.value.code == "scripted_answer_missing"


@pytest.mark.parametrize(
    "entry", ["error: {code: model_unavailable}", "{text: hello, delay: 50ms}"]
)
def test_what_no_provider_says_is_refused(entry: str, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"Answer 2 of answers\.yaml") as refused:
        by_script(script(tmp_path, f"answers:\n  - text: well\n  - {entry}\n"))
    assert refused.value.code == "script_broken"


def test_the_process_ends_as_its_command_and_sends_every_provider_to_itself(
    tmp_path: Path,
) -> None:
    provider = [sys.executable, "-m", "kapell.testing.providers", "--answers"]
    program = "import os; print(os.environ['OPENAI_BASE_URL']); raise SystemExit(7)"
    words = [*provider, str(script(tmp_path, SCRIPT)), "--", sys.executable, "-c", program]
    ended = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 7, ended.stderr
    assert ended.stdout.startswith("http://127.0.0.1:")
    missing = [*provider, str(tmp_path / "none.yaml"), "--", "true"]
    ended = subprocess.run(missing, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert "none.yaml cannot be read" in ended.stderr
