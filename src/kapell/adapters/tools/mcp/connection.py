"""One connection to an MCP server, held by a task of its own, for the SDK wants one to own it."""

import asyncio
import os
import re
import shutil
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import anyio
import httpx2
from mcp import Client, MCPError
from mcp.client import Transport
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CONNECTION_CLOSED, REQUEST_TIMEOUT, CallToolResult, Tool

from kapell.adapters.tools.mcp import problems
from kapell.adapters.tools.mcp.answers import client_of
from kapell.adapters.tools.mcp.bounds import LONGEST, Heard
from kapell.adapters.tools.mcp.process import started
from kapell.adapters.tools.sources import McpServer
from kapell.kit.errors import KapellError

MOST_TOOLS = 2_000
"""Tools that are read of one server; a list that has no end must not hold us."""
_IDLE = 1.0
"""Seconds after which a connection is looked at before it is trusted with a call."""
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_BROKEN = (
    anyio.BrokenResourceError,
    anyio.ClosedResourceError,
    anyio.EndOfStream,
    ConnectionError,
    httpx2.TransportError,
)


class ConnectionLost(Exception):
    """The connection is gone; whether the call arrived is not known.

    Attributes:
        error: What to tell.
    """

    def __init__(self, error: KapellError) -> None:
        super().__init__(error.message)
        self.error = error


