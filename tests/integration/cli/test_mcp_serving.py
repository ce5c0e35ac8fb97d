"""``kapell mcp``, asked by a real MCP client over both transports."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from mcp import Client, StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult, TextContent

from tests.integration.cli.desk import COMMAND, Desk

pytestmark = pytest.mark.slow  # each test starts a process that loads an SDK
WORKFLOW = """
name: greet
description: Greet somebody.
inputs:
  name: {type: string}
  tone: {type: string, enum: [warm, cool], default: warm}
steps:
  - {id: a, set: {text: "a {{ inputs.tone }} hello, {{ inputs.name }}"}}
"""
ASKING = """
name: asking
inputs:
  paper: {type: file}
steps:
  - {id: read, tool: file.read, with: {path: "{{ inputs.paper }}"}}
  - {id: release, approval: {title: Go on?}}
"""
LOUD = '''
import os
from kapell import tool

@tool(effects="read", trust="trusted")
def loud(times: int) -> int:
    """Print where the protocol speaks."""
    print("x" * times)
    os.write(1, b"and below Python too\\n")
    return times
'''


@pytest.fixture
def served(desk: Desk) -> Desk:
    """Return a desk whose workspace is worth serving."""
    desk.write("kapell.yaml", "model: offline\n")
    desk.write("workflows/greet.yaml", WORKFLOW)
    desk.write("workflows/asking.yaml", ASKING)
    desk.write("workflows/broken.yaml", "name: broken\nsteps: [{id: a, tool: no.such}]\n")
    desk.write("tools/loud.py", LOUD)
    desk.write("paper.txt", "some words")
    return desk


@asynccontextmanager
async def over_stdio(desk: Desk, *words: str) -> AsyncIterator[Client]:
    command, *args = (*COMMAND, "mcp", *words)
    parameters = StdioServerParameters(
        command=command, args=args, cwd=desk.folder, env=dict(os.environ)
    )
    async with Client(stdio_client(parameters), cache=None) as client:
        yield client


@asynccontextmanager
async def over_http(desk: Desk, *words: str) -> AsyncIterator[Client]:
    with desk.begin("mcp", "--http", "127.0.0.1:0", *words) as process:
        try:
            async with Client(await asyncio.to_thread(_url, process), cache=None) as client:
                yield client
        finally:
            process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(process.wait, 30) == 0


def _url(process: "subprocess.Popen[str]") -> str:
    assert process.stderr is not None
    for line in process.stderr:
        if found := re.search(r"http://\S+/mcp", line):
            return found[0]
    raise AssertionError("it never said where it serves")


WAYS = {"stdio": over_stdio, "http": over_http}


async def asked(client: Client, tool: str, **args: Any) -> Any:
    result = await client.call_tool(tool, args)
    assert not result.is_error, result
    return result.structured_content


def text_of(result: CallToolResult) -> str:
    assert isinstance(result.content[0], TextContent)
    return result.content[0].text


@pytest.mark.requirement("DE-15", "TL-03")
@pytest.mark.parametrize("way", WAYS)
async def test_a_client_starts_a_workflow_and_gets_its_result(served: Desk, way: str) -> None:
    async with WAYS[way](served) as client:
        listed = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert {"workflows.greet", "workflows.asking", "runs.status", "runs.result"} <= set(listed)
        assert "workflows.broken" not in listed
        inputs = listed["workflows.greet"].input_schema["properties"]["inputs"]
        assert inputs["required"] == ["name"]
        assert inputs["properties"]["tone"]["enum"] == ["warm", "cool"]
        started = await asked(client, "workflows.greet", inputs={"name": "Ann"}, key="k1")
        result = await asked(client, "runs.result", run_id=started["run_id"], wait=60)
        assert (result["status"], result["ended"]) == ("succeeded", True)
        assert result["output"] == {"text": "a warm hello, Ann"}
        again = await asked(client, "workflows.greet", inputs={"name": "Ann"}, key="k1", wait=60)
        assert (again["run_id"], again["created"]) == (started["run_id"], False)
        at_once = await asked(client, "workflows.greet", inputs={"name": "Bob"}, wait=60)
        assert at_once["output"] == {"text": "a warm hello, Bob"}


async def test_a_run_that_waits_for_a_person_says_so(served: Desk) -> None:
    async with over_stdio(served) as client:
        started = await asked(client, "workflows.asking", inputs={"paper": "paper.txt"}, wait=60)
        assert (started["status"], started["ended"]) == ("waiting", False)
        status = await asked(client, "runs.status", run_id=started["run_id"])
        assert status["workflow"] == "asking"
        for path in ("/etc/passwd", "../secret"):
            refused = await client.call_tool("workflows.asking", {"inputs": {"paper": path}})
            assert refused.is_error
            assert "[path_outside]" in text_of(refused)


async def test_what_is_misspelt_starts_nothing(served: Desk) -> None:
    served.write("workflows/all.yaml", "name: Greet all!\nsteps: [{id: a, set: {x: 1}}]\n")
    wrong: list[tuple[str, dict[str, Any], str]] = [
        ("workflows.Greet_all_", {"input": {"x": 1}}, "did you mean 'inputs'?"),
        ("workflows.Greet_all_", {"inputs": [1]}, "'inputs'"),
        ("workflows.Greet_all_", {"wait": "soon"}, "'wait'"),
        ("workflows.Greet_all_", {"key": {"a": 1}}, "'key'"),
        ("runs.status", {}, "'run_id' is missing"),
        ("runs.result", {"run_id": "x", "wait": 1e9}, "'wait'"),
    ]
    async with over_stdio(served) as client:
        names = {tool.name for tool in (await client.list_tools()).tools}
        # What a workflow may be called, and no tool.
        assert "workflows.Greet_all_" in names
        for tool, args, told in wrong:
            refused = await client.call_tool(tool, args)
            assert refused.is_error
            assert "[tool_arguments] List the tools" in text_of(refused)
            assert told in text_of(refused)
        assert (await asked(client, "workflows.Greet_all_", wait=60))["status"] == "succeeded"
    listed = await asyncio.to_thread(served.run, "runs", "list", "--json")
    assert len(listed.document()) == 1


async def test_what_is_wrong_is_told_in_words_and_as_data(served: Desk) -> None:
    async with over_stdio(served) as client:
        wrong = await client.call_tool("text.count", {"txt": "a"})
        assert wrong.is_error
        assert "did you mean 'text'?" in text_of(wrong)
        assert wrong.structured_content["code"] == "tool_arguments"
        assert {one["at"]: one["rule"] for one in wrong.structured_content["flaws"]} == {
            "txt": "unknown",
            "text": "missing",
        }
        for name, args in (
            ("runs.status", {"run_id": "nobody"}),
            ("workflows.greet", {"inputs": {}}),
            ("workflows.none", {}),
        ):
            assert (await client.call_tool(name, args)).is_error


async def test_tools_are_offered_by_name_and_what_they_print_does_not_break_the_protocol(
    served: Desk,
) -> None:
    async with over_stdio(served) as client:
        names = {tool.name for tool in (await client.list_tools()).tools}
        assert {"file.read", "loud"} <= names
        assert not {"file.write", "shell.run", "http.request"} & names
        assert (await client.call_tool("file.write", {"path": "a", "text": "b"})).is_error
        assert await asked(client, "loud", times=100_000) == {"result": 100_000}
        counted = await asked(client, "text.count", text="two words")
        assert counted["words"] == 2
    async with over_stdio(served, "--tools", "file.*") as client:
        names = {tool.name for tool in (await client.list_tools()).tools}
        assert "file.write" in names
        assert "loud" not in names


async def test_a_token_guards_what_the_network_can_reach(
    served: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = served.call("mcp", "--http", "0.0.0.0:0")
    assert "error[mcp_token_missing]" in refused.err
    monkeypatch.setenv("KAPELL_MCP_TOKEN", "tok-123456")
    with served.begin("mcp", "--http", "127.0.0.1:0") as process:
        url = await asyncio.to_thread(_url, process)
        async with httpx2.AsyncClient() as plain:
            assert (await plain.post(url, json={})).status_code == 401
            wrong = {"Authorization": "Bearer tok-12345"}
            assert (await plain.post(url, json={}, headers=wrong)).status_code == 401
        headers = {"Authorization": "Bearer tok-123456"}
        async with (
            httpx2.AsyncClient(headers=headers) as http,
            Client(streamable_http_client(url, http_client=http), cache=None) as client,
        ):
            assert (await client.list_tools()).tools
        process.send_signal(signal.SIGINT)
        assert await asyncio.to_thread(process.wait, 30) == 0


def test_an_address_that_is_taken_or_none_is_told(served: Desk) -> None:
    assert served.call("mcp", "--http", "nonsense").code == 2
    with subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import socket; s=socket.create_server(('127.0.0.1',0));"
            "print(s.getsockname()[1], flush=True); input()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        port = holder.stdout.readline().strip()
        said = served.call("mcp", "--http", f"127.0.0.1:{port}")
        assert "error[mcp_address_taken]" in said.err
        holder.kill()


@pytest.mark.requirement("GR-05")
async def test_a_client_that_asks_too_often_is_told_when_to_come_back(served: Desk) -> None:
    rate = "{per: ip, most: 1, every: 36500d}"
    served.write("kapell.yaml", f"model: offline\nlimits: {{rates: [{rate}]}}\n")
    async with over_http(served) as client:
        first = await client.call_tool("workflows.greet", {"inputs": {"name": "Ada"}})
        assert not first.is_error
        run = {"run_id": (first.structured_content or {})["run_id"], "wait": 30}
        assert not (await client.call_tool("runs.result", run)).is_error
        again = await client.call_tool("workflows.greet", {"inputs": {"name": "Ada"}})
        told = again.structured_content or {}
        assert (again.is_error, told["code"]) == (True, "rate_limited")
        assert told["retry_after"] > 0


OUTSIDE = '''
from pathlib import Path
from kapell import tool

@tool(effects="external", trust="trusted")
def post(text: str) -> str:
    """Send it away."""
    with Path("posted.txt").open("a") as file:
        file.write(text)
    return text
'''
ALLOWING = """package kapell.tool

