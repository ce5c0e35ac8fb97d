"""Canaries are planted in everything a run meets; nothing that the system tells holds one.

The run's own log and artifacts hold the data, for it is theirs. Whatever else is written is
searched: what is said on standard error, the log at its finest, tracebacks, traces, telemetry, the
audit record and its export, the record of keys, and every file beside the database.
"""

import io
import json
import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.integration.audit.canaries import (
    ENVIRONMENT_KEY,
    MASTER,
    SETTING,
    SPILL,
    VAULT_KEY,
    found_in,
)
from tests.integration.cli.desk import Desk, Said

pytestmark = pytest.mark.requirement("GR-02", "GR-03")

TOOLS = '''
import logging
from kapell import tool
from kapell.kit.errors import Invalid

SPILL = {spill!r}


@tool(effects="read")
def spill(about: str) -> dict:
    """Return what it knows."""
    logging.getLogger("kapell.tools").warning("about to spill %s", SPILL)
    return {{"text": SPILL, SPILL[:40]: about}}


@tool(effects="read")
def burst(about: str) -> str:
    """Break."""
    raise ValueError(SPILL + about)


@tool(effects="read")
def refuse(about: str) -> str:
    """Refuse."""
    raise Invalid(SPILL + about, code="refused", advice=SPILL)
'''

SERVER = '''
from mcp.server.mcpserver import MCPServer

SPILL = {spill!r}
server = MCPServer("strangers")


@server.tool()
def gossip(about: str) -> str:
    """Say something."""
    if about == "burst":
        raise ValueError(SPILL)
    return SPILL


server.run()
'''

FLOW = """
name: {name}
inputs: {{about: {{type: string}}}}
steps:
  - {{id: a, tool: {tool}, with: {{about: "{{{{ inputs.about }}}}"}}}}
  - {{id: b, ask: "Say: {{{{ steps.a.output }}}}"}}
"""

ASKING = """
name: asking
inputs: {about: {type: string}}
steps:
  - {id: a, ask: "{{ inputs.about }}", model: "openai:gpt-5-mini"}
"""


RULES = """
package kapell.tool

import rego.v1

words := {spill}

deny contains {{"rule": "own.{rule}", "reason": words}} if input.tool.name == "refuse"

ask contains {{"rule": "own.{rule}", "reason": words}} if input.tool.name == "spill"
"""

HELD = """
name: held
steps:
  - {id: a, tool: spill, with: {about: hello}, on_error: continue}
  - {id: b, tool: file.write, with: {path: "quillon.marsh@vexmoor-trading.io.txt", text: x}}
  - {id: c, wait: {signal: knock}}
"""


class _Gossip(BaseHTTPRequestHandler):
    """A provider whose errors repeat what it was sent, and more."""

    def do_POST(self) -> None:
        body = json.dumps({"error": {"message": SPILL, "type": SPILL, "code": "bad"}}).encode()
        self.send_response(400)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        del format, args


@pytest.fixture
def provider() -> Iterator[str]:
    """Yield the address of a provider that spills."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Gossip)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def planted(desk: Desk, provider: str, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Return a desk whose workspace, settings and surroundings hold canaries everywhere."""
    desk.write("tools/spilling.py", TOOLS.format(spill=SPILL))
    desk.write("strangers.py", SERVER.format(spill=SPILL))
    desk.write(
        "kapell.yaml",
        "model: offline\n"
        f"providers: {{openai: {{base_url: '{provider}'}}}}\n"
        "tools:\n  mcp:\n    strangers:\n"
        f"      command: {sys.executable}\n      args: [strangers.py]\n",
    )
    for name, tool in (
        ("spilling", "spill"),
        ("bursting", "burst"),
        ("refusing", "refuse"),
        ("gossip", "strangers.gossip"),
    ):
        desk.write(f"workflows/{name}.yaml", FLOW.format(name=name, tool=tool))
    desk.write("workflows/asking.yaml", ASKING)
    monkeypatch.setenv("KAPELL_LOG__LEVEL", "debug")
    monkeypatch.setenv("KAPELL_VAULT__MASTER", MASTER)
    monkeypatch.setenv("SECRET_OF_SOMEBODY", SETTING)
    monkeypatch.setenv("ANTHROPIC_API_KEY", ENVIRONMENT_KEY)
    return desk


