"""The parts of OPA's HTTP interface that are used: modules, and documents of ``data``."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx

from kapell.kit.errors import Denied, Unavailable
from kapell.kit.json import Json

_STRICT = {"strict-builtin-errors": "true"}
"""A builtin that fails is an error: else a rule around it would be undefined, and deny nothing."""


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
        return {one["id"]: one.get("raw", "") for one in listed}

    async def put(self, name: str, text: str) -> list[tuple[int, int, str]]:
        """Put a module there; return what is wrong with it: row, column, message."""
        path = f"/v1/policies/{quote(name, safe='/')}"
        said = await self._asked("PUT", path, text=text, fits=(200, 400))
        if said.status_code == 200:
            return []
        errors = _document(said).get("errors") or [{"message": "the module cannot be compiled"}]
        return [_mistake(one) for one in errors]

    async def remove(self, name: str) -> None:
        """Remove a module."""
        path = f"/v1/policies/{quote(name, safe='/')}"
        await self._asked("DELETE", path, fits=(200, 404))

    async def evaluate(self, path: str, document: Json) -> Json:
        """Return a document of ``data``, None when it is undefined."""
        said = await self._asked("POST", f"/v1/data/{path}", json={"input": document})
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
        json: object = None,
        text: str | None = None,
        fits: tuple[int, ...] = (200,),
    ) -> httpx.Response:
        body: dict[str, Any] = {}
        if json is not None:
            body = {"json": json, "params": _STRICT}
        elif text is not None:
            body = {"content": text.encode(), "headers": {"Content-Type": "text/plain"}}
        try:
            said = await self._client.request(method, path, **body)
        except httpx.HTTPError as error:
            raise Unavailable(
                f"The policy server {self._url} does not answer ({type(error).__name__}).",
                code="policy_judge_silent",
                advice="Start it, or set `policies.judge: rego` to judge in this process.",
            ) from error
        if said.status_code not in fits:
            raise Denied(
                f"The policy server answers {said.status_code}.",
                code="policy_failed",
                advice="Look at its log; a rule may call a builtin with a value of a wrong type.",
            )
        return said


def _document(said: httpx.Response) -> dict[str, Any]:
    try:
        found = said.json()
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Denied(
            "The policy server answers no JSON object.",
            code="policy_failed",
            advice="Look whether `policies.opa` names the address of an OPA server.",
        )
    return found


def _mistake(one: Mapping[str, Any]) -> tuple[int, int, str]:
    place = one.get("location") or {}
    return int(place.get("row", 1)), int(place.get("col", 1)), str(one.get("message", ""))
