"""The tool ``http.request``."""

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NoReturn

from kapell.adapters.tools.files.text import known_encoding
from kapell.adapters.tools.files.tools import arguments
from kapell.adapters.tools.options import ToolOptions
from kapell.adapters.tools.web.specs import HTTP_REQUEST
from kapell.adapters.tools.web.addresses import Gate
from kapell.core.tools.spec import repeatable
from kapell.kit.errors import Denied, Invalid, KapellError, Unavailable
from kapell.kit.json import Json, decode, encode
from kapell.services.tools.ports import FetchBlob, ToolCall, ToolResult, UnknownOutcome

if TYPE_CHECKING:
    import httpx

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection", "idempotency-key"})
_HARMLESS = frozenset({"accept", "accept-language", "content-type", "user-agent"})


class HttpRequest:
    """``http.request``: off until a host is allowed."""

    spec = HTTP_REQUEST

    def __init__(self, options: ToolOptions) -> None:
        self._options = options
        self._gate = Gate(options.http_allow, options.http_private)

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Ask, follow redirects to allowed hosts, and return the answer whatever its status.

        Raises:
            Denied: ``http_off``, ``http_host_denied``, ``http_private_denied``.
            Invalid: ``http_url``, ``http_broken``, ``http_headers``, ``http_too_large``, ``http_redirects``.
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
        self._gate = gate
        self._repeatable = repeatable(HTTP_REQUEST, call.args)
        self._url = str(args["url"])
        self._method = str(args.get("method") or "GET")
        self._headers = _headers(args.get("headers"))
        self._body = _body(args, self._headers)
        self._key = call.key
        timeout = args.get("timeout")
        self._timeout = float(timeout) if isinstance(timeout, int | float) else options.http_timeout
        self._sent = False

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
            self._fail(_silent(type(error).__name__), error)
        except httpx.DecodingError as error:
            self._fail(_silent("its body is packed wrongly"), error)
        except TimeoutError as error:
            self._fail(_silent(f"not within {self._timeout:g} s"), error)
        except KapellError as error:
            self._fail(error, error.__cause__)

    async def _followed(self, url: "httpx.URL") -> Json:
        import httpx  # noqa: PLC0415 - loaded by now, only named here

        async with httpx.AsyncClient(
            timeout=self._timeout, trust_env=False, follow_redirects=False
        ) as client:
            for _ in range(self._options.http_redirects + 1):
                async with self._asked(client, url) as response:
                    following = self._redirected(url, response)
                    if following is None:
                        return await self._read(url, response)
                url = following
        raise Invalid(
            f"The request was redirected more than {self._options.http_redirects} times.",
            code="http_redirects",
            advice="Ask the address it leads to in the end.",
        )

    @asynccontextmanager
    async def _asked(
        self, client: "httpx.AsyncClient", url: "httpx.URL"
    ) -> AsyncIterator["httpx.Response"]:
        """Enter with the answer of the first address that takes the connection."""
        host = url.raw_host.decode("ascii")
        target = self._gate.check(url.scheme, host, url.port, bool(url.userinfo))
        response = await self._first(client, url, await self._gate.addresses(target), target.host)
        try:
            yield response
        finally:
            await response.aclose()

    async def _first(
        self, client: "httpx.AsyncClient", url: "httpx.URL", addresses: Sequence[str], name: str
    ) -> "httpx.Response":
        import httpx  # noqa: PLC0415 - loaded by now, only named here

        headers = {**self._headers, "Host": url.netloc.decode("ascii")}
        if not self._repeatable:
            headers["Idempotency-Key"] = self._key
        sent_before, refused = self._sent, None
        for address in addresses:
            request = client.build_request(
                self._method,
                url.copy_with(host=address),
                headers=headers,
                content=self._body,
                extensions={"sni_hostname": name},
            )
            self._sent = True
            try:
                return await client.send(request, stream=True)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                self._sent, refused = sent_before, error
        raise refused or httpx.ConnectError("the name has no address")

    def _redirected(self, url: "httpx.URL", response: "httpx.Response") -> "httpx.URL | None":
        """Return where the answer sends us, having changed the request as browsers do."""
        place = response.headers.get("location")
        if response.status_code not in _REDIRECTS or not place:
            return None
        following = url.join(place)
        changed = self._method == "POST" and response.status_code in {301, 302}
        if changed or (response.status_code == 303 and self._method != "HEAD"):
            self._method, self._body = "GET", None
            self._headers = {
                name: value
                for name, value in self._headers.items()
                if name.lower() != "content-type"
            }
        if (following.scheme, following.host, following.port) != (url.scheme, url.host, url.port):
            self._headers = {
                name: value for name, value in self._headers.items() if name.lower() in _HARMLESS
            }
        return following

    async def _read(self, url: "httpx.URL", response: "httpx.Response") -> Json:
        data = bytearray()
        async for piece in response.aiter_bytes():
            data += piece
            if len(data) > self._options.http_bytes:
                raise Invalid(
                    f"The answer has more than {self._options.http_bytes:,} bytes.",
                    code="http_too_large",
                    advice="Ask for less, or raise the setting tools.http.bytes.",
                )
        text = _text(bytes(data), response.charset_encoding)
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
        if self._repeatable or not self._sent:
            raise error from cause
        error.__cause__ = cause
        raise UnknownOutcome from error


def _silent(why: str) -> Unavailable:
    return Unavailable(
        f"The server did not answer as it should ({why}).",
        code="tool_unavailable",
        advice="Check that it runs and can be reached; the step's `retry:` tries again.",
    )


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
