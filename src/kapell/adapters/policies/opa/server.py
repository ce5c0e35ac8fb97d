"""The parts of OPA's HTTP interface that are used: modules, and documents of ``data``."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx

from kapell.kit.errors import Denied, Unavailable
from kapell.kit.json import Json

_LARGEST = 8_000_000
"""Bytes that are read of an answer: what is longer is none."""
_STRICT = {"strict-builtin-errors": "true"}
"""A builtin that fails is an error: else a rule around it would be undefined, and deny nothing."""


class _Said(NamedTuple):
    """An answer: its status, and all it holds."""

    status: int
    data: bytes


class OpaServer:
    """One server.

    Args:
        url: Its address.
        token: What it is shown as bearer, or empty.
        timeout: Seconds an answer may take.
    """

    def __init__(self, url: str, token: str, timeout: float) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._url = url
        self._client = httpx.AsyncClient(
            base_url=url.rstrip("/"), headers=headers, timeout=timeout, trust_env=False
        )

    async def modules(self) -> Mapping[str, str]:
        """Return the text of every module on the server by its name."""
        said = await self._asked("GET", "/v1/policies")
        listed = _document(said).get("result", [])
        try:
            return {one["id"]: one.get("raw", "") for one in listed}
        except (TypeError, KeyError, AttributeError) as error:
            raise _odd("lists no modules") from error

    async def put(self, name: str, text: str) -> list[tuple[int, int, str]]:
        """Put a module there; return what is wrong with it: row, column, message."""
        path = f"/v1/policies/{quote(name, safe='/')}"
        said = await self._asked("PUT", path, text=text, fits=(200, 400))
        if said.status == 200:
            return []
        errors = _document(said).get("errors") or [{"message": "the module cannot be compiled"}]
        return [_mistake(one) for one in errors]

    async def remove(self, name: str) -> None:
        """Remove a module."""
        path = f"/v1/policies/{quote(name, safe='/')}"
        await self._asked("DELETE", path, fits=(200, 404))

    async def evaluate(self, path: str, document: Json) -> Json:
        """Return a document of ``data``, None when it is undefined."""
        said = await self._asked("POST", f"/v1/data/{path}", document={"input": document})
        found: Json = _document(said).get("result")
        return found

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _asked(
        self,
        method: str,
        path: str,
        *,
        document: object = None,
        text: str | None = None,
        fits: tuple[int, ...] = (200,),
    ) -> _Said:
        body: dict[str, Any] = {}
        if document is not None:
            body = {"json": document, "params": _STRICT}
        elif text is not None:
            body = {"content": text.encode(), "headers": {"Content-Type": "text/plain"}}
        try:
            async with self._client.stream(method, path, **body) as answer:
                said = _Said(answer.status_code, await _read(answer))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unavailable(
                f"The policy server {self._url} does not answer ({type(error).__name__}).",
                code="policy_judge_silent",
                advice="Start it, or set `policies.judge: rego` to judge in this process.",
            ) from error
        if said.status not in fits:
            raise Denied(
                f"The policy server answered with status {said.status}.",
                code="policy_failed",
                advice="Look at its log; a rule may call a builtin with a value of the wrong type.",
            )
        return said


async def _read(answer: httpx.Response) -> bytes:
    data = bytearray()
    async for piece in answer.aiter_bytes():
        data += piece
        if len(data) > _LARGEST:
            raise _odd(f"answers more than {_LARGEST:,} bytes")
    return bytes(data)


def _odd(what: str) -> Denied:
    return Denied(
        f"The policy server {what}.",
        code="policy_failed",
        advice="Look whether `policies.opa` names the address of an OPA server.",
    )


def _document(said: _Said) -> dict[str, Any]:
    try:
        found = json.loads(said.data)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise _odd("answers no JSON object")
    return found


def _mistake(one: Mapping[str, Any]) -> tuple[int, int, str]:
    place = one.get("location") or {}
    return int(place.get("row", 1)), int(place.get("col", 1)), str(one.get("message", ""))
