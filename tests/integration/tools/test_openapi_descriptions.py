"""Descriptions of APIs as people write them: with parts that are odd, broken, or of one name."""

import json
from typing import Any

import pytest

from kapell.adapters.tools.openapi.document import parsed
from kapell.adapters.tools.openapi.operations import operations
from kapell.adapters.tools.openapi.tools import OpenApiTool
from kapell.adapters.tools.options import ToolOptions
from kapell.adapters.tools.sources import FoundTool, OpenApi
from kapell.kit.errors import Invalid
from kapell.services.tools.arguments import Arguments

SOUND = {"operationId": "sound"}


def found_in(paths: Any, **more: Any) -> tuple[dict[str, FoundTool], list[str]]:
    document = {"openapi": "3.1.0", "servers": [{"url": "http://127.0.0.1:9"}], "paths": paths}
    found = list(operations(parsed(json.dumps({**document, **more}).encode(), "t"), OpenApi()))
    tools = {one.spec.name: one for one in found if isinstance(one, FoundTool)}
    for one in tools.values():
        OpenApiTool(one.spec, one.detail, ToolOptions())
    return tools, [one for one in found if isinstance(one, str)]


def args_of(found: FoundTool) -> dict[str, Any]:
    assert isinstance(found.spec.args, dict)
    return found.spec.args


def query(schema: Any) -> dict[str, Any]:
    return {"operationId": "odd", "parameters": [{"in": "query", "name": "q", "schema": schema}]}


@pytest.mark.requirement("TL-03")
@pytest.mark.parametrize(
    ("odd", "told"),
    [
        ({"parameters": {"a": 1}}, "its parameters should be a list"),
        ({"parameters": ["a"]}, "its parameter should be a mapping"),
        ({"parameters": [{"in": "query", "name": "q", "content": ["x"]}]}, "its parameter should"),
        ({"parameters": [{"in": "formData", "name": "q"}]}, "`q` travels in 'formData'"),
        ({"requestBody": {"content": ["x"]}}, "the content of its body should be a mapping"),
        ({"requestBody": {"content": {"image/png": {}}}}, "its body is image/png"),
        (query({"type": "nonsense"}), "no usable JSON Schema"),
        (query({"$ref": "#/components/schemas/Gone"}), "leads nowhere"),
        (query({"$ref": "other.yaml#/A"}), "another file"),
    ],
)
def test_an_operation_that_is_broken_is_left_out_and_the_others_are_not(
    odd: dict[str, Any], told: str
) -> None:
    tools, notes = found_in({"/a": {"post": {"operationId": "odd", **odd}, "get": SOUND}})
    assert sorted(tools) == ["t.sound"]
    assert len(notes) == 1
    assert "`odd` is left out" in notes[0]
    assert told in notes[0]


def test_a_path_that_is_broken_is_left_out_and_the_others_are_not() -> None:
    paths = {"/a": [1], "/b": {"$ref": "#/paths/~1b"}, "/c/{id}": {"get": {}}, "/d": {"get": SOUND}}
    tools, notes = found_in(paths)
    assert sorted(tools) == ["t.sound"]
    assert ["`/a`" in notes[0], "`/b`" in notes[1], "names `id`" in notes[2]] == [True] * 3


@pytest.mark.parametrize(
    "broken", [{"paths": [1]}, {"paths": "x"}, {"servers": {"url": "x"}}, {"servers": [1]}]
)
def test_a_description_of_another_shape_is_one_clear_error(broken: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as caught:
        found_in(**{"paths": {}, **broken})
    assert caught.value.code == "openapi_broken"


def test_what_is_of_one_name_stays_apart() -> None:
    both = {
        "operationId": "odd",
        "parameters": [
            {"in": "query", "name": "a", "schema": {"$ref": "#/components/schemas/One"}},
            {"in": "query", "name": "b", "schema": {"$ref": "#/components/others/One"}},
            {"in": "query", "name": "c", "schema": {"$ref": "#/components/schemas/One%20more"}},
        ],
    }
    tools, notes = found_in(
        {"/a": {"get": both}},
        components={
            "schemas": {"One": {"type": "string"}, "One more": {"type": "boolean"}},
            "others": {"One": {"type": "integer"}},
        },
    )
    assert notes == []
    Arguments().check(tools["t.odd"].spec, {"a": "x", "b": 1, "c": True})
    with pytest.raises(Invalid) as caught:
        Arguments().check(tools["t.odd"].spec, {"a": 1, "b": "x", "c": 0})
    assert [flaw.at for flaw in caught.value.flaws] == ["a", "b", "c"]


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_properties_may_be_named_like_keywords(version: str) -> None:
    names = ("example", "xml", "discriminator", "nullable", "enum", "default", "required", "$ref")
    text = {"$ref": "#/components/schemas/Text"}
    body = {"type": "object", "properties": dict.fromkeys(names, text)}
    operation = {
        "operationId": "odd",
        "requestBody": {"content": {"application/json": {"schema": body}}},
    }
    tools, notes = found_in(
        {"/a": {"post": operation}},
        openapi=version,
        components={"schemas": {"Text": {"type": "string", "example": "x"}}},
    )
    assert notes == []
    found = args_of(tools["t.odd"])
    assert set(found["properties"]["body"]["properties"]) == set(names)
    assert found["$defs"] == {"Text": {"type": "string"}}


def test_arguments_have_names_that_every_model_takes() -> None:
    named = ("$filter", "page[size]", "größe", "a" * 90, "[]", "body", "$body", "body$")
    parameters = [{"in": "query", "name": name, "schema": {}} for name in named]
    parameters.append({"in": "header", "name": "$filter", "schema": {}})
    tools, _ = found_in({"/a": {"get": {"operationId": "odd", "parameters": parameters}}})
    names = list(args_of(tools["t.odd"])["properties"])
    plain = ["filter", "page_size", "gr_e", "a" * 56, "query"]
    assert names == [*plain, "query_body", "query_body_2", "query_body_3", "header_filter"]


def test_a_header_that_is_ours_to_set_is_no_argument() -> None:
    named = ("Host", "content-length", "X-Own", "Accept-Encoding", "Transfer-Encoding")
    parameters = [{"in": "header", "name": name, "schema": {}} for name in named]
    tools, _ = found_in({"/a": {"get": {"operationId": "odd", "parameters": parameters}}})
    assert list(args_of(tools["t.odd"])["properties"]) == ["X-Own"]
