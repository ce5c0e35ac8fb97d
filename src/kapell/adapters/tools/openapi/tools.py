"""An operation of an HTTP API behind the door to tools."""

import asyncio
import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import quote, urlencode

import msgspec

from kapell.adapters.tools.openapi.operations import Operation, Parameter
from kapell.adapters.tools.options import ToolOptions
from kapell.adapters.tools.strangers import quoted, silent
from kapell.adapters.tools.web.addresses import Gate
from kapell.adapters.tools.web.outgoing import Outgoing, body_of
from kapell.adapters.tools.web.pauses import pause_of
from kapell.core.tools.spec import ToolSpec
from kapell.kit.errors import (
    Conflict,
    Denied,
    Invalid,
    KapellError,
    Limited,
    Missing,
    Unavailable,
)
from kapell.kit.json import Json, decode, encode
from kapell.services.tools.ports import FetchBlob, ToolCall, ToolResult, UnknownOutcome

if TYPE_CHECKING:
    import httpx

_TOLD = 500
"""Characters of an answer that an error repeats."""


class OpenApiTool:
    """Asks an API for one of its operations.

    Args:
        spec: The operation as a tool.
        detail: The operation as it was found.
        options: What requests may reach, as for `http.request`.
    """

    def __init__(self, spec: ToolSpec, detail: Json, options: ToolOptions) -> None:
        self.spec = spec
        self._operation = msgspec.convert(detail, Operation)
        self._options = options
        self._gate = Gate(options.http_allow, options.http_private, listed=options.listed)

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Ask, and return the answer's JSON, or its text, or null.

        Raises:
            Denied: ``http_host_denied``, ``http_private_denied``, ``api_denied``.
            Invalid, Missing, Conflict, Limited, Unavailable: as the answer's status says.
            UnknownOutcome: when a request that must not be repeated may have taken effect.
        """
        import httpx  # noqa: PLC0415 - heavy, and most runs never ask anybody

        args = call.args if isinstance(call.args, Mapping) else {}
        url, headers, body = self._request(args, call)
        outgoing = Outgoing(self._gate, self._operation.method, headers, body)
        try:
            async with (
                asyncio.timeout(self._options.http_timeout),
                httpx.AsyncClient(
                    timeout=self._options.http_timeout, trust_env=False, follow_redirects=False
                ) as client,
            ):
                response = await outgoing.to(client, httpx.URL(url))
                try:
                    data = await body_of(response, self._options.http_bytes, "tools.http.bytes")
                except KapellError as error:
                    # The API has done what it was asked for; only its answer cannot be read.
                    self._fail(error, outgoing, error.__cause__)
                finally:
                    await response.aclose()
            output = _output(response, data)
            problem = _problem(call.tool, response, output)
            if problem is None:
                return ToolResult(output=output)
            if not isinstance(problem, Unavailable):
                raise problem
            self._fail(problem, outgoing)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            self._fail(silent(type(error).__name__), outgoing, error)

    def _fail(
        self, error: KapellError, outgoing: Outgoing, cause: BaseException | None = None
    ) -> NoReturn:
        """Raise the error or, when a request that must not be repeated is out, what that means."""
        if self.spec.repeatable or not outgoing.sent:
            raise error from cause
        error.__cause__ = cause
        raise UnknownOutcome from error

    def _request(
        self, args: Mapping[str, Json], call: ToolCall
    ) -> tuple[str, dict[str, str], bytes | None]:
        operation = self._operation
        url = operation.url
        query: list[tuple[str, str]] = []
        headers = {"Accept": "application/json, text/*;q=0.5, */*;q=0.1"}
        for argument, parameter in operation.parameters.items():
            value = args.get(argument)
            if value is None:
                continue
            if parameter.where == "path":
                url = url.replace(f"{{{parameter.name}}}", _in_path(argument, value))
            elif parameter.where == "header":
                headers[parameter.name] = _in_header(argument, _text(value))
            else:
                query += _in_query(parameter, value)
        body = None
        if operation.media and "body" in args:
            headers["Content-Type"] = operation.media
            body = _body(operation.media, args["body"])
        if not self.spec.repeatable:
            headers["Idempotency-Key"] = call.key
        self._authorise(headers, query, call)
        return f"{url}?{urlencode(query)}" if query else url, headers, body

    def _authorise(
        self, headers: dict[str, str], query: list[tuple[str, str]], call: ToolCall
    ) -> None:
        way, secret = self._operation.authorisation, call.secrets.get(self._operation.secret, "")
        if way is None or not secret:
            return
        shown = base64.b64encode(secret.encode()).decode() if way.encoded else secret
        if way.where == "query":
            query.append((way.name, way.prefix + shown))
        else:
            headers[way.name] = _in_header(way.name, way.prefix + shown)


def _in_query(parameter: Parameter, value: Json) -> Iterator[tuple[str, str]]:
    """Yield how a value stands in the query, as the parameter's style says."""
    name = parameter.name
    if isinstance(value, list | tuple) and parameter.spread:
        yield from ((name, _text(one)) for one in value)
    elif isinstance(value, Mapping) and parameter.deep:
        yield from ((f"{name}[{key}]", _text(one)) for key, one in value.items())
    elif isinstance(value, Mapping) and parameter.spread:
        yield from ((key, _text(one)) for key, one in value.items())
    else:
        yield name, _text(value)


