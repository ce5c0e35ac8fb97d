"""Standard output holds our answers and nothing else, whatever tools write there."""

import json
import subprocess

import pytest

from tests.integration.cli.desk import COMMAND, Desk
from tests.integration.cli.terminal import Terminal

pytestmark = pytest.mark.slow

LOUD = '''
import ctypes
import os
import subprocess
import sys
import threading
import time
from kapell import tool


def late():
    while True:
        os.write(1, b"left behind\\n")
        time.sleep(0.001)


@tool(effects="read", trust="trusted")
def loud(leave: bool = False) -> str:
    """Write wherever there is to write."""
    os.write(1, b"past Python\\n")
    print("plainly printed")
    sys.__stdout__.write("to the first stream\\n")
    ctypes.CDLL(None).puts(b"from C, when the process ends")
    subprocess.run(["sh", "-c", "echo by a child"], check=True)
    thread = threading.Thread(target=print, args=("by a thread",))
    thread.start()
    thread.join()
    if leave:
        threading.Thread(target=late, daemon=True).start()
    return "an answer"
'''
WORKFLOW = """
name: noisy
steps:
  - {id: a, tool: loud}
outputs: {text: "{{ steps.a.output }}"}
"""
SAID = (
    "past Python",
    "to the first stream",
    "from C, when the process ends",
    "by a child",
    "by a thread",
)


@pytest.fixture
def noisy(desk: Desk) -> Desk:
    """Return a desk whose workspace has a tool that writes to standard output in every way."""
    desk.write("kapell.yaml", "model: offline\n")
    desk.write("tools/loud.py", LOUD)
    desk.write("workflows/noisy.yaml", WORKFLOW)
    return desk


@pytest.mark.requirement("TL-03")
@pytest.mark.parametrize(
    "words",
    [
        ("tools", "call", "loud", "--json"),
        ("tools", "call", "loud", "--json", "--arg", "leave=true"),
        ("run", "noisy", "--json"),
    ],
    ids=["tool", "thread left behind", "run"],
)
def test_what_tools_write_to_standard_output_goes_to_standard_error(
    noisy: Desk, words: tuple[str, ...]
) -> None:
    said = noisy.run(*words, KAPELL_LOG__LEVEL="info")
    assert said.code == 0, said
    assert "an answer" in json.dumps(said.document()["output"])
    lines = said.err.splitlines()
    assert [one for one in SAID if one not in lines] == [], "nothing is lost"
    assert "loud printed 16 characters: plainly printed" in said.err


def test_what_is_no_json_is_as_clean(noisy: Desk) -> None:
    assert noisy.run("tools", "call", "loud").out == "an answer\n"
    ran = noisy.run("run", "noisy", "--quiet")
    assert ran.code == 0
    assert not [one for one in SAID if one in ran.out]
    missing = noisy.run("runs", "show", "none", "--json")
    assert missing.document()["error"]["code"] == "run_unknown"
    exported = subprocess.run(
        [*COMMAND, "runs", "export", "--to", "-"], capture_output=True, check=True
    )
    assert len(exported.stdout) > 100
    assert exported.stderr == b""


def test_without_standard_error_it_is_lost_and_the_answer_is_not(noisy: Desk) -> None:
    command = f"exec {' '.join(COMMAND)} tools call loud 2>&-"
    ended = subprocess.run(["sh", "-c", command], capture_output=True, check=True, text=True)
    assert ended.stdout == "an answer\n"


def test_a_reader_that_leaves_early_is_no_failure(noisy: Desk) -> None:
    command = f"set -o pipefail; {' '.join(COMMAND)} tools call loud --json | true"
    ended = subprocess.run(["bash", "-c", command], capture_output=True, check=False, text=True)
    assert ended.returncode == 0
    assert "Traceback" not in ended.stderr
    assert "BrokenPipe" not in ended.stderr


def test_on_a_terminal_output_stays_where_it_is(noisy: Desk) -> None:
    terminal = Terminal(noisy.folder, "tools", "call", "loud")
    assert terminal.end() == 0
    assert "an answer" in terminal.text
    assert "past Python" in terminal.text


def test_a_process_that_goes_on_has_its_output_back(noisy: Desk) -> None:
    program = """
import os, sys
from kapell.cli.main import call
assert call(["tools", "call", "loud"]) == 0
os.write(1, b"after\\n")
print("after all")
"""
    ended = subprocess.run(
        [COMMAND[0], "-c", program], cwd=noisy.folder, capture_output=True, text=True, check=True
    )
    assert ended.stdout.replace("from C, when the process ends\n", "") == (
        "an answer\nafter\nafter all\n"
    )


def test_output_that_was_exchanged_is_left_alone(noisy: Desk) -> None:
    program = """
import io
from contextlib import redirect_stdout
from kapell.cli.main import call
with redirect_stdout(io.StringIO()) as mine:
    assert call(["tools", "call", "loud"]) == 0
assert mine.getvalue().endswith("an answer\\n"), mine.getvalue()
"""
    ended = subprocess.run(
        [COMMAND[0], "-c", program], cwd=noisy.folder, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert "past Python" in ended.stdout
