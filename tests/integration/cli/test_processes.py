"""The command line as processes: terminals, signals, pipes, a worker beside a watcher."""

import signal
import socket
import subprocess
import sys
import time

import pytest

from kapell.cli.exits import Exit
from tests.integration.cli.desk import COMMAND, Desk
from tests.integration.cli.terminal import PATIENCE, Terminal

pytestmark = pytest.mark.slow
ASKING = """\
name: asking
steps:
  - id: ask
    approval: {title: Send it?, data: {text: as it was}, edit: [text]}
  - {id: last, set: {v: "{{ steps.ask.output.approved }} {{ steps.ask.output.data.text }}"}}
"""
ITEMS = """\
name: items
steps:
  - {id: each, for_each: [1, 2, 3], as: n, concurrency: 2, ask: "Summarise: number {{ n }}"}
"""
PAUSE = "name: pause\nsteps: [{id: pause, wait: {for: 2s}}, {id: after, set: {v: done}}]\n"


@pytest.mark.requirement("AP-03", "WF-08")
def test_a_terminal_shows_the_tree(desk: Desk) -> None:
    desk.write("items.yaml", ITEMS)
    terminal = Terminal(desk.folder, "run", "items.yaml")
    assert terminal.end() == 0
    assert "each" in terminal.text
    assert "3/3" in terminal.text
    assert "\x1b[" in terminal.raw
    plain = Terminal(desk.folder, "runs", "list", "--no-color")
    assert plain.end() == 0
    assert "\x1b[" not in plain.raw
    assert "items" in plain.text


@pytest.mark.requirement("WF-11")
@pytest.mark.parametrize(
    ("typed", "said"),
    [(["a"], "true as it was"), (["r", "too early"], "false as it was")],
)
def test_a_person_at_the_terminal_is_asked(typed: list[str], said: str, desk: Desk) -> None:
    desk.write("asking.yaml", ASKING)
    terminal = Terminal(desk.folder, "run", "asking.yaml")
    terminal.until("[l]ater?")
    assert "Send it?" in terminal.text
    assert "text: as it was" in terminal.text
    for line in typed:
        terminal.type(line)
    assert terminal.end() == 0
    assert said in terminal.text


@pytest.mark.requirement("WF-11")
def test_a_person_edits_in_their_editor_or_says_later(desk: Desk) -> None:
    desk.write("asking.yaml", ASKING)
    editor = desk.write(
        "editor.py", "import sys\nopen(sys.argv[1], 'w').write('as I like it\\n')\n"
    )
    terminal = Terminal(
        desk.folder,
        "run",
        "asking.yaml",
        environment={"EDITOR": f"{sys.executable} {editor}"},
    )
    terminal.until("[l]ater?")
    terminal.type("e")
    terminal.until("[a]pprove as changed")
    assert "-as it was" in terminal.text
    assert "+as I like it" in terminal.text
    terminal.type("a")
    assert terminal.end() == 0
    assert "true as I like it" in terminal.text
    later = Terminal(desk.folder, "run", "asking.yaml")
    later.until("[l]ater?")
    later.type("l")
    assert later.end() == Exit.WAITING


@pytest.mark.requirement("DX-07", "WF-08")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_goes_on_where_it_was(number: signal.Signals, desk: Desk) -> None:
    desk.write("pause.yaml", PAUSE)
    process = desk.begin("run", "pause.yaml")
    assert process.stdout is not None
    for line in process.stdout:
        if "pause: waiting" in line:
            break
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert process.returncode == Exit.INTERRUPTED
    assert "kapell runs resume" in err
    assert "Traceback" not in err
    resumed = desk.ok("runs", "resume", "last", "--json").document()
    assert resumed["output"] == {"v": "done"}
    lines = desk.ok("runs", "events", "last").out
    assert lines.count("pause: started") == 1


@pytest.mark.requirement("DX-07")
def test_a_second_ctrl_c_does_not_wait_for_calls_in_flight(desk: Desk) -> None:
    desk.write("w.yaml", "name: w\nsteps: [{id: a, ask: hello}]\n")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(PATIENCE)
        process = desk.begin(
            *("run", "w.yaml", "--model", "openai:gpt-5-mini"),
            OPENAI_BASE_URL=f"http://127.0.0.1:{silent.getsockname()[1]}/v1",
            OPENAI_API_KEY="sk-nobody-s",
        )
        connection, _ = silent.accept()
        with connection:
            process.send_signal(signal.SIGINT)
            assert process.stderr is not None
            assert "Ctrl-C again stops at once" in process.stderr.readline()
            assert process.poll() is None, "it waits for the call"
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == Exit.INTERRUPTED
    assert "Traceback" not in err
    assert desk.ok("runs", "show", "last", "--json").document()["status"] == "running"


