"""Operations of an API as tools: their arguments, and how each of them travels."""

import re
from collections.abc import Iterator, Mapping
from itertools import chain, count
from typing import Any, Literal, NamedTuple
from urllib.parse import urljoin

import jsonschema_rs
import msgspec

from kapell.adapters.tools.openapi.document import Document
from kapell.adapters.tools.sources import FoundTool, OpenApi
from kapell.adapters.tools.strangers import quoted
from kapell.core.tools.spec import ToolSpec
from kapell.kit.errors import Invalid, KapellError
from kapell.kit.json import Json

METHODS = ("get", "head", "post", "put", "patch", "delete", "options")
_READS = frozenset({"get", "head", "options"})
_OURS = frozenset(
    {
        *("accept", "accept-encoding", "authorization", "connection", "content-length"),
        *("content-type", "host", "idempotency-key", "transfer-encoding"),
    }
)
_UNUSUAL = re.compile(r"[^A-Za-z0-9_.-]+")
_LONGEST_NAME = 56
"""Of an argument: vendors of models refuse longer ones, and odd ones such as `$filter`."""
_PLACES = ("path", "query", "header")
_IN_PATH = re.compile(r"\{([^{}]+)\}")
_JSON = re.compile(r"^application/(?:[\w.+-]+\+)?json\b")
_FORM = "application/x-www-form-urlencoded"
_LONGEST_TEXT = 4_000


class Parameter(msgspec.Struct, frozen=True):
    """One argument and where it goes.

    ``spread`` says that each of several values stands alone, ``deep`` that those of a mapping are
    named after it: ``filter[colour]``.
    """

    name: str
    where: Literal["path", "query", "header"]
    spread: bool = True
    deep: bool = False


