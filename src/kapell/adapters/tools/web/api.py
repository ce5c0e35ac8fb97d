"""JSON APIs at addresses of the settings: no redirects, bounded answers, no secrets said."""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode, urlsplit

from kapell.adapters.tools.strangers import silent
from kapell.adapters.tools.web.addresses import Gate
from kapell.adapters.tools.web.outgoing import Outgoing, body_of
from kapell.kit.errors import Invalid, KapellError
from kapell.kit.json import Json, decode, encode

if TYPE_CHECKING:
    import httpx


class Reply(NamedTuple):
    """What an API answered; ``json`` is None when that is no JSON."""

    status: int
    headers: Mapping[str, str]
    json: Json


class Silence(Exception):
    """An API did not answer as it should.

    Attributes:
        error: What to tell.
        sent: Whether the request may have taken effect all the same.
    """

    def __init__(self, error: KapellError, sent: bool) -> None:
        super().__init__(error.message)
        self.error = error
        self.sent = sent


class Api:
    """One API.

    Args:
        name: How people call it.
        url: Where it is.
        headers: Sent with every request; secrets among them are never part of an error.
        timeout: Seconds a request may take.
        limit: Bytes an answer may have.
        setting: The setting that holds the address, for advice.
    """

    def __init__(
        self,
        name: str,
        url: str,
        headers: Mapping[str, str],
        *,
        timeout: float,
        limit: int,
        setting: str,
    ) -> None:
        self._name = name
        self._url = url.rstrip("/")
        self._headers = headers
        self._timeout = timeout
        self._limit = limit
        self._setting = setting

    async def ask(
        self,
        method: str,
        path: str = "",
        *,
        query: Mapping[str, str] | None = None,
        json: Json = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Return the answer, whatever its status.

        Raises:
            Silence: there is none that can be read.
        """
        import httpx  # noqa: PLC0415 - heavy, and most runs never ask anybody

        all_headers = {"Accept": "application/json", **self._headers, **(headers or {})}
        body = None
        if json is not None:
            all_headers["Content-Type"] = "application/json"
            body = encode(json)
        outgoing = Outgoing(self._gate(), method, all_headers, body)
        search = f"?{urlencode(query)}" if query else ""
        try:
            async with (
                asyncio.timeout(self._timeout),
                httpx.AsyncClient(timeout=self._timeout, trust_env=False) as client,
            ):
                url = httpx.URL(f"{self._url}{path}{search}")
                async with aclosing(await outgoing.to(client, url)) as response:
                    return await self._reply(response)
        except (httpx.InvalidURL, httpx.LocalProtocolError, UnicodeError) as error:
            raise Silence(self._broken(), outgoing.sent) from error
        except TimeoutError as error:
            raise Silence(silent(f"not within {self._timeout:g} s", self._name), outgoing.sent) from error
        except httpx.TransportError as error:
            raise Silence(silent(type(error).__name__, self._name), outgoing.sent) from error
        except KapellError as error:
            raise Silence(error, outgoing.sent) from error

    async def _reply(self, response: "httpx.Response") -> Reply:
        data = await body_of(response, self._limit, self._setting)
        headers = {name.lower(): value for name, value in response.headers.items()}
        try:
            return Reply(response.status_code, headers, decode(data) if data else None)
        except Invalid:
            return Reply(response.status_code, headers, None)

    def _gate(self) -> Gate:
        """Return a gate that is open for this API alone: whoever set the address allowed it."""
        try:
            parts = urlsplit(self._url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            return Gate((), private=True)
        host = f"[{host}]" if ":" in host else host
        return Gate((f"{host}:{port}" if port else host,), private=True)

    def _broken(self) -> Invalid:
        return Invalid(
            f"The address of {self._name} cannot be asked as it is written.",
            code="http_broken",
            advice=f"Correct the setting {self._setting}.",
        )
