"""Real processes: Ctrl-C, readers that leave, narrow terminals, neighbours in the same worker."""

import signal
import subprocess
from collections.abc import Callable

import pytest

from kapell.cli.exits import Exit
from tests.integration.bad_input.refusals import others_go_on, refused
from tests.integration.cli.desk import COMMAND, Desk
from tests.integration.cli.terminal import Terminal

pytestmark = pytest.mark.slow
PAUSE = "name: pause\nsteps: [{id: first, set: {v: 1}}, {id: pause, wait: {for: 3s}}]\n"
FILL = """\
name: fill
steps:
  - {id: grow, set: {text: "{{ 'x' * 60000 }}"}}
  - id: fill
    loop:
      max: 60
      until: "false"
      steps:
        - id: write
          tool: file.write
          with: {path: "part-{{ pass.number }}.txt", text: "{{ steps.grow.output.text }}"}
"""
PATIENT = "name: patient\nsteps: [{id: pause, wait: {for: 2s}}, {id: a, set: {v: 1}}]\n"


@pytest.mark.requirement("DX-07", "WF-08")
def test_ctrl_c_leaves_a_run_that_resumes(desk: Desk) -> None:
    desk.write("pause.yaml", PAUSE)
    process = desk.begin("run", "pause.yaml")
    assert process.stdout is not None
    for line in process.stdout:
        if "pause: waiting" in line:
            break
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == Exit.INTERRUPTED
    assert "Traceback" not in err
    assert "kapell runs resume" in err
    assert desk.ok("runs", "resume", "last", "--json").document()["status"] == "succeeded"
    assert desk.ok("runs", "events", "last").out.count("first: started") == 1
    others_go_on(desk)


@pytest.mark.requirement("AP-03")
@pytest.mark.parametrize("reader", ["head -n 1", "true"])
@pytest.mark.parametrize("words", ["runs show last", "runs list", "runs list --json", "--help"])
def test_a_reader_that_leaves(words: str, reader: str, desk: Desk) -> None:
    desk.ok("run", "fine")
    script = f"{' '.join(COMMAND)} {words} | {reader}; exit ${{PIPESTATUS[0]}}"
    ended = subprocess.run(
        ["bash", "-c", script],
        cwd=desk.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (Exit.OK, "")


@pytest.mark.requirement("AP-03")
def test_a_terminal_of_twenty_columns(desk: Desk) -> None:
    long = "a-step-whose-name-is-much-longer-than-the-terminal-is-wide"
    desk.write("long.yaml", f"name: long\nsteps: [{{id: {long}, set: {{v: 1}}}}]\n")
    terminal = Terminal(desk.folder, "run", "long.yaml", environment={"COLUMNS": "20"})
    assert terminal.end() == Exit.OK
    assert "succeeded" in terminal.text
    assert "Traceback" not in terminal.text
    broken = Terminal(desk.folder, "run", "nothing.yaml", environment={"COLUMNS": "20"})
    assert broken.end() == Exit.MISSING
    assert "error[workflow_missing]" in broken.text


@pytest.mark.requirement("DX-07", "DX-19")
def test_a_neighbour_finishes_while_the_disk_of_tools_is_full(
    desk: Desk, mounted: Callable[..., None]
) -> None:
    runs = desk.folder / ".kapell" / "runs"
    runs.mkdir(parents=True)
    mounted(runs, "-t", "tmpfs", "-o", "size=1m", "tmpfs")
    desk.write("fill.yaml", FILL)
    desk.write("patient.yaml", PATIENT)
    desk.ok("db", "upgrade")
    patient = desk.ok("run", "patient.yaml", "--detach").out.strip()
    full = desk.ok("run", "fill.yaml", "--detach").out.strip()
    broken = desk.ok("run", "fine", "--detach").out.strip()
    worker = desk.begin("worker")
    try:
        for run, status in ((full, "failed"), (patient, "succeeded"), (broken, "succeeded")):
            out, err = desk.begin("runs", "watch", run).communicate(timeout=60)
            assert status in out, out + err
    finally:
        worker.send_signal(signal.SIGTERM)
        _, err = worker.communicate(timeout=60)
    assert worker.returncode == Exit.OK
    assert "Traceback" not in err
    failure = desk.ok("runs", "show", full, "--json").document()["failure"]
    assert failure["code"] == "disk_full"
    assert failure["advice"]
    sizes = {part.stat().st_size for part in runs.rglob("*") if part.is_file()}
    assert sizes == {60_000}, "no part is half-written"


@pytest.mark.requirement("DX-19")
def test_a_workspace_that_may_only_be_read(desk: Desk, mounted: Callable[..., None]) -> None:
    """Root passes every permission, but not a disk that may only be read."""
    mounted(desk.folder, "--bind", str(desk.folder))
    mounted(desk.folder, "-o", "remount,bind,ro")
    said = desk.run("init", str(desk.folder / "new"))
    refused(said, Exit.DENIED, "not_permitted")
    refused(desk.run("run", "fine"), Exit.DENIED, "not_permitted")
    assert sorted(one.name for one in desk.folder.iterdir()) == ["workflows"]
