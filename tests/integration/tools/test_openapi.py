"""Operations of HTTP APIs as tools, against a real server on loopback."""

import asyncio
import base64
import json
import socket
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request as Asked
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kapell.adapters.tools.openapi.document import parsed
from kapell.adapters.tools.openapi.importing import imported
from kapell.adapters.tools.openapi.operations import operations
from kapell.adapters.tools.openapi.tools import OpenApiTool
from kapell.adapters.tools.options import ToolOptions
from kapell.adapters.tools.sources import Found, FoundTool, OpenApi, Request, Source
from kapell.kit.errors import Conflict, Denied, Invalid, KapellError, Limited, Missing, Unavailable
from kapell.kit.json import Json
from kapell.services.tools.ports import UnknownOutcome
from tests.integration.tools.calling import Caller

SHOP = """
openapi: {version}
info: {{title: Shop, version: '1'}}
servers: [{{url: '{base}/{{stage}}', variables: {{stage: {{default: v1}}}}}}]
security: [{{key: []}}]
paths:
  /orders/{{id}}:
    parameters:
      - {{name: id, in: path, required: true, schema: {{type: string}}}}
    get:
      operationId: getOrder
      summary: Get an order.
      parameters:
        - {{$ref: '#/components/parameters/Fields'}}
        - {{name: X-Trace, in: header, schema: {{type: string}}}}
        - {{name: limit, in: query, schema: {{type: integer, {bound}}}}}
      responses: {{200: {{description: ok}}}}
    delete:
      operationId: deleteOrder
      responses: {{204: {{description: gone}}}}
  /orders:
    post:
      operationId: createOrder
      description: Create an order.
      requestBody:
        required: true
        content:
          application/json:
            schema: {{$ref: '#/components/schemas/Order'}}
      responses: {{201: {{description: made}}}}
  /files:
    put:
      operationId: upload
      requestBody: {{content: {{multipart/form-data: {{schema: {{type: object}}}}}}}}
      responses: {{200: {{description: ok}}}}
  /lost:
    get:
      operationId: lost
      parameters: [{{$ref: '#/components/parameters/Nowhere'}}]
      responses: {{200: {{description: ok}}}}
components:
  securitySchemes:
    key: {scheme}
  parameters:
    Fields: {{name: fields, in: query, description: What to tell., schema: {{type: array, items: {{type: string}}}}}}
  schemas:
    Order:
      type: object
      required: [item]
      properties:
        item: {{type: string}}
        note: {note}
        parts: {{type: array, items: {{$ref: '#/components/schemas/Order'}}}}
"""  # noqa: E501 - one line of YAML
AUTHORISED = {"secret": "shop_key"}
BEARER = "{type: http, scheme: bearer}"
OLD = {
    "version": "3.0.3",
    "bound": "minimum: 0, exclusiveMinimum: true",
    "note": "{type: string, nullable: true}",
}
NEW = {"version": "3.1.0", "bound": "exclusiveMinimum: 0", "note": "{type: [string, 'null']}"}


