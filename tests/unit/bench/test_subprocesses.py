"""Scripts are heard while they run, take turns when they are told to, and leave nothing behind."""

import sys
from pathlib import Path

import psutil
import pytest

from bench.subprocesses import Player, run

SAYS = """
import json
print(json.dumps({"kind": "sample", "metric": "m", "value": 1.5}))
print("something else")
"""
PLAYS = """
import json, sys
print(json.dumps({"kind": "turn"}), flush=True)
for line in sys.stdin:
    print(json.dumps({"kind": "sample", "metric": "m", "value": 2}))
    print(json.dumps({"kind": "turn"}), flush=True)
print(json.dumps({"kind": "setting", "name": "s", "value": "x"}))
"""
LEAVES = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print('{"kind": "note", "text": "%d"}' % child.pid, flush=True)
raise SystemExit("over and out")
"""


def _gone(pid: int) -> bool:
    """Tell whether a process has ended; one that nobody has waited for yet has."""
    try:
        psutil.Process(pid).wait(10)
    except psutil.NoSuchProcess:
        return True
    except psutil.TimeoutExpired:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    return True


def test_facts_are_kept_and_other_lines_passed_over(tmp_path: Path) -> None:
    said = run([sys.executable, "-c", SAYS], tmp_path, 60)

    assert said.facts == [{"kind": "sample", "metric": "m", "value": 1.5}]
    assert said.failure == ""


@pytest.mark.slow
def test_a_script_that_fails_is_reported_and_its_children_end(tmp_path: Path) -> None:
    said = run([sys.executable, "-c", LEAVES], tmp_path, 60)

    assert said.failure == "over and out"
    assert _gone(int(str(said.facts[0]["text"])))


def test_a_script_that_does_not_end_is_ended(tmp_path: Path) -> None:
    said = run([sys.executable, "-c", "import time; time.sleep(600)"], tmp_path, 0.2)

    assert said.failure == "did not end within 0.2 s"


def test_a_player_plays_in_its_turn_and_is_stopped_between(tmp_path: Path) -> None:
    player = Player([sys.executable, "-c", PLAYS], tmp_path)
    try:
        assert player.ready(60).failure == ""
        for _ in range(2):
            said = player.turn(60)
            assert said.facts == [{"kind": "sample", "metric": "m", "value": 2}]
        # Other tests of this process may have left children that have ended.
        (child,) = [
            one
            for one in psutil.Process().children()
            if one.status() != psutil.STATUS_ZOMBIE and "sys.stdin" in " ".join(one.cmdline())
        ]
        assert child.status() == psutil.STATUS_STOPPED
        last = player.end(60)
    finally:
        player.kill()

    assert last.failure == ""
    assert last.facts == [{"kind": "setting", "name": "s", "value": "x"}]


@pytest.mark.parametrize("script", ["raise SystemExit('no')", "pass"])
def test_a_player_that_ends_before_its_turn_failed(tmp_path: Path, script: str) -> None:
    player = Player([sys.executable, "-c", script], tmp_path)
    try:
        assert player.ready(60).failure in ("no", "ended before its turn")
    finally:
        player.kill()
