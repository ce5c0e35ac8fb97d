"""Structured answers over the wire: how a schema is asked for and how its value is read back."""

import json
import re
from collections.abc import Mapping
from typing import Any, Literal, cast

import msgspec
from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.output import OutputObjectDefinition
from pydantic_ai.tools import ToolDefinition

from kapell.kit.json import Json

_NAME = "answer"
_WRAPPED = "value"
_FENCE = re.compile(r"\A\s*```[a-zA-Z]*\s*\n(.*?)\n?\s*```\s*\Z", re.DOTALL)


class Shape(msgspec.Struct, frozen=True):
    """How an answer's shape travels: the call's parameters, and whether the value is wrapped."""

    parameters: ModelRequestParameters
    structured: bool
    wrapped: bool = False


def shape(model: Model, schema: Json) -> Shape:
    """Return how to ask a model for ``schema``: its own JSON mode, else a tool, else in words."""
    if schema is None:
        return Shape(ModelRequestParameters(), structured=False)
    asked, wrapped = _as_object(schema)
    mode: Literal["native", "tool", "prompted"] = "prompted"
    if model.profile.get("supports_json_schema_output", False):
        mode = "native"
    elif model.profile.get("supports_tools", True):
        mode = "tool"
    if mode == "tool":
        tool = ToolDefinition(
            name=_NAME,
            description="Give the answer.",
            parameters_json_schema=asked,
            kind="output",
        )
        parameters = ModelRequestParameters(
            output_mode="tool", output_tools=[tool], allow_text_output=False
        )
    else:
        parameters = ModelRequestParameters(
            output_mode=mode,
            output_object=OutputObjectDefinition(json_schema=asked, name=_NAME),
        )
    return Shape(parameters, structured=True, wrapped=wrapped)


def _as_object(schema: Json) -> tuple[dict[str, Any], bool]:
    """Return a schema with an object at its root, as every wire demands; tell if it was wrapped."""
    plain = dict(schema) if isinstance(schema, Mapping) else {}
    if plain.get("type") == "object" or ("type" not in plain and "properties" in plain):
        return {"type": "object", **cast(dict[str, Any], plain)}, False
    root: dict[str, Any] = {
        "type": "object",
        "properties": {
            _WRAPPED: {key: value for key, value in plain.items() if key != "$defs"},
        },
        "required": [_WRAPPED],
        "additionalProperties": False,
    }
    if "$defs" in plain:
        root["$defs"] = plain["$defs"]
    return root, True


def read(response: ModelResponse, form: Shape) -> tuple[str, Json]:
    """Return an answer's text and, for a structured one, its value; None when it is no JSON."""
    if not form.structured:
        return "".join(part.content for part in response.parts if isinstance(part, TextPart)), None
    calls = [part for part in response.parts if isinstance(part, ToolCallPart)]
    if calls:
        text = calls[0].args_as_json_str()
    else:
        text = "".join(part.content for part in response.parts if isinstance(part, TextPart))
        fenced = _FENCE.match(text)
        text = fenced[1] if fenced else text
    value = parsed(text)
    if form.wrapped and isinstance(value, dict) and list(value) == [_WRAPPED]:
        value = value[_WRAPPED]
        text = json.dumps(value, ensure_ascii=False)
    return text, value


def parsed(text: str) -> Json:
    """Return the JSON value of a text, None when it is none."""
    try:
        value: Json = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value