class Authorisation(msgspec.Struct, frozen=True):
    """How a request shows its secret: a header or a part of the query, after a prefix."""

    where: Literal["header", "query"]
    name: str
    prefix: str = ""
    encoded: bool = False


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One operation as its tool needs it to ask."""

    method: str
    url: str
    parameters: Mapping[str, Parameter]
    media: str = ""
    secret: str = ""
    authorisation: Authorisation | None = None


class _Body(NamedTuple):
    media: str
    schema: Any
    required: bool


def operations(document: Document, api: OpenApi) -> Iterator[FoundTool | str]:
    """Yield each operation as a tool, or why it is left out.

    Raises:
        Invalid: ``openapi_no_server`` when nobody says where the API is; ``openapi_broken``.
    """
    base = _base(document, api)
    allowed = set(api.allow)
    seen: set[str] = set()
    for path, named in document.mapping(document.value.get("paths"), "`paths`").items():
        try:
            item = document.mapping(named, f"`{path}`")
        except KapellError as error:
            yield f"tools.openapi.{document.name}: `{path}` is left out: {error.message}"
            continue
        for method in METHODS:
            operation = item.get(method)
            if not isinstance(operation, Mapping):
                continue
            name = str(operation.get("operationId") or f"{method}_{path}")
            if allowed and name not in allowed:
                continue
            seen.add(name)
            try:
                yield _tool(document, api, base, path, method, name, item, operation)
            except KapellError as error:
                yield f"tools.openapi.{document.name}: `{name}` is left out: {error.message}"
    for name in sorted(allowed - seen):
        yield f"tools.openapi.{document.name} has no operation `{name}`, which `allow` names."


def _tool(
    document: Document,
    api: OpenApi,
    base: str,
    path: str,
    method: str,
    name: str,
    item: Mapping[str, Any],
    operation: Mapping[str, Any],
) -> FoundTool:
    needed: dict[str, Any] = {}
    wanted = re.sub(r"[^A-Za-z0-9.-]+", "_", name).strip("_") or method
    parameters, properties, required = _parameters(document, item, operation, needed)
    body = _body(document, operation)
    if body is not None:
        properties["body"] = document.schema(body.schema, needed)
        if body.required:
            required.append("body")
    args: dict[str, Json] = {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }
    if needed:
        args["$defs"] = needed
    _check(args)
    given = {one.name for one in parameters.values() if one.where == "path"}
    lost = [one for one in _IN_PATH.findall(path) if one not in given]
    if lost:
        raise _unspoken(f"its path names `{lost[0]}`, and none of its parameters does")
    said = str(operation.get("description") or operation.get("summary") or f"{method} {path}")
    spec = ToolSpec(
        name=f"{document.name}.{wanted}",
        description=said[:_LONGEST_TEXT].strip(),
        args=args,
        effects="read" if method in _READS else "external",
        repeatable=method in _READS,
        trust="untrusted",
        reaches=True,
        secrets=(api.secret,) if api.secret else (),
        folder=False,
    )
    detail = Operation(
        method=method.upper(),
        url=base + path,
        parameters=parameters,
        media="" if body is None else body.media,
        secret=api.secret,
        authorisation=_authorisation(document, operation) if api.secret else None,
    )
    return FoundTool(spec=spec, detail=msgspec.to_builtins(detail))


def _parameters(
    document: Document,
    item: Mapping[str, Any],
    operation: Mapping[str, Any],
    needed: dict[str, Any],
) -> tuple[dict[str, Parameter], dict[str, Any], list[str]]:
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    several = (
        *document.list(item.get("parameters"), "its parameters"),
        *document.list(operation.get("parameters"), "its parameters"),
    )
    for one in several:
        said = document.mapping(one, "its parameter")
        found[str(said.get("in")), str(said.get("name"))] = said
    parameters: dict[str, Parameter] = {}
    properties: dict[str, Any] = {}
    required: list[str] = []
    for (where, name), said in found.items():
        if where == "cookie" or (where == "header" and name.lower() in _OURS):
            continue
        if where not in _PLACES:
            raise _unspoken(f"its parameter `{name}` travels in {where!r}, which is not spoken")
        plain = _UNUSUAL.sub("_", name).strip("_")[:_LONGEST_NAME] or where
        free = chain((plain, f"{where}_{plain}"), (f"{where}_{plain}_{n}" for n in count(2)))
        argument = next(one for one in free if one not in (*parameters, "body"))
        described = document.schema(_schema_of(document, said), needed)
        schema = dict(described) if isinstance(described, Mapping) else {}
        if said.get("description"):
            schema.setdefault("description", str(said["description"])[:_LONGEST_TEXT])
        properties[argument] = schema
        style = said.get("style", "form")
        spread = bool(said.get("explode", style == "form"))
        parameters[argument] = Parameter(name, where, spread, style == "deepObject")  # type: ignore[arg-type]  # looked at above
        if said.get("required") or where == "path":
            required.append(argument)
    return parameters, properties, required


def _schema_of(document: Document, parameter: Mapping[str, Any]) -> Any:
    if "schema" in parameter:
        return parameter["schema"]
    content = document.mapping(parameter.get("content"), "the content of its parameter")
    one = next(iter(content.values()), None)
    return document.mapping(one, "the content of its parameter").get("schema", {})


def _body(document: Document, operation: Mapping[str, Any]) -> _Body | None:
    body = document.followed(operation.get("requestBody"))
    if not isinstance(body, Mapping):
        return None
    content = document.mapping(body.get("content"), "the content of its body")
    required = bool(body.get("required"))
    for media, said in content.items():
        if _JSON.match(media) or media == _FORM:
            schema = document.mapping(said, "the content of its body").get("schema", {})
            return _Body(media, schema, required)
    for media in content:
        if media.startswith("text/"):
            return _Body(media, {"type": "string"}, required)
    raise _unspoken(f"its body is {', '.join(content) or 'nothing'}, which is not spoken")


def _unspoken(what: str) -> Invalid:
    return Invalid(
        f"{what}.",
        code="openapi_unspoken",
        advice="Paths, queries, headers, JSON, forms and texts are; ask by `http.request` instead.",
    )


def _authorisation(document: Document, operation: Mapping[str, Any]) -> Authorisation:
    """Return how a secret is shown: as the operation asks, else as a bearer's token."""
    components = document.mapping(document.value.get("components"), "`components`")
    schemes = document.mapping(components.get("securitySchemes"), "`securitySchemes`")
    wanted = document.list(operation.get("security", document.value.get("security")), "`security`")
    names = [name for one in wanted if isinstance(one, Mapping) for name in one]
    for name in [*names, *schemes]:
        scheme = document.mapping(schemes.get(name), f"the security scheme `{name}`")
        if scheme.get("type") == "apiKey" and scheme.get("in") in ("header", "query"):
            return Authorisation(scheme["in"], str(scheme.get("name")))
        if scheme.get("type") == "http" and str(scheme.get("scheme")).lower() == "basic":
            return Authorisation("header", "Authorization", "Basic ", encoded=True)
        if scheme.get("type") in ("http", "oauth2", "openIdConnect"):
            break
    return Authorisation("header", "Authorization", "Bearer ")


def _base(document: Document, api: OpenApi) -> str:
    if api.base_url:
        return api.base_url.rstrip("/")
    servers = document.list(document.value.get("servers"), "`servers`")
    first = document.mapping(servers[0] if servers else None, "the first of `servers`")
    url = str(first.get("url") or "")
    for name, said in document.mapping(first.get("variables"), "its variables").items():
        default = document.mapping(said, f"the variable `{name}`").get("default", "")
        url = url.replace(f"{{{name}}}", str(default))
    url = urljoin(api.url, url) if api.url else url
    if not url.startswith(("http://", "https://")):
        raise Invalid(
            f"The description of tools.openapi.{document.name} does not say where the API is.",
            code="openapi_no_server",
            advice=f"Set tools.openapi.{document.name}.base_url.",
        )
    return url.rstrip("/")


def _check(args: Mapping[str, Json]) -> None:
    try:
        jsonschema_rs.validator_for(dict(args), offline=True)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        raise Invalid(
            f"its arguments have no usable JSON Schema ({quoted(str(error))}).",
            code="tool_schema",
            advice="Correct the description, or leave the operation out.",
        ) from error