def _text(value: Json) -> str:
    if isinstance(value, bool) or value is None:
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, Sequence):
        return ",".join(_text(one) for one in value)
    return encode(value).decode()


def _in_path(argument: str, value: Json) -> str:
    text = _text(value)
    if text in {"", ".", ".."}:
        raise Denied(
            f"The argument {argument!r} would lead to another place of the API.",
            code="path_outside",
            advice="Give the id of what is meant.",
        )
    return quote(text, safe="")


def _in_header(argument: str, text: str) -> str:
    if not text.isascii() or any(character in text for character in "\r\n\x00"):
        raise Invalid(
            f"{argument!r} holds what no header can.",
            code="http_headers",
            advice="Headers hold one line of ASCII.",
        )
    return text


def _body(media: str, value: Json) -> bytes:
    if "json" in media:
        return encode(value)
    if media.startswith("text/"):
        return _text(value).encode()
    pairs: Any = value.items() if isinstance(value, Mapping) else ()
    return urlencode([(name, _text(one)) for name, one in pairs]).encode()


def _output(response: "httpx.Response", data: bytes) -> Json:
    if not data:
        return None
    text = data.decode("utf-8", "replace").replace("\x00", "\ufffd")
    if "json" in response.headers.get("content-type", "").lower():
        try:
            return decode(text)
        except Invalid:
            return text
    return text


def _problem(tool: str, response: "httpx.Response", output: Json) -> KapellError | None:
    """Return what an answer that is no success means."""
    status = response.status_code
    if 200 <= status < 300:
        return None
    told = quoted(output if isinstance(output, str) else encode(output).decode(), _TOLD)
    message = f"{tool!r} was answered {status}: {told}"
    if status < 400:
        return Invalid(
            message, code="http_redirects", advice="Set the API's `base_url` to where it leads."
        )
    if status in {401, 403}:
        return Denied(message, code="api_denied", advice="Check the secret and what it may do.")
    if status in {404, 410}:
        return Missing(message, code="api_missing", advice="Check the ids among the arguments.")
    if status == 409:
        return Conflict(message, code="api_conflict", advice="Look at what is there already.")
    if status == 429:
        return Limited(
            message,
            code="api_limited",
            advice="Ask less often; the step's `retry:` waits and tries again.",
            retry_after=pause_of(response.headers.get("retry-after")),
        )
    if status < 500:
        return Invalid(message, code="tool_failed", advice="Mend the arguments it complains of.")
    return Unavailable(
        message,
        code="tool_unavailable",
        advice="Try again later.",
        retry_after=pause_of(response.headers.get("retry-after")),
    )