import rego.v1

allow contains {"rule": "post", "untrusted": true} if input.args.text == "fine"

ask contains {"rule": "odd", "reason": "a secret reason"} if input.args.text == "odd"
"""


@pytest.mark.requirement("GR-06", "TL-06")
async def test_what_a_clients_model_asks_for_does_not_leave_unless_a_rule_allows_it(
    served: Desk,
) -> None:
    served.write("tools/outside.py", OUTSIDE)
    posted = served.folder / "posted.txt"
    own = await asyncio.to_thread(served.run, "tools", "call", "post", "--arg", "text=mine")
    assert own.code == 0, own.err
    assert posted.read_text() == "mine", "a person's own call is like a step they wrote"
    async with over_stdio(served, "--tools", "*") as client:
        refused = await client.call_tool("post", {"text": "fine"})
        assert (refused.is_error, refused.structured_content["code"]) == (True, "policy_denied")
        assert "strangers" not in text_of(refused), "the rule is for people"
        written = await client.call_tool("file.write", {"path": "a.txt", "text": "b"})
        assert not written.is_error, "what stays inside may be done"
        assert posted.read_text() == "mine"
    served.write("policies/post.rego", ALLOWING)
    async with over_stdio(served, "--tools", "*") as client:
        assert not (await client.call_tool("post", {"text": "fine"})).is_error
        waits = await client.call_tool("post", {"text": "odd"})
        assert (waits.is_error, waits.structured_content["code"]) == (True, "approval_needed")
        assert "secret reason" not in text_of(waits)
        assert "a run waits for people" in text_of(waits)
    assert posted.read_text() == "minefine"


RULING = """package kapell.tool

