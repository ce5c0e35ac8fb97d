"""A description of an API is read from a file of the workspace, or fetched from an allowed host."""

import os
from collections.abc import Mapping

from kapell.adapters.tools.files.paths import open_file, parts_of
from kapell.adapters.tools.files.problems import translated
from kapell.adapters.tools.openapi.document import LARGEST, parsed
from kapell.adapters.tools.openapi.operations import operations
from kapell.adapters.tools.options import ToolOptions
from kapell.adapters.tools.sources import Found, FoundTool, OpenApi, Request, Source
from kapell.adapters.tools.web.tools import HttpRequest
from kapell.kit.errors import Unavailable
from kapell.kit.ids import LOCAL, RunId
from kapell.kit.json import Digest
from kapell.services.tools.ports import ToolCall

_OK = 200


async def imported(request: Request, source: Source) -> Found:
    """Return the operations of an API.

    Raises:
        KapellError: the description cannot be read, or is none.
    """
    api = source.openapi or OpenApi()
    data = await _fetched(api.url, request) if api.url else _read(request.root, api.file)
    tools: list[FoundTool] = []
    notes: list[str] = []
    for found in operations(parsed(data, source.name), api):
        if isinstance(found, str):
            notes.append(found)
        else:
            tools.append(found)
    return Found(tools=tuple(tools), notes=tuple(notes))


def _read(root: str, file: str) -> bytes:
    try:
        descriptor = open_file(root, parts_of(file), file, visible_only=False)
        with os.fdopen(descriptor, "rb") as stream:
            return stream.read(LARGEST + 1)
    except OSError as error:
        raise translated(error, file) from error


async def _fetched(url: str, request: Request) -> bytes:
    """Return what a server answers, asked as `http.request` would ask it."""
    web = request.web
    allow = web.get("allow")
    options = ToolOptions(
        http_allow=tuple(map(str, allow)) if isinstance(allow, list | tuple) else (),
        http_private=web.get("private") is True,
        http_bytes=LARGEST,
    )
    call = ToolCall(
        tenant_id=LOCAL,
        run_id=RunId("none"),
        call="openapi#1/1",
        tool="http.request",
        args={"url": url},
        key="",
        timeout=None,
        workspace=request.root,
        folder=request.root,
    )
    output = (await HttpRequest(options).call(call, _no_blob)).output
    answer = output if isinstance(output, Mapping) else {}
    if answer.get("status") != _OK:
        raise Unavailable(
            f"{url} answered {answer.get('status')} instead of a description.",
            code="openapi_unreachable",
            advice="Check the address; it may need a file in its place.",
        )
    return str(answer.get("body") or "").encode()


async def _no_blob(digest: Digest) -> bytes:
    raise Unavailable(f"There is no artifact {digest}.", code="artifact_unknown", advice="None.")
