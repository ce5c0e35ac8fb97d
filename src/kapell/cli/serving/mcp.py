"""``kapell mcp``."""

import asyncio
import ipaddress
import os
import signal
import socket
from contextlib import suppress
from typing import Annotated

import typer

from kapell.cli.exits import Exit
from kapell.cli.session import Session, carry_out
from kapell.kit.errors import Denied, Unavailable

app = typer.Typer(rich_markup_mode=None, add_completion=False)

TOKEN = "KAPELL_MCP_TOKEN"  # noqa: S105 - the name of a variable, not a secret
PROXIES = "KAPELL_MCP_PROXIES"


@app.command()
def mcp(
    ctx: typer.Context,
    http: Annotated[
        str,
        typer.Option(
            "--http", metavar="HOST:PORT", help="Serve over HTTP there; else standard input."
        ),
    ] = "",
    tools: Annotated[
        list[str] | None,
        typer.Option(
            "--tools", metavar="PATTERN", help="Tools to offer; those that only read if not given."
        ),
    ] = None,
) -> int:
    """Serve the workspace's workflows and tools to a client of the Model Context Protocol."""
    token = os.environ.get(TOKEN, "")
    host, port = _address(http) if http else ("", 0)
    if host and not token and not _is_loopback(host):
        raise Denied(
            f"Serving at {host} lets the network start workflows, and no token guards it.",
            code="mcp_token_missing",
            advice=f"Set {TOKEN} in the environment, or listen at 127.0.0.1.",
        )

    async def work(session: Session) -> Exit:
        # The SDK takes a second to load; no other command needs it.
        from kapell.cli.serving.offer import Offer  # noqa: PLC0415 - heavy
        from kapell.cli.serving.protocol import (  # noqa: PLC0415 - heavy
            over_http,
            over_stdio,
            server_of,
        )

        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        working = asyncio.create_task(session.app.worker().run(stop))
        offer = Offer(session.app, tools)
        if host:
            listening = _listening(host, port)
            session.screen.note(
                f"Serving at http://{host}:{listening.getsockname()[1]}/mcp; Ctrl-C stops it."
            )
            proxies = os.environ.get(PROXIES, "")
            serving = asyncio.create_task(over_http(offer, listening, token, proxies, stop))
        else:
            serving = asyncio.create_task(over_stdio(server_of(offer)))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait([serving, stopping, working], return_when=asyncio.FIRST_COMPLETED)
        stop.set()
        if not host:
            # It waits for a line that may never come.
            serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving
        await working
        return Exit.OK

    # Over standard output the protocol's own SDK keeps it for its messages.
    return carry_out(ctx.obj, work, apart=False)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not port.isdecimal() or int(port) > 65_535:
        raise typer.BadParameter("write HOST:PORT, such as 127.0.0.1:8765", param_hint="--http")
    return host.strip("[]") or "127.0.0.1", int(port)


def _listening(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise Unavailable(
            f"Nothing can be served at {host}:{port}: {error.strerror or error}.",
            code="mcp_address_taken",
            advice="Choose another port; 0 takes a free one.",
        ) from error


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
