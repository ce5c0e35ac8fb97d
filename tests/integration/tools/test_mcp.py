"""Tools of MCP servers, against a real server in a process of its own, over both transports."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from kapell.adapters.tools.mcp.connection import MOST_TOOLS, Connection
from kapell.adapters.tools.mcp.listing import listed
from kapell.adapters.tools.mcp.tools import McpTool
from kapell.adapters.tools.sources import Found, McpServer, Source
from kapell.core.tools.spec import repeatable
from kapell.kit.errors import Conflict, Invalid, KapellError, Missing, Unavailable
from kapell.services.tools.ports import UnknownOutcome
from tests.integration.tools.calling import Caller

pytestmark = pytest.mark.slow  # each test starts processes that import an SDK
SCRIPT = str(Path(__file__).with_name("mcp_server.py"))


class Place:
    """Where a server is, and how it is made to change its mind."""

    def __init__(self, server: McpServer, flag: Path) -> None:
        self.server = server
        self.flag = flag

    async def listed(self) -> Found:
        return await listed(str(self.flag.parent), Source(kind="mcp", name="t", mcp=self.server))


def stdio(flag: Path, **more: object) -> McpServer:
    given = {"command": sys.executable, "args": (SCRIPT, "stdio", str(flag)), **more}
    return msgspec.convert(given, McpServer)


@pytest.fixture
def over_stdio(tmp_path: Path) -> Place:
    """Return a server that is started for each connection."""
    flag = tmp_path / "changed"
    return Place(stdio(flag), flag)


@pytest.fixture
def over_http(tmp_path: Path) -> Iterator[Place]:
    """Return a server that runs already and is asked over HTTP."""
    flag = tmp_path / "changed"
    with subprocess.Popen(
        [sys.executable, SCRIPT, "http", str(flag)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        yield Place(McpServer(url=f"http://127.0.0.1:{port}/mcp"), flag)
        process.kill()


@pytest.fixture(params=["over_stdio", "over_http"])
def place(request: pytest.FixtureRequest) -> Place:
    """Return a server over each transport."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Place)
    return found


@asynccontextmanager
async def calling(place: Place, folder: Path) -> AsyncIterator[Caller]:
    """Enter with all tools of a server, behind the door."""
    found = await place.listed()
    connection = Connection("t", place.server, str(folder), os.environ)
    tools = [McpTool(tool.spec, _name(tool.detail), connection) for tool in found.tools]
    try:
        yield Caller(folder, *tools)
    finally:
        await connection.close()


def _name(detail: object) -> str:
    assert isinstance(detail, dict)
    return str(detail["tool"])


@pytest.mark.requirement("TL-03")
async def test_what_a_server_lists_becomes_tools_that_nobody_trusts(place: Place) -> None:
    found = await place.listed()
    specs = {tool.spec.name: tool.spec for tool in found.tools}
    add = specs["t.add"]
    assert add.description == "Test add."
    assert isinstance(add.args, dict)
    assert add.args["additionalProperties"] is False
    assert (add.trust, add.effects, repeatable(add, {})) == ("untrusted", "read", True)
    outside = specs["t.die_outside"]
    assert (outside.effects, repeatable(outside, {})) == ("external", False)
    assert "t.broken" not in specs
    notes = " ".join(found.notes)
    assert "lists `twice` twice: the first counts" in notes
    assert "`broken` is left out: it has no usable JSON Schema" in notes


@pytest.mark.requirement("TL-03")
async def test_calls_return_what_the_tools_return(place: Place, tmp_path: Path) -> None:
    async with calling(place, tmp_path) as caller:
        assert await caller.call("t.add", a=2, b=3) == {"sum": 5}
        result = await caller.result("t.say", {"text": "ciao"})
        assert (result.output, result.trust) == ("ciao", "untrusted")
        parts = await caller.call("t.picture")
        assert parts == [
            {"type": "text", "text": "see"},
            {"type": "image", "data": "aGk=", "mimeType": "image/png"},
        ]
        with pytest.raises(Invalid) as caught:
            await caller.call("t.add", a=2, c=3)
        assert {flaw.at for flaw in caught.value.flaws} == {"b", "c"}


async def test_what_a_tool_says_it_could_not_do_is_told(place: Place, tmp_path: Path) -> None:
    async with calling(place, tmp_path) as caller:
        with pytest.raises(Invalid, match="there is no such customer") as caught:
            await caller.call("t.fail")
        assert caught.value.code == "tool_failed"


