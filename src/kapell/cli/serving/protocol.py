"""The Model Context Protocol's side of an offer: its messages, over two transports."""

import asyncio
import hmac
import logging
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any, TypeAlias

import uvicorn
from mcp.server import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    TextContent,
    Tool,
    ToolAnnotations,
)
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from kapell.cli.serving.offer import Offer
from kapell.cli.serving.wording import error_told
from kapell.core.audit.hiding import hidden
from kapell.core.limits.rates import Asker
from kapell.core.tools.spec import ToolSpec, repeatable
from kapell.kit.errors import Bug, KapellError
from kapell.kit.json import Json, digest, encode
from kapell.services.tools.ports import UnknownOutcome

_log = logging.getLogger("kapell.mcp")

Refused: TypeAlias = Callable[[str], Awaitable[None]]
"""Is told the address of whoever was not let in."""


def server_of(offer: Offer) -> "Server[Any]":
    """Return a server that answers with what is offered."""

    async def list_tools(ctx: object, params: object) -> ListToolsResult:
        return ListToolsResult(tools=[_tool(spec) for spec in offer.specs()])

    async def call_tool(
        ctx: ServerRequestContext[Any, Any], params: CallToolRequestParams
    ) -> CallToolResult:
        return await _called(offer, params, _asker(offer, ctx.request))

    return Server(
        "kapell",
        version=version("kapell"),
        instructions="Workflows are tools named workflows.NAME; ask after their runs with "
        "runs.status and runs.result.",
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


async def over_stdio(server: "Server[Any]") -> None:
    """Serve one client over standard input and output, until it leaves."""
    async with stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())


async def over_http(
    offer: Offer, listening: socket.socket, token: str, proxies: str, stop: asyncio.Event
) -> None:
    """Serve clients over streamable HTTP until ``stop`` is set.

    Args:
        offer: What is served; it puts on record who comes without the token.
        listening: Where.
        token: What every request must carry as its bearer; empty for none.
        proxies: Addresses whose word about clients counts, apart by commas; empty for none.
        stop: Set when it shall end.
    """
    app: ASGIApp = server_of(offer).streamable_http_app(host=listening.getsockname()[0])
    if token:
        app = _Guarded(app, token, offer.turned_away)
    # What a client says of itself is not from where it came: neither limits nor the record may
    # believe a header, unless the machine's owner names the proxies that write it.
    config = uvicorn.Config(
        app,
        log_level="warning",
        lifespan="on",
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies,
    )
    serving = _Obedient(config)
    task = asyncio.create_task(serving.serve(sockets=[listening]))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([task, stopping], return_when=asyncio.FIRST_COMPLETED)
    serving.should_exit = True
    stopping.cancel()
    await task


class _Obedient(uvicorn.Server):
    """Leaves signals to the command, which tells by ``stop``."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


class _Guarded:
    """Lets requests through that carry the token."""

    def __init__(self, app: ASGIApp, token: str, refused: Refused) -> None:
        self._app = app
        self._refused = refused
        self._expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            given = dict(scope["headers"]).get(b"authorization", b"")
            if not hmac.compare_digest(given, self._expected):
                client = scope.get("client")
                await self._refused(str(client[0]) if client else "")
                await PlainTextResponse("The token is missing or wrong.", 401)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _asker(offer: Offer, request: object) -> Asker:
    """Return who asks: of HTTP the client's address, the token it came with, and its session."""
    if not isinstance(request, Request):
        return offer.asker()
    given = request.headers.get("authorization", "")
    return offer.asker(
        request.client.host if request.client else "",
        f"key:{digest(given.encode())[:12]}" if given else "",
        request.headers.get("mcp-session-id", ""),
    )


async def _called(offer: Offer, params: CallToolRequestParams, asker: Asker) -> CallToolResult:
    args: Mapping[str, Json] = params.arguments or {}
    try:
        output = await offer.call(params.name, args, asker)
    except UnknownOutcome as unknown:
        cause = unknown.__cause__
        return _failed(cause if isinstance(cause, KapellError) else _unexpected(unknown), True)
    except KapellError as error:
        return _failed(error, False)
    except Exception as error:
        _log.exception("a call of %s broke", params.name)
        return _failed(_unexpected(error), True)
    text = output if isinstance(output, str) else encode(output).decode()
    structured = dict(output) if isinstance(output, Mapping) else {"result": output}
    return CallToolResult(content=[TextContent(text=text)], structured_content=structured)


def _failed(error: KapellError, unknown: bool) -> CallToolResult:
    error = error_told(error)
    maybe = " It may have happened all the same." if unknown else ""
    text = hidden(f"{error.message}{maybe} [{error.code}] {error.advice}".strip())
    told: dict[str, Any] = {
        "code": error.code,
        "kind": error.kind.value,
        "message": hidden(error.message),
        "advice": error.advice,
        "unknown": unknown,
        "retry_after": error.retry_after,
        "flaws": [
            {
                "at": one.at,
                "rule": one.rule,
                "message": hidden(one.message),
                "expected": one.expected,
            }
            for one in error.flaws
        ],
    }
    return CallToolResult(content=[TextContent(text=text)], structured_content=told, is_error=True)


def _unexpected(error: BaseException) -> Bug:
    return Bug(f"Something happened that we did not expect ({type(error).__name__}).")


def _tool(spec: ToolSpec) -> Tool:
    schema = dict(spec.args) if isinstance(spec.args, Mapping) else {"type": "object"}
    reads = spec.effects == "read"
    return Tool(
        name=spec.name,
        description=spec.description,
        input_schema=schema,
        annotations=ToolAnnotations(
            read_only_hint=reads,
            destructive_hint=not reads,
            idempotent_hint=repeatable(spec, {}),
            open_world_hint=spec.effects == "external" or spec.trust == "untrusted",
        ),
    )