import rego.v1

deny contains {"rule": "hushed", "reason": "a secret reason"} if input.tool.name == "text.count"
"""
RULING_RUNS = """package kapell.budget

import rego.v1

deny contains {"rule": "hushed", "reason": "a secret reason"} if input.run.workflow == "asking"
"""


@pytest.mark.requirement("GR-03", "GR-06")
async def test_a_client_reads_no_reason_of_a_run_that_was_refused(served: Desk) -> None:
    count = "{id: c, tool: text.count, with: {text: abc}}"
    served.write("workflows/counted.yaml", f"name: counted\nsteps: [{count}]\n")
    served.write("policies/hushed.rego", RULING)
    served.write("policies/runs.rego", RULING_RUNS)
    async with over_stdio(served) as client:
        failed = await client.call_tool("workflows.counted", {"wait": 60})
        assert failed.structured_content["failure"]["code"] == "policy_denied"
        refused = await client.call_tool("workflows.asking", {"inputs": {"paper": "paper.txt"}})
        assert refused.structured_content["code"] == "policy_denied"
        for told in (failed, refused):
            assert "do not let clients" in str(told.structured_content)
            assert "hushed" not in f"{told.content} {told.structured_content}"
            assert "secret reason" not in f"{told.content} {told.structured_content}"
    shown = await asyncio.to_thread(served.run, "runs", "show", "last")
    assert "a secret reason" in " ".join(shown.err.split()), "people here read it"


async def test_a_client_finds_no_run_that_it_was_not_given(served: Desk) -> None:
    for name in ("Ann", "Bob"):
        began = await asyncio.to_thread(served.run, "run", "greet", "--input", f"name={name}")
        assert began.code == 0, began.err
    async with over_stdio(served) as client:
        for tool in ("runs.status", "runs.result"):
            for guess in ("last", "0"):
                told = await client.call_tool(tool, {"run_id": guess})
                assert told.structured_content["code"] == "run_unknown", guess
                assert "Ann" not in text_of(told)


@pytest.mark.requirement("GR-05")
@pytest.mark.parametrize("trusted", ["", "127.0.0.1"])
async def test_from_where_a_client_comes_is_no_word_of_its_own(
    served: Desk, monkeypatch: pytest.MonkeyPatch, trusted: str
) -> None:
    monkeypatch.setenv("KAPELL_MCP_TOKEN", "tok-123456")
    monkeypatch.setenv("KAPELL_MCP_PROXIES", trusted)
    headers = {"Authorization": "Bearer tok-123456", "X-Forwarded-For": "198.51.100.7"}
    with served.begin("mcp", "--http", "127.0.0.1:0") as process:
        url = await asyncio.to_thread(_url, process)
        async with httpx2.AsyncClient(headers=headers) as http:
            wrong = {"Authorization": "Bearer nobody"}
            assert (await http.post(url, json={}, headers=wrong)).status_code == 401
            async with Client(streamable_http_client(url, http_client=http), cache=None) as client:
                await asked(client, "text.count", text="two words")
                await asked(client, "workflows.greet", inputs={"name": "Ann"}, wait=60)
        process.send_signal(signal.SIGINT)
        assert await asyncio.to_thread(process.wait, 30) == 0
    record = (await asyncio.to_thread(served.run, "audit", "show", "--json")).document()
    whence = {(one["action"], one["verdict"]): one["whence"] for one in record}
    for told in ("tools.call", "returned"), ("run.queued", "queued"):
        assert whence[told].startswith("ip:"), record
        assert " key:" in whence[told], "who asks over a network is no one at this terminal"
    for told in whence.values():
        if told.startswith("ip:"):
            assert (told.split()[0] == "ip:127.0.0.1") == (not trusted)
    assert ("request.refused", "token_wrong") in whence