async def test_a_result_that_breaks_the_tools_own_schema_is_refused(
    place: Place, tmp_path: Path
) -> None:
    async with calling(place, tmp_path) as caller:
        with pytest.raises(Invalid) as caught:
            await caller.call("t.lie")
        assert caught.value.code == "mcp_result_broken"


async def test_a_server_that_dies_under_a_call_is_started_anew_for_the_next(
    over_stdio: Place, tmp_path: Path
) -> None:
    async with calling(over_stdio, tmp_path) as caller:
        for _ in range(2):
            with pytest.raises(Unavailable) as caught:
                await caller.call("t.die")
            assert (caught.value.code, caught.value.retryable) == ("mcp_connection_lost", True)
            assert await caller.call("t.say", text="again") == "again"
        with pytest.raises(UnknownOutcome) as unknown:
            await caller.call("t.die_outside")
        cause = unknown.value.__cause__
        assert isinstance(cause, KapellError)
        assert cause.code == "mcp_connection_lost"


async def test_a_server_over_http_that_dies_under_a_call_is_told_so(
    over_http: Place, tmp_path: Path
) -> None:
    async with calling(over_http, tmp_path) as caller:
        with pytest.raises(KapellError) as caught:
            await caller.call("t.die")
        assert caught.value.code == "mcp_connection_lost"
        with pytest.raises(Unavailable) as after:
            await caller.call("t.say", text="x")
        assert after.value.code == "mcp_unreachable"


async def test_a_call_that_hangs_times_out_and_the_connection_lives_on(
    place: Place, tmp_path: Path
) -> None:
    async with calling(place, tmp_path) as caller:
        with pytest.raises(Unavailable) as caught:
            await caller.result("t.hang", {}, within=0.3)
        assert caught.value.code == "tool_timed_out"
        assert await caller.call("t.say", text="still here") == "still here"


async def test_an_answer_longer_than_we_take_ends_its_call_alone(
    place: Place, tmp_path: Path
) -> None:
    async with calling(place, tmp_path) as caller:
        with pytest.raises(Invalid, match="more than 67,108,864 bytes") as caught:
            await caller.call("t.shout")
        assert caught.value.code == "mcp_result_too_large"
        assert await caller.call("t.say", text="again") == "again"


NOISY = """
import itertools, json, os, stat, sys
def send(one):
    print(json.dumps({"jsonrpc": "2.0", **one}), flush=True)
for number, line in enumerate(sys.stdin):
    asked = json.loads(line)
    print("welcome to my server\\n" * 1000)
    sys.stderr.write("I am working\\n" * 100_000)
    sys.stderr.flush()
    if asked["method"] == "initialize":
        version = asked["params"]["protocolVersion"]
        told = {"name": "noisy", "version": "1"}
        send({"id": asked["id"], "result": {
            "protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": told}})
    elif asked["method"] == "tools/list":
        listed = [{"name": name, "inputSchema": {"type": "object"}} for name in ("pipe", "flood")]
        send({"id": asked["id"], "result": {"tools": listed}})
    elif asked["method"] == "tools/call" and asked["params"]["name"] == "pipe":
        text = str(stat.S_ISFIFO(os.fstat(2).st_mode))
        send({"id": asked["id"], "result": {"content": [{"type": "text", "text": text}]}})
    elif asked["method"] == "tools/call":
        for _ in itertools.count():
            sys.stdout.write("x" * 1_000_000)
    elif "id" in asked:
        send({"id": asked["id"], "error": {"code": -32601, "message": "no"}})
"""


async def test_what_a_server_prints_beside_its_messages_is_not_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    place = Place(McpServer(command=sys.executable, args=("-c", NOISY)), tmp_path / "f")
    async with calling(place, tmp_path) as caller:
        # Neither a file that grows on the disk nor a pipe that nobody empties.
        assert await caller.call("t.pipe") == "True"
        greetings = [one for one in caplog.messages if "welcome to my server" in one]
        assert len(greetings) == 2  # one for each connection: that which listed, that which calls


def children() -> list[str]:
    """Return the processes this one began."""
    found = Path(f"/proc/self/task/{os.getpid()}/children")
    return found.read_text().split() if found.exists() else []


ENDLESS = """
import json, sys
def send(id_, result):
    print(json.dumps({"jsonrpc": "2.0", "id": id_, "result": result}), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    if asked["method"] == "initialize":
        version, told = asked["params"]["protocolVersion"], {"name": "endless", "version": "1"}
        send(asked["id"], {
            "protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": told})
    elif asked["method"] == "tools/list":
        page = int((asked.get("params") or {}).get("cursor") or 0)
        send(asked["id"], {"nextCursor": str(page + 1), "tools": [
            {"name": f"t{page}x{n}", "inputSchema": {"type": "object"}} for n in range(500)]})
    elif "id" in asked:
        error = {"code": -32601, "message": "no"}
        print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "error": error}), flush=True)
"""