class Connection:
    """A connection that is made when it is needed, and anew after it was lost.

    Args:
        name: What the settings call the server.
        server: How it is reached.
        root: The workspace: relative folders count from it.
        environ: Where ``${NAME}`` comes from.

    Attributes:
        repeated: Names that the server lists more than once.
    """

    def __init__(self, name: str, server: McpServer, root: str, environ: Mapping[str, str]) -> None:
        self.name = name
        self._server = server
        self._root = root
        self._environ = environ
        self._opening = asyncio.Lock()
        self._owner: asyncio.Task[None] | None = None
        self._leave = asyncio.Event()
        self._client: Client | None = None
        self._tools: Mapping[str, Tool] = {}
        self._used = 0.0
        self._calls = 0
        self._heard = Heard(name)
        self.repeated: tuple[str, ...] = ()

    async def tools(self) -> Mapping[str, Tool]:
        """Return what the server lists now, by name.

        Raises:
            KapellError: it cannot be reached, is too slow, or needs what is not set.
        """
        async with self._opening:
            idle = not self._calls and time.monotonic() - self._used > _IDLE
            if self._client is not None and idle:
                await self._look_again(self._client)
            if self._client is None:
                await self._open()
            self._used = time.monotonic()
            return self._tools

    async def call(self, tool: str, args: dict[str, Any]) -> CallToolResult:
        """Call a tool of a server that was reached.

        Raises:
            ConnectionLost: while the call was under way.
            MCPError: the server's own error.
            RuntimeError: the result does not fit what the server says of it.
        """
        client = self._client
        if client is None:
            raise ConnectionLost(problems.lost(self.name))
        heard = self._heard
        self._calls += 1
        try:
            return await client.call_tool(tool, args)
        except MCPError as error:
            if error.code == CONNECTION_CLOSED or heard.flooded:
                raise self._lost(client, heard) from error
            raise
        except _BROKEN as error:
            raise self._lost(client, heard) from error
        finally:
            self._calls -= 1
            self._used = time.monotonic()

    async def close(self) -> None:
        """End the connection, and the server when it was started here."""
        owner, self._owner, self._client = self._owner, None, None
        if owner is not None:
            self._leave.set()
            await asyncio.wait([owner])

    def _lost(self, client: Client, heard: Heard) -> ConnectionLost:
        self._drop(client)
        if heard.flooded:
            return ConnectionLost(problems.flooded(self.name, LONGEST))
        return ConnectionLost(problems.lost(self.name))

    def _drop(self, client: Client) -> None:
        if self._client is client:
            self._client = None
            self._leave.set()

    async def _look_again(self, client: Client) -> None:
        """List the tools again: that tells whether somebody is there, and what has changed."""
        try:
            async with asyncio.timeout(self._server.start):
                self._tools = await self._listed(client)
        except (MCPError, TimeoutError, *_BROKEN):
            self._drop(client)

    async def _listed(self, client: Client) -> Mapping[str, Tool]:
        """Return every tool by its name; of several with one name the first."""
        found: dict[str, Tool] = {}
        repeated: list[str] = []
        cursor: str | None = None
        seen = 0
        while True:
            page = await client.list_tools(cursor=cursor)
            for tool in page.tools:
                if tool.name in found:
                    repeated.append(tool.name)
                found.setdefault(tool.name, tool)
            seen += len(page.tools)
            cursor = page.next_cursor
            if not cursor or not page.tools or seen >= MOST_TOOLS:
                self.repeated = tuple(repeated)
                return found

    async def _open(self) -> None:
        if self._owner is not None:
            await self.close()
        self._leave = leave = asyncio.Event()
        ready: asyncio.Future[tuple[Client, Mapping[str, Tool]]]
        ready = asyncio.get_running_loop().create_future()
        self._heard = heard = Heard(self.name)
        self._owner = asyncio.create_task(self._own(ready, leave, heard))
        done, _ = await asyncio.wait([ready], timeout=self._server.start)
        if not done:
            ready.cancel()
            self._owner.cancel()
            await asyncio.wait([self._owner])
            raise problems.too_slow(self.name, self._server.start)
        error = ready.exception()
        if error is not None:
            await asyncio.wait([self._owner])
            raise self._translated(error, heard) from error
        self._client, self._tools = ready.result()

    async def _own(
        self,
        ready: "asyncio.Future[tuple[Client, Mapping[str, Tool]]]",
        leave: asyncio.Event,
        heard: Heard,
    ) -> None:
        """Hold the connection open until it is given up."""
        try:
            async with self._connected(heard) as client:
                tools = await self._listed(client)
                if not ready.done():
                    ready.set_result((client, tools))
                await leave.wait()
        except BaseException as error:
            if not ready.done():
                ready.set_exception(_innermost(error))
            elif isinstance(error, asyncio.CancelledError):
                raise
        finally:
            if self._owner is asyncio.current_task():
                self._client = None

    @asynccontextmanager
    async def _connected(self, heard: Heard) -> AsyncIterator[Client]:
        server = self._server
        async with AsyncExitStack() as stack:
            if server.url:
                headers = {name: self._filled(one) for name, one in server.headers.items()}
                http = await stack.enter_async_context(client_of(headers, heard))
                transport: Transport = streamable_http_client(
                    server.url, http_client=http, max_sse_event_size=None
                )
            else:
                transport = self._process(heard)
            yield await stack.enter_async_context(Client(transport, cache=None))

    def _process(self, heard: Heard) -> Transport:
        server = self._server
        folder = os.path.join(self._root, server.cwd)
        env = {name: self._filled(value) for name, value in server.env.items()}
        path = env.get("PATH") or self._environ.get("PATH")
        near = os.path.join(folder, server.command)
        if shutil.which(server.command, path=path) is None and not os.access(near, os.X_OK):
            raise problems.command_missing(self.name, server.command)
        return started((server.command, *server.args), env, folder, heard)

    def _filled(self, text: str) -> str:
        """Return the text with the variables it names.

        Raises:
            Denied: ``secret_missing``.
        """

        def value(found: re.Match[str]) -> str:
            known = self._environ.get(found[1])
            if not known:
                raise problems.variable_missing(self.name, found[1])
            return known

        return _VARIABLE.sub(value, text)

    def _translated(self, error: BaseException, heard: Heard) -> KapellError:
        if isinstance(error, KapellError):
            return error
        if heard.flooded:
            return problems.flooded(self.name, LONGEST)
        if isinstance(error, MCPError) and error.code == REQUEST_TIMEOUT:
            return problems.too_slow(self.name, self._server.start)
        why, last = str(error) or type(error).__name__, heard.last_words
        return problems.not_started(self.name, f"{why} ({last})" if last else why)


def _innermost(error: BaseException) -> BaseException:
    """Return the first real error of a group of them."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
