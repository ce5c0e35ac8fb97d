"""Trust labels outlive whoever carries the run: a kill, a fork, a restart, another machine."""

import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.integration.cli.desk import Desk

PATIENCE = 60.0
STORES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
MAILS = """\
name: mails
inputs: {who: {type: string, default: Ada}}
steps:
  - {id: mail, tool: file.read, with: {path: inbox/one.txt}}
  - {id: kept, tool: file.write, with: {path: kept.txt, text: "{{ steps.mail.output.text }}"}}
  - {id: page, tool: http.request, with: {url: "URL"}}
  - {id: again, tool: file.read, with: {path: kept.txt}}
  - {id: own, set: {who: "{{ inputs.who }}"}}
  - {id: said, ask: "Sum up: {{ steps.again.output.text }}"}
"""
LABELS = {
    "mail": ["web"],
    "kept": ["tool", "web"],
    "page": ["web"],
    "again": ["tool", "web"],
    "own": ["user"],
    "said": ["agent", "tool", "web"],
}


def labels(desk: Desk) -> dict[str, list[str]]:
    """Return the label of every step of the last run."""
    document: Any = desk.ok("runs", "show", "last", "--json").document()
    assert document["status"] == "succeeded"
    assert document["label"] == document["steps"][-1]["label"]
    return {step["step"]: step["label"] for step in document["steps"]}


def answering(server: socket.socket) -> None:
    """Answer whoever asks from now on."""

    def answer() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                connection.recv(65_536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")

    threading.Thread(target=answer, daemon=True).start()


@pytest.mark.requirement("GR-06", "TL-06")
@pytest.mark.parametrize("store", STORES)
def test_labels_outlive_a_kill_a_fork_and_a_restart(
    store: str,
    desk: Desk,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    if store == "postgres":
        monkeypatch.setenv("DATABASE_URL", request.getfixturevalue("postgres_dsn"))
        desk.ok("db", "upgrade")
    desk.write("kapell.yaml", "tools: {http: {allow: [127.0.0.1], private: true}}\n")
    desk.write("inbox/one.txt", "Call me.")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        desk.write("mails.yaml", MAILS.replace("URL", url))
        process = desk.begin("run", "mails.yaml")
        connection, _ = server.accept()
        with connection:
            process.kill()
            process.communicate(timeout=PATIENCE)
        server.settimeout(None)
        answering(server)
        ends = time.monotonic() + PATIENCE
        while " stopped " not in desk.ok("runs", "list").out:
            assert time.monotonic() < ends, "the lease of the dead never ends"
        desk.ok("runs", "resume")
        assert labels(desk) == LABELS
        killed = str(desk.ok("runs", "show", "last", "--json").document()["run_id"])
        desk.ok("runs", "fork", killed, "--at", "again")
        assert labels(desk) == LABELS
        desk.ok("runs", "restart", killed)
        assert labels(desk) == LABELS
        turns = desk.ok("runs", "turns", killed, "--json").document()
        assert turns["turns"][0]["label"] == ["tool", "web"]
        assert "calls file.write (with strangers' words)" in desk.ok("runs", "events", killed).out
        desk.ok("runs", "export", killed, "--to", str(tmp_path / "run.kapell"))
    if store == "sqlite":
        (desk.folder / ".kapell" / "kapell.db").rename(tmp_path / "elsewhere.db")
        desk.ok("runs", "import", str(tmp_path / "run.kapell"))
        desk.ok("runs", "fork", "last", "--at", "own")
        assert "web" in labels(desk)["own"], "nothing is believed of what a file says"