class Shop:
    """A server that remembers what it was asked and answers as the test says."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.answer: Response = JSONResponse({"id": "7"})
        self.description = ""
        self.base = ""

    async def __call__(self, asked: Asked) -> Response:
        if asked.url.path == "/openapi.yaml":
            return Response(self.description, media_type="application/yaml")
        target = f"{asked.scope['raw_path'].decode()}?{asked.url.query}".rstrip("?")
        self.asked.append((asked.method, target, dict(asked.headers), await asked.body()))
        return self.answer


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    """Return a shop that listens."""
    found = Shop()
    listening = socket.create_server(("127.0.0.1", 0))
    found.base = f"http://127.0.0.1:{listening.getsockname()[1]}"
    methods = ["GET", "POST", "PUT", "DELETE"]
    app = Starlette(routes=[Route("/{path:path}", found.__call__, methods=methods)])
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    yield found
    server.should_exit = True
    await serving


def described(shop: Shop, words: Mapping[str, str] = NEW, scheme: str = BEARER) -> str:
    return SHOP.format(base=shop.base, scheme=scheme, **words)


def found_in(text: str, **api: Any) -> tuple[dict[str, FoundTool], list[str]]:
    tools: dict[str, FoundTool] = {}
    notes: list[str] = []
    for one in operations(parsed(text.encode(), "shop"), msgspec.convert(api, OpenApi)):
        if isinstance(one, str):
            notes.append(one)
        else:
            tools[one.spec.name] = one
    return tools, notes


def caller(shop: Shop, folder: Path, text: str = "", **api: Any) -> Caller:
    host = shop.base.removeprefix("http://")
    options = ToolOptions(http_allow=(host,), http_timeout=5)
    found, _ = found_in(text or described(shop), **api)
    tools = [OpenApiTool(one.spec, one.detail, options) for one in found.values()]
    return Caller(folder, *tools, environ={"SHOP_KEY": "key-123456"})


@pytest.mark.requirement("TL-03")
@pytest.mark.parametrize("words", [OLD, NEW], ids=["3.0", "3.1"])
async def test_operations_become_tools_with_their_schemas(
    shop: Shop, words: Mapping[str, str]
) -> None:
    found, notes = found_in(described(shop, words))
    assert sorted(found) == ["shop.createOrder", "shop.deleteOrder", "shop.getOrder"]
    assert len(notes) == 2
    assert "`upload` is left out: its body is multipart/form-data, which is not spoken" in notes[0]
    assert "`lost` is left out" in notes[1]
    get, create = found["shop.getOrder"].spec, found["shop.createOrder"].spec
    assert isinstance(get.args, dict)
    assert get.args["properties"]["limit"] == {"type": "integer", "exclusiveMinimum": 0}
    assert get.args["properties"]["fields"]["description"] == "What to tell."
    assert get.args["required"] == ["id"]
    assert (get.effects, get.repeatable, get.trust) == ("read", True, "untrusted")
    assert (create.effects, create.repeatable) == ("external", False)
    assert isinstance(create.args, dict)
    assert create.args["properties"]["body"] == {"$ref": "#/$defs/Order"}
    order = create.args["$defs"]["Order"]["properties"]
    assert order["note"] == {"type": ["string", "null"]}
    assert order["parts"]["items"] == {"$ref": "#/$defs/Order"}


@pytest.mark.requirement("TL-03")
async def test_parameters_travel_where_they_belong(shop: Shop, tmp_path: Path) -> None:
    calling = caller(shop, tmp_path)
    args: dict[str, Json] = {"id": "a/b ?", "fields": ["x", "y"], "limit": 3, "X-Trace": "t1"}
    assert await calling.call("shop.getOrder", **args) == {"id": "7"}
    method, target, headers, _ = shop.asked[0]
    assert (method, target) == ("GET", "/v1/orders/a%2Fb%20%3F?fields=x&fields=y&limit=3")
    assert headers["x-trace"] == "t1"
    assert "idempotency-key" not in headers
    await calling.call("shop.createOrder", body={"item": "tea", "note": None})
    method, target, headers, body = shop.asked[1]
    assert (method, target) == ("POST", "/v1/orders")
    assert json.loads(body) == {"item": "tea", "note": None}
    assert headers["idempotency-key"] == "key-1"
    shop.answer = Response(status_code=204)
    assert await calling.call("shop.deleteOrder", id="7") is None
    shop.answer = Response("plain", media_type="text/plain")
    assert await calling.call("shop.getOrder", id="7") == "plain"


@pytest.mark.parametrize(
    ("way", "value", "expected"),
    [
        ({}, ["x", "y"], "f=x&f=y"),
        ({"explode": False}, ["x", "y"], "f=x%2Cy"),
        ({}, {"a": 1, "b": "y z"}, "a=1&b=y+z"),
        ({"style": "deepObject", "explode": True}, {"a": 1, "b": True}, "f%5Ba%5D=1&f%5Bb%5D=true"),
        ({}, "x&y=1", "f=x%26y%3D1"),
    ],
)
async def test_values_stand_in_the_query_as_their_style_says(
    shop: Shop, tmp_path: Path, way: dict[str, Any], value: Json, expected: str
) -> None:
    parameter = {"in": "query", "name": "f", "schema": {}, **way}
    paths = {"/a": {"get": {"operationId": "find", "parameters": [parameter]}}}
    description = {"openapi": "3.1.0", "servers": [{"url": shop.base}], "paths": paths}
    await caller(shop, tmp_path, json.dumps(description)).call("shop.find", f=value)
    assert shop.asked[0][1] == f"/a?{expected}"


@pytest.mark.requirement("TL-04", "TL-06")
async def test_what_does_not_fit_or_leads_elsewhere_is_not_asked(
    shop: Shop, tmp_path: Path
) -> None:
    calling = caller(shop, tmp_path)
    wrong: list[Json] = [{"limit": 3}, {"id": "7", "limit": 0}, {"id": "7", "no": 1}, {"id": 7}]
    for args in wrong:
        with pytest.raises(Invalid) as caught:
            await calling.result("shop.getOrder", args)
        assert caught.value.code == "tool_arguments"
    with pytest.raises(Invalid) as nested:
        await calling.call("shop.createOrder", body={"item": "tea", "parts": [{"item": 1}]})
    assert [flaw.at for flaw in nested.value.flaws] == ["body.parts.0.item"]
    with pytest.raises(Denied):
        await calling.call("shop.getOrder", id="..")
    with pytest.raises(Invalid):
        await calling.call("shop.getOrder", id="7", **{"X-Trace": "a\r\nHost: other"})
    assert shop.asked == []


@pytest.mark.requirement("TL-06")
@pytest.mark.parametrize(
    ("scheme", "header", "value"),
    [
        (BEARER, "authorization", "Bearer key-123456"),
        ("{type: apiKey, in: header, name: X-Key}", "x-key", "key-123456"),
        (
            "{type: http, scheme: basic}",
            "authorization",
            "Basic " + base64.b64encode(b"key-123456").decode(),
        ),
    ],
)
async def test_a_secret_is_shown_as_the_description_asks_and_told_to_nobody(
    shop: Shop, tmp_path: Path, scheme: str, header: str, value: str
) -> None:
    calling = caller(shop, tmp_path, described(shop, scheme=scheme), **AUTHORISED)
    shop.answer = JSONResponse({"echo": "key-123456"})
    assert await calling.call("shop.getOrder", id="7") == {"echo": "[secret]"}
    assert shop.asked[0][2][header] == value
    shop.answer = JSONResponse({"wrong": "key-123456"}, status_code=403)
    with pytest.raises(Denied) as caught:
        await calling.call("shop.getOrder", id="7")
    assert caught.value.code == "api_denied"
    assert "key-123456" not in str(caught.value)


async def test_a_secret_in_the_query_is_put_there(shop: Shop, tmp_path: Path) -> None:
    text = described(shop, scheme="{type: apiKey, in: query, name: k}")
    await caller(shop, tmp_path, text, **AUTHORISED).call("shop.getOrder", id="7")
    assert shop.asked[0][1] == "/v1/orders/7?k=key-123456"


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (302, Invalid, "http_redirects"),
        (400, Invalid, "tool_failed"),
        (401, Denied, "api_denied"),
        (404, Missing, "api_missing"),
        (409, Conflict, "api_conflict"),
        (422, Invalid, "tool_failed"),
        (429, Limited, "api_limited"),
        (503, Unavailable, "tool_unavailable"),
    ],
)
async def test_a_status_becomes_an_error_of_its_class(
    shop: Shop, tmp_path: Path, status: int, kind: type[KapellError], code: str
) -> None:
    shop.answer = JSONResponse({"detail": "why"}, status, {"Retry-After": "7", "Location": "/x"})
    with pytest.raises(kind) as caught:
        await caller(shop, tmp_path).call("shop.getOrder", id="7")
    assert (caught.value.code, "why" in caught.value.message) == (code, True)
    assert caught.value.retry_after == (7.0 if status in {429, 503} else None)
    assert len(shop.asked) == 1


async def test_a_change_that_may_have_happened_is_of_unknown_outcome(
    shop: Shop, tmp_path: Path
) -> None:
    shop.answer = JSONResponse({}, 500)
    with pytest.raises(UnknownOutcome):
        await caller(shop, tmp_path).call("shop.createOrder", body={"item": "tea"})
    shop.answer = JSONResponse({}, 400)
    with pytest.raises(Invalid):
        await caller(shop, tmp_path).call("shop.createOrder", body={"item": "tea"})
    large = Response(b"x" * 11_000_000, media_type="text/plain")
    packed = Response(b"not packed", headers={"Content-Encoding": "gzip"})
    for answer, code in ((large, "http_too_large"), (packed, "tool_unavailable")):
        shop.answer = answer
        with pytest.raises(UnknownOutcome) as unknown:
            await caller(shop, tmp_path).call("shop.createOrder", body={"item": "tea"})
        assert isinstance(unknown.value.__cause__, KapellError)
        assert unknown.value.__cause__.code == code
        with pytest.raises(KapellError) as caught:
            await caller(shop, tmp_path).call("shop.getOrder", id="7")
        assert caught.value.code == code


async def test_a_change_nobody_answered_is_of_unknown_outcome_and_says_why(
    shop: Shop, tmp_path: Path
) -> None:
    async def silence(scope: Any, receive: Any, send: Any) -> None:
        raise ConnectionError

    shop.answer = silence  # type: ignore[assignment]  # anything that is called as a response is
    with pytest.raises(UnknownOutcome) as unknown:
        await caller(shop, tmp_path).call("shop.deleteOrder", id="7")
    assert isinstance(unknown.value.__cause__, Unavailable)
    assert unknown.value.__cause__.code == "tool_unavailable"


async def test_nobody_makes_us_wait_longer_than_a_day(shop: Shop, tmp_path: Path) -> None:
    shop.answer = JSONResponse({}, 429, {"Retry-After": "9" * 9})
    with pytest.raises(Limited) as caught:
        await caller(shop, tmp_path).call("shop.getOrder", id="7")
    assert caught.value.retry_after == 86_400


@pytest.mark.requirement("TL-06")
async def test_the_host_must_be_allowed_as_for_http_request(shop: Shop, tmp_path: Path) -> None:
    found, _ = found_in(described(shop))
    tools = [OpenApiTool(one.spec, one.detail, ToolOptions()) for one in found.values()]
    with pytest.raises(Denied) as caught:
        await Caller(tmp_path, *tools).call("shop.createOrder", body={"item": "tea"})
    assert caught.value.code == "http_host_denied"
    assert shop.asked == []


async def imported_from(root: Path, web: Mapping[str, Any], **api: Any) -> Found:
    source = Source(kind="openapi", name="shop", openapi=msgspec.convert(api, OpenApi))
    request = Request(root=str(root), path=(), sources=(source,), web=web)
    return await imported(request, source)


async def test_a_description_comes_from_a_file_or_an_allowed_host(
    shop: Shop, tmp_path: Path
) -> None:
    shop.description = described(shop)
    url = f"{shop.base}/openapi.yaml"
    (tmp_path / "shop.yaml").write_text(shop.description)
    as_json = json.dumps({"openapi": "3.1.0", "paths": {"/a": {"get": {}}}})
    (tmp_path / "shop.json").write_text(as_json)
    web = {"allow": [shop.base.removeprefix("http://")]}
    for api in ({"file": "shop.yaml"}, {"url": url}):
        found = await imported_from(tmp_path, web, **api, allow=["getOrder", "noOrder"])
        assert [tool.spec.name for tool in found.tools] == ["shop.getOrder"]
        assert "has no operation `noOrder`" in found.notes[0]
    plain = await imported_from(tmp_path, {}, file="shop.json", base_url="https://a.example")
    assert [tool.spec.name for tool in plain.tools] == ["shop.get_a"]
    with pytest.raises(Denied):
        await imported_from(tmp_path, {}, url=url)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "openapi_broken"),
        ("[1]", "openapi_broken"),
        ("a: [", "openapi_broken"),
        ("swagger: '2.0'", "openapi_broken"),
        ("{openapi: 3.1.0, paths: {}}", "openapi_no_server"),
    ],
)
def test_a_description_that_is_none_is_told(text: str, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        found_in(text)
    assert caught.value.code == code