def _set(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Said:
    monkeypatch.setattr("sys.stdin", io.StringIO(VAULT_KEY))
    return desk.ok("keys", "set", "OPENAI_API_KEY", "--reason", f"asked by {SPILL[:70]}")


def test_nothing_that_is_told_holds_a_canary(
    planted: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {"keys set": _set(planted, monkeypatch)}
    about = f"about={SPILL.splitlines()[0]}"
    for name in ("spilling", "bursting", "refusing", "gossip", "asking"):
        said[f"run {name}"] = planted.call("--debug", "run", name, "--input", about)
        said[f"trace {name}"] = planted.ok("runs", "show", "last", "--trace", "--json")
        said[f"told {name}"] = planted.ok("runs", "events", "last", "--telemetry")
    said["tools call"] = planted.call("--debug", "tools", "call", "burst", "--arg", about)
    said["no file"] = planted.call("--debug", "run", f"{SPILL[:70].strip()}.yaml")
    said["no run"] = planted.call("--debug", "runs", "show", SPILL[:60])
    said["bad input"] = planted.call("--debug", "run", "spilling", "--input", SPILL[:70])
    monkeypatch.setenv("KAPELL_WORKER__CONCURRENCY", SETTING)
    said["bad setting"] = planted.call("--debug", "doctor")
    monkeypatch.delenv("KAPELL_WORKER__CONCURRENCY")
    said["doctor"] = planted.call("doctor")
    process = planted.begin("--debug", "run", "spilling", "--input", about)
    out, err = process.communicate(timeout=60)
    assert "about to spill" in err, "the log was at its finest, and reached standard error"
    said["run apart"] = Said(process.returncode, out, err)
    said["audit"] = planted.ok("audit", "export")
    said["shown"] = planted.ok("audit", "show", "--json", "--limit", "1000")
    said["verified"] = planted.ok("audit", "verify")
    assert said["run bursting"].code != 0
    assert said["run asking"].code != 0
    leaks = {
        name: found_in(one.err) + (found_in(one.out) if not name.startswith("run ") else [])
        for name, one in said.items()
    }
    assert {name: kinds for name, kinds in leaks.items() if kinds} == {}
    acts = [json.loads(line) for line in said["audit"].out.splitlines()]
    assert {"key.set", "key.read", "tools.call", "tool.failed"} <= {one["action"] for one in acts}
    _search_files(planted.folder)


def test_what_people_and_policies_say_of_a_run_is_told_nowhere_else(planted: Desk) -> None:
    first = SPILL.splitlines()[0]
    planted.write("policies/own.rego", RULES.format(spill=json.dumps(first), rule="spilling"))
    planted.write("workflows/held.yaml", HELD)
    said = {"denied": planted.call("--debug", "run", "refusing", "--input", "about=hello")}
    said["run"] = planted.call("--debug", "run", "held")
    note = ("--note", first)
    said["wrong"] = planted.call("--debug", "approvals", "answer", "last", "--approve",
                                 "--edit", f"{SPILL[:40]}={SPILL[:60]}", *note)  # fmt: skip
    said["answer"] = planted.ok("approvals", "answer", "last", "--approve",
                                "--edit", f"about={first}", *note)  # fmt: skip
    said["resume"] = planted.call("--debug", "runs", "resume", "last")
    said["signal"] = planted.call("--debug", "runs", "signal", "last", first, "--payload", first)
    said["cancel"] = planted.call("--debug", "runs", "cancel", "last", "--reason", first)
    said["as"] = planted.call("--debug", "approvals", "answer", "last", "--approve", "--as", first)
    planted.call("runs", "resume", "last")
    said["trace"] = planted.ok("runs", "show", "last", "--trace", "--json")
    said["told"] = planted.ok("runs", "events", "last", "--telemetry")
    said["audit"] = planted.ok("audit", "export")
    said["report"] = planted.ok("audit", "report")
    said["verified"] = planted.ok("audit", "verify")
    shown = ("denied", "run", "resume", "signal", "cancel", "answer")
    leaks = {
        name: found_in(one.err) + (found_in(one.out) if name not in shown else [])
        for name, one in said.items()
    }
    assert {name: kinds for name, kinds in leaks.items() if kinds} == {}
    acts = [json.loads(line) for line in said["audit"].out.splitlines()]
    verdicts = {one["verdict"] for one in acts if one["action"] == "policy.verdict"}
    assert {"ask", "deny"} <= verdicts, "both rules spoke, each with its reason"
    assert {"approval.answered", "signal.received"} <= {one["action"] for one in acts}
    _search_files(planted.folder)


def _search_files(folder: Path) -> None:
    """Search every file that Kapell wrote beside its database, and the tables that are no log."""
    state = folder / ".kapell"
    copies = state / "policies.json"  # of the author's own files, as they were last good
    for path in state.rglob("*"):
        own = path.name.startswith("kapell.db") or path.is_relative_to(state / "runs")
        own = own or path == copies
        if path.is_file() and not own:
            assert found_in(path.read_bytes().decode("utf-8", "replace")) == [], path
    with closing(sqlite3.connect(state / "kapell.db")) as connection:
        for table in ("audit", "keys", "key_uses", "counts", "deployments", "cursors", "workers"):
            rows = connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - ours
            assert found_in(repr(rows)) == [], table
        log = repr(connection.execute("SELECT payload FROM events").fetchall())
    assert found_in(log), "what was planted was met: the runs' own log holds it"