async def test_a_list_of_tools_that_has_no_end_is_read_as_far_as_we_take_it(tmp_path: Path) -> None:
    server = McpServer(command=sys.executable, args=("-c", ENDLESS))
    found = await Place(server, tmp_path / "f").listed()
    assert len(found.tools) == MOST_TOOLS


async def test_a_server_that_prints_without_end_is_ended(tmp_path: Path) -> None:
    before = children()
    server = McpServer(command=sys.executable, args=("-c", NOISY))
    connection = Connection("t", server, str(tmp_path), os.environ)
    found = await listed(str(tmp_path), Source(kind="mcp", name="t", mcp=server))
    tools = [McpTool(tool.spec, _name(tool.detail), connection) for tool in found.tools]
    caller = Caller(tmp_path, *tools)
    try:
        with pytest.raises(UnknownOutcome) as unknown:
            await caller.call("t.flood")
        cause = unknown.value.__cause__
        assert isinstance(cause, Invalid)
        assert cause.code == "mcp_result_too_large"
    finally:
        await connection.close()
    assert children() == before


async def test_a_tool_that_changed_or_left_since_it_was_listed_is_not_called(
    place: Place, tmp_path: Path
) -> None:
    found = await place.listed()
    place.flag.touch()
    connection = Connection("t", place.server, str(tmp_path), os.environ)
    tools = [McpTool(tool.spec, _name(tool.detail), connection) for tool in found.tools]
    caller = Caller(tmp_path, *tools)
    try:
        with pytest.raises(Conflict) as changed:
            await caller.call("t.changing", a=1)
        assert changed.value.code == "mcp_tool_changed"
        with pytest.raises(Missing) as gone:
            await caller.call("t.leaving")
        assert gone.value.code == "mcp_tool_gone"
    finally:
        await connection.close()


@pytest.mark.parametrize(
    ("server", "code", "told"),
    [
        ({"command": "no-such-program-here"}, "mcp_command_missing", "no-such-program-here"),
        (
            {"command": sys.executable, "args": ("-c", "raise SystemExit('no licence')")},
            "mcp_unreachable",
            "no licence",
        ),
        (
            {"command": sys.executable, "args": ("-c", "import time; time.sleep(60)"), "start": 1},
            "mcp_slow",
            "1 s",
        ),
        (
            {"command": sys.executable, "args": ("-c", "print('x' * 99)\nwhile 1: input()")},
            "mcp_slow",
            "2 s",
        ),
        ({"url": "http://127.0.0.1:9/mcp"}, "mcp_unreachable", "`t` cannot be reached"),
        (
            {"command": sys.executable, "env": {"A": "${NOT_SET_AT_ALL}"}},
            "secret_missing",
            "NOT_SET",
        ),
    ],
)
async def test_a_server_that_cannot_be_used_has_one_clear_error(
    tmp_path: Path, server: dict[str, object], code: str, told: str
) -> None:
    config = msgspec.convert({"start": 2, **server}, McpServer)
    with pytest.raises(KapellError) as caught:
        await listed(str(tmp_path), Source(kind="mcp", name="t", mcp=config))
    assert (caught.value.code, bool(caught.value.advice)) == (code, True)
    assert told in caught.value.message


@pytest.mark.requirement("TL-06")
async def test_a_secret_comes_from_the_environment_and_goes_to_the_server_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_TOKEN", "tok-1234")
    monkeypatch.setenv("OTHER_SECRET", "never")
    place = Place(stdio(tmp_path / "f", env={"MCP_TOKEN": "${MY_TOKEN}"}), tmp_path / "f")
    async with calling(place, tmp_path) as caller:
        assert await caller.call("t.token") == "tok-1234"
    without = Place(stdio(tmp_path / "f"), tmp_path / "f")
    async with calling(without, tmp_path) as caller:
        assert await caller.call("t.token") == "none"


async def test_only_the_tools_that_are_allowed_are_there(tmp_path: Path) -> None:
    flag = tmp_path / "f"
    found = await Place(stdio(flag, allow=("say", "sing")), flag).listed()
    assert [tool.spec.name for tool in found.tools] == ["t.say"]
    assert "tools.mcp.t has no tool `sing`, which `allow` names." in found.notes
