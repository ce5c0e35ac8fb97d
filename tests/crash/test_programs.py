"""Clone, test and build are three steps, each on another worker: all see one folder of the run."""

import os
import shutil
import signal
import time

import psutil
import pytest

from kapell.bootstrap.app import App
from kapell.core.events.tool import ToolRequested, ToolReturned
from kapell.core.runs.status import RunStatus
from kapell.kit.ids import RunId
from kapell.testing.crash.invariants import broken_rules
from tests.crash.site import PATIENCE, Site, ended, told
from tests.crash.test_signals import Workers, until_told, workers
from tests.fixtures.sandboxes import bubblewrap_for, install

pytestmark = [pytest.mark.slow, pytest.mark.crash]

__all__ = ["workers"]

MARK = "a-mark-of-this-test"
BUILD = f"""
name: build
on_failure: hold
steps:
  - id: clone
    tool: shell.run
    with:
      check: true
      command: |
        set -e
        mkdir -p origin/app && cd origin && git init -q
        echo 'def double(n): return 2 * n' > app/sums.py
        printf '#!/bin/sh\\npython3 -m unittest -q\\n' > check.sh
        cat > test_sums.py <<'END'
        import unittest
        from app.sums import double
        class Sums(unittest.TestCase):
            def test_double(self):
                self.assertEqual(double(4), 8)
        END
        git add . && git -c user.name=a -c user.email=a@example.org commit -q -m first
        cd .. && git clone -q origin checkout && rm -rf origin
  - {{id: pause, wait: {{signal: test}}}}
  - id: test
    tool: shell.run
    with: {{check: true, command: "cd checkout; : {MARK}; sleep 2; ./check.sh && git log"}}
  - {{id: rest, wait: {{signal: build}}}}
  - id: build
    code:
      language: python
      source: |
        import os, zipfile
        names = sorted(os.listdir("checkout"))
        with zipfile.ZipFile("app.zip", "w") as archive:
            archive.write("checkout/app/sums.py", "sums.py")
        names
  - id: look
    code: {{language: javascript, source: 'require("fs").statSync("app.zip").size > 0'}}
outputs:
  names: "{{{{ steps.build.output }}}}"
  log: "{{{{ steps.test.output.stdout }}}}"
  built: "{{{{ steps.look.output }}}}"
"""


@pytest.mark.requirement("TL-01", "TL-02", "WF-12", "DX-03")
async def test_three_steps_on_three_workers_see_one_folder_though_one_is_killed(
    site: Site, workers: Workers
) -> None:
    why = install("git", "git")
    if why:
        pytest.skip(why)
    await bubblewrap_for("shell")
    await bubblewrap_for("javascript")
    site.write("build", BUILD)
    async with site.open() as app:
        run = (await app.starter.start("build", {})).run_id
        folder = site.folder / ".kapell" / "runs" / run

        first = await workers.start("first")
        await until_told(app, run, "step.started pause")
        await workers.end(first)
        assert (folder / "checkout" / "test_sums.py").exists()

        shutil.rmtree(folder)  # as on another machine: it has the log, and no folder
        await app.teller.signal(run, "test", {}, key="test")
        second = await workers.start("second")
        await until_told(app, run, "tool.requested test")
        _until_running()
        os.kill(second, signal.SIGKILL)
        _until_gone()

        shutil.rmtree(folder, ignore_errors=True)
        third = await workers.start("third")
        await _until_returned(app, run, "test")
        await workers.end(third)

        shutil.rmtree(folder)
        await app.teller.signal(run, "build", {}, key="build")
        fourth = await workers.start("fourth")
        summary = await ended(app, run)
        await workers.end(fourth)
        assert summary.status is RunStatus.SUCCEEDED, await told(app, run)

        events = await app.histories.events(run)
        program, state = await app.histories.state(events)
        output = await app.histories.value(state.output)
        assert isinstance(output, dict)
        assert output["names"] == [".git", "app", "check.sh", "test_sums.py"]
        assert "first" in str(output["log"])
        assert output["built"] is True
        assert (folder / "app.zip").exists()
        assert broken_rules(program, events) == []
        asked = [e.payload.path for e in events if isinstance(e.payload, ToolRequested)]
        given = [e.payload.path for e in events if isinstance(e.payload, ToolReturned)]
        assert given == ["clone", "test", "build", "look"]
        assert asked.count("test") in (1, 2)  # what was under way when it was killed is done anew
        owners = {e.actor for e in events if e.actor.startswith("worker:")}
        assert owners >= {f"worker:{name}" for name in ("first", "third", "fourth")}


async def _until_returned(app: App, run: RunId, step: str) -> None:
    await until_told(app, run, f"tool.returned {step}")


def _marked() -> list[psutil.Process]:
    """Return the processes of the sandbox in which the marked command runs."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if any(MARK in part for part in process.info["cmdline"] or ()):
            found.append(process)
    return found


def _until_running() -> None:
    until = time.monotonic() + PATIENCE
    while not _marked():
        assert time.monotonic() < until
        time.sleep(0.01)


def _until_gone() -> None:
    """A worker that is killed takes its sandboxes with it."""
    until = time.monotonic() + PATIENCE
    while _marked():
        assert time.monotonic() < until, [one.cmdline() for one in _marked()]
        time.sleep(0.01)
