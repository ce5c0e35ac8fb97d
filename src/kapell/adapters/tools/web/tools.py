"""The tool ``http.request``."""

import asyncio
import base64
from collections.abc import Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, NoReturn

from kapell.adapters.tools.strangers import silent
from kapell.adapters.tools.files.text import known_encoding
from kapell.adapters.tools.files.tools import arguments
from kapell.adapters.tools.options import ToolOptions
from kapell.adapters.tools.web.addresses import Gate
from kapell.adapters.tools.web.outgoing import Outgoing, body_of, circular
from kapell.adapters.tools.web.specs import HTTP_REQUEST
from kapell.core.tools.spec import repeatable
from kapell.kit.errors import Denied, Invalid, KapellError
from kapell.kit.json import Json, decode, encode
from kapell.services.tools.ports import FetchBlob, ToolCall, ToolResult, UnknownOutcome

if TYPE_CHECKING:
    import httpx

_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection", "idempotency-key"})


class HttpRequest:
    """``http.request``: off until a host is allowed."""

    spec = HTTP_REQUEST

    def __init__(self, options: ToolOptions) -> None:
        self._options = options
        self._gate = Gate(options.http_allow, options.http_private, listed=options.listed)

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Ask, follow redirects to allowed hosts, and return the answer whatever its status.

        Raises:
            Denied: ``http_off``, ``http_host_denied``, ``http_private_denied``.
            Invalid: ``http_url``, ``http_broken``, ``http_headers``, ``http_too_large``,
                ``http_redirects``.
            Unavailable: ``tool_unavailable`` when nobody answers.
            UnknownOutcome: when the request went out and must not be repeated.
        """
        if not self._options.http_allow:
            raise Denied(
                "HTTP requests are off.",
                code="http_off",
                advice="Whoever runs Kapell may allow hosts one by one in the setting "
                "tools.http.allow.",
            )
        return ToolResult(output=await _Exchange(self._options, self._gate, call).answer())


class _Exchange:
    """One call: the request, its redirects, the answer."""

    def __init__(self, options: ToolOptions, gate: Gate, call: ToolCall) -> None:
        args = arguments(call)
        self._options = options
        self._repeatable = repeatable(HTTP_REQUEST, call.args)
        self._url = str(args["url"])
        headers = _headers(args.get("headers"))
        body = _body(args, headers)
        if not self._repeatable:
            headers["Idempotency-Key"] = call.key
        self._outgoing = Outgoing(gate, str(args.get("method") or "GET"), headers, body)
        timeout = args.get("timeout")
        self._timeout = float(timeout) if isinstance(timeout, int | float) else options.http_timeout

    async def answer(self) -> Json:
        """Return status, url, headers, body and json of the last answer."""
        import httpx  # noqa: PLC0415 - heavy, and most runs never ask anybody

        try:
            async with asyncio.timeout(self._timeout):
                return await self._followed(httpx.URL(self._url))
        except (httpx.InvalidURL, httpx.LocalProtocolError) as error:
            raise Invalid(
                "The request cannot be sent as it is written.",
                code="http_broken",
                advice="Check the URL, the headers and that they hold no line breaks.",
            ) from error
        except httpx.TransportError as error:
            self._fail(silent(type(error).__name__), error)
        except TimeoutError as error:
            self._fail(silent(f"not within {self._timeout:g} s"), error)
        except KapellError as error:
            self._fail(error, error.__cause__)

    async def _followed(self, url: "httpx.URL") -> Json:
        import httpx  # noqa: PLC0415 - loaded by now, only named here

        most = self._options.http_redirects
        async with httpx.AsyncClient(
            timeout=self._timeout, trust_env=False, follow_redirects=False
        ) as client:
            for _ in range(most + 1):
                async with aclosing(await self._outgoing.to(client, url)) as response:
                    following = self._outgoing.redirected(url, response)
                    if following is None:
                        return await self._read(url, response)
                url = following
        raise circular(most)

    async def _read(self, url: "httpx.URL", response: "httpx.Response") -> Json:
        data = await body_of(response, self._options.http_bytes, "tools.http.bytes")
        text = _text(data, response.charset_encoding)
        output: dict[str, Json] = {
            "status": response.status_code,
            "url": str(url),
            "headers": {name.lower(): value for name, value in response.headers.items()},
            "body": text,
            "json": _json(text, response.headers.get("content-type", "")),
        }
        if text is None:
            output["base64"] = base64.b64encode(data).decode("ascii")
        return output

    def _fail(self, error: KapellError, cause: BaseException | None) -> NoReturn:
        """Raise the error or, when a request that must not be repeated is out, what that means."""
        if self._repeatable or not self._outgoing.sent:
            raise error from cause
        error.__cause__ = cause
        raise UnknownOutcome from error


def _headers(given: Json) -> dict[str, str]:
    pairs = given.items() if isinstance(given, Mapping) else ()
    headers = {str(name): str(value) for name, value in pairs}
    taken = sorted(name for name in headers if name.lower() in _OURS)
    if taken:
        raise Invalid(
            f"The headers {', '.join(taken)} are set by Kapell.",
            code="http_headers",
            advice="Leave them out.",
        )
    try:
        for name, value in headers.items():
            (name + value).encode("ascii")
    except UnicodeEncodeError as error:
        raise Invalid(
            "Headers hold ASCII only.",
            code="http_headers",
            advice="Encode the value, or send it in the body.",
        ) from error
    return headers


def _body(args: Mapping[str, Json], headers: dict[str, str]) -> bytes | None:
    """Return what is sent, adding a content type that is not given."""
    if "json" in args and "body" in args:
        raise Invalid(
            "http.request takes `json` or `body`, not both.",
            code="tool_arguments",
            advice="Leave one of them out.",
        )
    known = {name.lower() for name in headers}
    if "json" in args:
        if "content-type" not in known:
            headers["Content-Type"] = "application/json"
        return encode(args["json"])
    if "body" in args:
        if "content-type" not in known:
            headers["Content-Type"] = "text/plain; charset=utf-8"
        return str(args["body"]).encode("utf-8", "replace")
    return None


def _text(data: bytes, charset: str | None) -> str | None:
    """Return the body as text, None when it is none."""
    try:
        text = data.decode(known_encoding(charset or "utf-8") or "utf-8")
    except UnicodeDecodeError:
        return None
    return None if "\x00" in text else text


def _json(text: str | None, media: str) -> Json:
    """Return the body's value when it says to be JSON and is, else None."""
    if text is None or "json" not in media.lower():
        return None
    try:
        value = decode(text)
        encode(value)
    except Invalid:
        return None
    return value
