"""Bad input ends in one clear error: code, place, advice, its exit code, and no traceback."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from kapell.cli.exits import Exit
from kapell.core.gateway.failures import CODES
from tests.integration.cli.desk import Desk, Said

TABLE = """\
name: table
inputs: {rows: {type: file}}
steps:
  - {id: load, tool: table.read, with: {path: "{{ inputs.rows }}"}}
"""
OK = "name: fine\nsteps: [{id: a, set: {v: 1}}]\n"


def _clear(said: Said, code: Exit, name: str) -> str:
    """Check that one clear error was told; return it."""
    assert said.code == code, said
    assert f"error[{name}]" in said.err, said
    assert "Traceback" not in said.err + said.out
    assert said.err.count("error[") == 1, said
    return said.err


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("name: w\nsteps: [{id: a, set: {v: 1}\n", "yaml_broken", ":3:"),
        ("name: w\nstpes: []\nsteps: [{id: a, set: {v: 1}}]\n", "unknown_key", ":2:1"),
        ("name: w\nsteps: 3\n", "wrong_type", ":2:8"),
        ("", "file_empty", ":1:1"),
        (b"\x00\x01\x02\xff\xfe", "encoding_broken", ":1:"),
        ("name: caf\u00e9\nsteps: []\n".encode("latin-1"), "encoding_broken", ":1:10"),
        (b"name: " + b"x" * 2_000_000, "file_too_large", ":1:1"),
        (
            'name: w\nsteps: [{id: a, set: {v: "{{ run.__class__ }}"}}]\n',
            "expression_denied",
            ":2:",
        ),
    ],
)
def test_broken_definitions(text: str | bytes, code: str, place: str, desk: Desk) -> None:
    desk.write("w.yaml", text)
    for words in (["validate", "w.yaml"], ["run", "w.yaml"]):
        said = _clear(desk.call(*words), Exit.INVALID, code)
        assert f"--> w.yaml{place}" in said
    assert desk.ok("runs", "list", "--json").document() == []


def test_a_missing_file(desk: Desk) -> None:
    desk.write("workflows/triage.yaml", OK)
    _clear(desk.call("run", "nothing.yaml"), Exit.MISSING, "workflow_missing")
    _clear(desk.call("validate", "nothing.yaml"), Exit.MISSING, "workflow_missing")
    hint = _clear(desk.call("run", "triag"), Exit.MISSING, "workflow_missing")
    assert "Did you mean `triage`?" in hint
    _clear(desk.call("run", "triage", "--params", "no.yaml"), Exit.MISSING, "file_missing")
    _clear(desk.call("runs", "list", "--workspace", "no"), Exit.MISSING, "workspace_missing")


def test_inputs_that_do_not_fit(desk: Desk) -> None:
    desk.write("workflows/table.yaml", TABLE)
    _clear(desk.call("run", "table"), Exit.INVALID, "input_missing")
    said = desk.call("run", "table", "--input", "row=x.csv")
    assert said.code == Exit.INVALID
    assert "Did you mean `rows`?" in said.err
    assert said.err.rstrip().endswith("2 errors")
    _clear(desk.call("run", "table", "--input", "rows"), Exit.INVALID, "input_broken")
    _clear(desk.call("run", "table", "--input", "rows=no.csv"), Exit.MISSING, "file_missing")
    _clear(desk.call("run", "table", "--input", "rows=."), Exit.INVALID, "file_unusable")
    assert desk.ok("runs", "list", "--json").document() == []


@pytest.mark.parametrize("text", ["{% for i in range(10**9) %}x{% endfor %}", "{{ 'x' * 10**9 }}"])
def test_a_template_that_would_never_end(text: str, desk: Desk) -> None:
    desk.write("w.yaml", f'name: w\nsteps: [{{id: a, set: {{v: "{text}"}}}}]\n')
    said = desk.call("run", "w.yaml")
    assert said.code in (Exit.FAILED, Exit.INVALID)
    assert said.err.count("error[") == 1
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    "body",
    [
        b"\x00\x01\x02\x03" * 500,
        b"id,text\n1,\xff\xfe\xfd\n",
        b"",
        b"id,text\n1,2,3,4\n",
    ],
    ids=["noise", "encoding", "empty", "ragged"],
)
def test_a_table_that_is_none(body: bytes, desk: Desk) -> None:
    desk.write("workflows/table.yaml", TABLE)
    desk.write("workflows/fine.yaml", OK)
    desk.write("rows.csv", body)
    said = desk.call("run", "table", "--input", "rows=rows.csv")
    assert said.code == Exit.FAILED
    assert said.err.count("error[") == 1
    assert "--> step load" in said.err
    assert "Traceback" not in said.err
    desk.ok("run", "fine")


def test_a_table_of_a_hundred_megabytes(desk: Desk) -> None:
    desk.write("workflows/table.yaml", TABLE)
    with (desk.folder / "rows.csv").open("wb") as file:
        file.truncate(100_000_000)
    said = desk.call("run", "table", "--input", "rows=rows.csv")
    _clear(said, Exit.INVALID, "file_too_large")


@pytest.mark.parametrize("path", ["../../secret.txt", "/etc/passwd"])
def test_a_path_outside_the_workspace(path: str, desk: Desk) -> None:
    desk.write(
        "w.yaml", f"name: w\nsteps: [{{id: a, tool: file.read, with: {{path: '{path}'}}}}]\n"
    )
    said = desk.call("run", "w.yaml")
    assert said.code == Exit.FAILED
    assert "error[path_outside]" in said.err


@pytest.mark.parametrize("model", ["opnai:gpt-5", "gpt-5", "openai:"])
def test_a_model_nobody_serves(model: str, desk: Desk) -> None:
    desk.write("w.yaml", "name: w\nsteps: [{id: a, ask: hello}]\n")
    said = _clear(desk.call("run", "w.yaml", "--model", model), Exit.MISSING, "model_unknown")
    assert "provider:name" in said


def test_a_key_that_is_missing_or_wrong(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert {"model_key_missing", "model_key_wrong"} <= set(CODES)
    desk.write("w.yaml", "name: w\nsteps: [{id: a, ask: hello}]\n")
    said = desk.call("run", "w.yaml", "--model", "openai:gpt-5-mini")
    assert said.code == Exit.FAILED
    assert "error[model_key_missing]" in said.err
    assert "OPENAI_API_KEY" in said.err
    _refuse_keys(desk, monkeypatch)


def _refuse_keys(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask a server of the vendor's wire that knows no key."""
    with subprocess.Popen(
        [sys.executable, "-c", _REFUSING], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        monkeypatch.setenv("OPENAI_BASE_URL", server.stdout.readline().strip())
        monkeypatch.setenv("OPENAI_API_KEY", "sk-not-a-key-of-anybody")
        said = desk.call("run", "w.yaml", "--model", "openai:gpt-5-mini")
        server.kill()
    assert said.code == Exit.FAILED
    assert "error[model_key_wrong]" in said.err
    assert "sk-not-a-key" not in said.err + said.out
    events = desk.ok("runs", "events", "last", "--json").out
    assert "sk-not-a-key" not in events


_REFUSING = """
from http.server import BaseHTTPRequestHandler, HTTPServer
class Refusing(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        body = b'{"error": {"message": "Incorrect API key", "code": "invalid_api_key"}}'
        self.send_response(401)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args):
        pass
server = HTTPServer(("127.0.0.1", 0), Refusing)
print(f"http://127.0.0.1:{server.server_port}/v1", flush=True)
server.serve_forever()
"""


def _database(desk: Desk) -> Path:
    desk.write("w.yaml", OK)
    desk.ok("run", "w.yaml")
    return desk.folder / ".kapell" / "kapell.db"


def test_a_database_of_a_newer_release(desk: Desk) -> None:
    path = _database(desk)
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    for words in (["runs", "list"], ["run", "w.yaml"], ["db", "upgrade"]):
        _clear(desk.call(*words), Exit.CONFLICT, "database_newer")
    assert desk.call("doctor").code == Exit.FAILED


def test_a_database_that_is_none(desk: Desk) -> None:
    path = _database(desk)
    path.write_bytes(b"this is no database, whatever its name says" * 100)
    for name in ("kapell.db-wal", "kapell.db-shm"):
        (path.parent / name).unlink(missing_ok=True)
    _clear(desk.call("runs", "list"), Exit.INVALID, "store_broken")
    assert desk.call("db", "check").code == Exit.FAILED


@pytest.mark.parametrize("url", ["mysql://host/base", "postgresql://u:secret@127.0.0.1:1/base"])
def test_a_database_that_cannot_be_reached(
    url: str, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    said = desk.call("runs", "list")
    assert said.code in (Exit.INVALID, Exit.UNAVAILABLE)
    assert said.err.count("error[") == 1
    assert "secret" not in said.err
    assert "Traceback" not in said.err


def test_a_database_in_a_place_that_is_none(desk: Desk) -> None:
    desk.write(".kapell", "a file in the way")
    desk.write("w.yaml", OK)
    said = desk.call("run", "w.yaml")
    assert said.code in (Exit.INVALID, Exit.UNAVAILABLE, Exit.DENIED)
    assert said.err.count("error[") == 1
    assert "Traceback" not in said.err


@pytest.mark.slow
def test_a_locked_database(desk: Desk) -> None:
    path = _database(desk)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        _clear(desk.call("run", "w.yaml"), Exit.UNAVAILABLE, "store_locked")
    finally:
        holder.close()
    desk.ok("run", "w.yaml")


@pytest.mark.slow
def test_a_full_disk(desk: Desk) -> None:
    """A limit on how large files may grow stands for a disk without room."""
    _database(desk)
    room = (desk.folder / ".kapell" / "kapell.db").stat().st_size
    code = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room}))\n"
        "from kapell.cli.main import main\n"
        "main(['run', 'big.yaml'])\n"
    )
    big = "".join(f'  - {{id: s{n}, set: {{v: "{"x" * 20000}"}}}}\n' for n in range(40))
    desk.write("big.yaml", f"name: big\nsteps:\n{big}")
    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=desk.folder,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == Exit.UNAVAILABLE, ended
    assert ended.stderr.count("error[") == 1
    assert "Traceback" not in ended.stderr
    assert "FAIL" not in desk.ok("db", "check").out, "nothing is half-written"
    desk.ok("run", "w.yaml")


def test_debug_shows_the_traceback_when_asked(desk: Desk) -> None:
    said = desk.call("run", "nothing.yaml", "--debug")
    assert said.code == Exit.MISSING
    assert "Traceback (most recent call last)" in said.err
    assert "error[workflow_missing]" in said.err