@pytest.mark.requirement("DX-03", "DX-06")
def test_what_a_killed_process_left_does_not_look_as_if_it_ran(desk: Desk) -> None:
    desk.write("kapell.yaml", "tools: {http: {allow: [127.0.0.1], private: true}}\n")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(PATIENCE)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        post = f"{{id: post, tool: http.request, with: {{url: '{url}', method: POST}}}}"
        desk.write("w.yaml", f"name: w\nsteps: [{post}]\n")
        process = desk.begin("run", "w.yaml")
        connection, _ = silent.accept()
        with connection:
            assert desk.ok("runs", "list").out.splitlines()[1].split()[2] == "running"
            process.kill()
            process.communicate(timeout=PATIENCE)
    ends = time.monotonic() + PATIENCE
    while " stopped " not in desk.ok("runs", "list").out:
        assert time.monotonic() < ends, "the lease of the dead never ends"
    shown = desk.ok("runs", "show").out
    assert "⏸ post  stopped" in shown
    assert "running" not in shown
    assert "kapell runs resume" in shown.rpartition("Nobody works on it now")[2]
    document = desk.ok("runs", "show", "--json").document()
    assert (document["status"], document["attended"]) == ("running", False)
    watching = Terminal(desk.folder, "runs", "watch")
    watching.until("Nobody works on it now")
    resumed = desk.call("runs", "resume")
    assert resumed.code == Exit.WAITING
    watching.until("waiting for 1 dead letter")
    for said in (resumed.out, desk.ok("runs", "show").out):
        assert "if it took effect: kapell runs repair" in said
        assert "if not: kapell runs retry" in said
        assert "again:" not in said
    assert "waiting for a person to say what became of its call" in desk.ok("runs", "show").out
    assert desk.call("runs", "cancel", "last").code == Exit.CANCELLED
    assert "may have taken effect" in desk.ok("runs", "show").out, "nobody has said it yet"
    assert watching.end() == Exit.CANCELLED


@pytest.mark.requirement("AP-03", "WF-08", "DX-18")
def test_a_run_is_watched_while_a_worker_carries_it_out(desk: Desk) -> None:
    desk.write("pause.yaml", PAUSE)
    desk.ok("db", "upgrade")
    worker = desk.begin("worker", "--concurrency", "2")
    assert worker.stderr is not None
    assert "advances runs" in worker.stderr.readline()
    run_id = desk.ok("run", "pause.yaml", "--detach").out.strip()
    watcher = desk.begin("runs", "watch", run_id)
    events = desk.begin("runs", "watch", run_id, "--json")
    out, err = watcher.communicate(timeout=60)
    assert (watcher.returncode, err) == (0, "")
    assert "pause: waiting" in out
    assert "succeeded  " in out
    lines, _ = events.communicate(timeout=60)
    assert events.returncode == 0
    assert '"type":"run.succeeded"' in lines.splitlines()[-1]
    worker.send_signal(signal.SIGTERM)
    _, err = worker.communicate(timeout=60)
    assert worker.returncode == 0
    assert "handed back" in err


def test_a_reader_that_leaves_early_is_no_error(desk: Desk) -> None:
    desk.write("items.yaml", ITEMS)
    desk.ok("run", "items.yaml")
    command = " ".join([*COMMAND, "runs", "events", "last", "--json"])
    ended = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command} | head -n 1"],
        cwd=desk.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.stdout.startswith('{"seq":1,')
    assert ended.stderr == ""


def test_a_process_ends_with_the_same_code(desk: Desk) -> None:
    desk.write("asking.yaml", ASKING)
    said = desk.run("run", "asking.yaml")
    assert said.code == Exit.WAITING
    assert "kapell approvals answer" in said.out
    missing = desk.run("run", "nothing.yaml")
    assert missing.code == Exit.MISSING
    assert "Traceback" not in missing.err


@pytest.mark.requirement("AP-03", "WF-08")
@pytest.mark.parametrize("columns", ["40", "80"])
def test_a_narrow_terminal_still_names_the_steps(columns: str, desk: Desk) -> None:
    desk.write("items.yaml", ITEMS.replace("id: each", "id: summaries-of-all"))
    terminal = Terminal(desk.folder, "run", "items.yaml", environment={"COLUMNS": columns})
    assert terminal.end() == 0
    drawn = terminal.text.rpartition("items  ")[2]
    assert "✓ summaries-of-all" in drawn
    assert "3/3" in drawn


@pytest.mark.requirement("DX-07")
def test_a_worker_whose_terminal_is_gone_ends_when_it_is_asked(desk: Desk) -> None:
    with desk.begin("worker") as worker:
        assert worker.stderr is not None
        assert "advances runs" in worker.stderr.readline()
        worker.stderr.close()
        worker.send_signal(signal.SIGTERM)
        try:
            assert worker.wait(timeout=PATIENCE) == Exit.OK
        finally:
            worker.kill()
