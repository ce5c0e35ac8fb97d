"""Where tools come from, and what was found there. Light: ``kapell validate`` imports it."""

import json
from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from kapell.core.tools.spec import ToolSpec
from kapell.kit.errors import Failure, Place
from kapell.kit.json import Json

Kind: TypeAlias = Literal["python", "mcp", "openapi"]


class McpServer(msgspec.Struct, frozen=True, kw_only=True):
    """How an MCP server is reached: by a command that is started, or at an address.

    ``${NAME}`` in ``env`` and ``headers`` stands for a variable of the environment. ``start`` is
    the seconds it may take until it answers; ``allow`` are the tools that may be used, all when
    empty.
    """

    command: str = ""
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = {}
    cwd: str = ""
    url: str = ""
    headers: Mapping[str, str] = {}
    start: float = 20.0
    allow: tuple[str, ...] = ()


class OpenApi(msgspec.Struct, frozen=True, kw_only=True):
    """A description of an HTTP API, and what of it may be used.

    ``allow`` are ids of operations, all when empty; ``secret`` names what its requests are
    authorised with; ``base_url`` stands before the servers that the description names.
    """

    url: str = ""
    file: str = ""
    base_url: str = ""
    allow: tuple[str, ...] = ()
    secret: str = ""


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """One place where tools come from.

    ``name`` is a file below the workspace, a module, or what the settings call a server or an API.
    ``path`` is what a Python module is imported from.
    """

    kind: Kind
    name: str
    path: str = ""
    mcp: McpServer | None = None
    openapi: OpenApi | None = None

    @property
    def shown(self) -> str:
        """Return what people call it."""
        if self.kind == "python":
            return self.name
        return f"tools.{self.kind}.{self.name}"


class FoundTool(msgspec.Struct, frozen=True, kw_only=True):
    """A tool of a source; ``detail`` is what its adapter needs to call it."""

    spec: ToolSpec
    detail: Json = None


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a source holds, or why that is not known; ``notes`` tell what was left out and why."""

    tools: tuple[FoundTool, ...] = ()
    failure: Failure | None = None
    place: Place | None = None
    notes: tuple[str, ...] = ()


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What a child process is asked: sources of a workspace, and what requests may reach.

    ``path`` is where it looks for modules, so that it finds those its parent would find.
    """

    root: str
    path: tuple[str, ...]
    sources: tuple[Source, ...]
    web: Mapping[str, Json] = {}


def encoded(value: object) -> bytes:
    """Return a value as JSON that msgspec reads back."""
    return json.dumps(msgspec.to_builtins(value), separators=(",", ":")).encode()
