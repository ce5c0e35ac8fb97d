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

from kapell.adapters.llm.remote.keys import Fitting, Keys
from kapell.adapters.llm.remote.naming import our_names
from kapell.adapters.llm.remote.offering import definition, rooted
from kapell.core.gateway.calls import ModelRequest
from kapell.core.gateway.failures import failure
from kapell.kit.json import Json

_NAME = "answer"
_WRAPPED = "value"
_FENCE = re.compile(r"\A\s*```[a-zA-Z]*\s*\n(.*?)\n?\s*```\s*\Z", re.DOTALL)


class Shape(msgspec.Struct, frozen=True):
    """How an answer's shape travels: the call's parameters, and whether the value is wrapped.

    ``offered`` are the tools by their names on the wire, ``keys`` those of our tools whose
    arguments have others there. ``answer_tool`` is the one that is none: calling it gives the
    answer, whose keys are ``answer_keys``.
    """

    parameters: ModelRequestParameters
    structured: bool
    wrapped: bool = False
    offered: dict[str, str] = {}
    keys: dict[str, Keys] = {}
    answer_tool: str = ""
    answer_keys: Keys | None = None

    def holds_answer(self, part: ToolCallPart) -> bool:
        """Tell whether a tool call is the answer itself; where nothing else is on offer any is."""
        return bool(self.answer_tool) and (part.tool_name == self.answer_tool or not self.offered)


class Fittings:
    """How schemas were made to fit: those of tools' arguments, and those of answers by tool."""

    def __init__(self) -> None:
        self.args = Fitting(rooted)
        self.answers = Fitting(_as_object)


def shape(model: Model, request: ModelRequest, fittings: Fittings, *, by_grammar: bool) -> Shape:
    """Return how to ask a model for what a request wants: its schema beside its tools.

    A schema goes by the model's own JSON mode, else as a tool to answer with, else in words.

    Args:
        model: The vendor's model.
        request: What is asked.
        fittings: Remember the schemas of earlier calls.
        by_grammar: Whether the server holds an answer to its schema token by token: then its JSON
            mode keeps the model from asking for tools.

    Raises:
        KapellError: ``model_refused`` when the model knows no tools and some are offered.
    """
    profile: Mapping[str, object] = dict(model.profile)
    offered = our_names(offer.name for offer in request.tools)
    fitted = {offer.name: fittings.args.of(offer.args) for offer in request.tools}
    functions = [definition(offer, fitted[offer.name]) for offer in request.tools]
    keys = {name: one.keys for name, one in fitted.items() if one.keys}
    knows_tools = bool(profile.get("supports_tools", True))
    if functions and not knows_tools:
        raise failure(
            "model_refused",
            f"{request.model} can call no tools.",
            advice="Name a model that can, or take the tools from the agent.",
        )
    if request.schema is None:
        parameters = ModelRequestParameters(function_tools=functions)
        return Shape(parameters, False, offered=offered, keys=keys)
    wrapped = not _is_object(request.schema)
    if _native(profile, tools=bool(functions), by_grammar=by_grammar):
        mode: Literal["native", "prompted"] = "native"
    elif knows_tools:
        answers = fittings.answers.of(request.schema)
        name = _free_name(offered)
        return Shape(
            _by_tool(functions, name, answers.schema),
            structured=True,
            wrapped=wrapped,
            offered=offered,
            keys=keys,
            answer_tool=name,
            answer_keys=answers.keys,
        )
    else:
        mode = "prompted"
    parameters = ModelRequestParameters(
        function_tools=functions,
        output_mode=mode,
        output_object=OutputObjectDefinition(json_schema=_as_object(request.schema), name=_NAME),
    )
    return Shape(parameters, True, wrapped, offered, keys)


def _native(profile: Mapping[str, object], *, tools: bool, by_grammar: bool) -> bool:
    """Tell whether a model's own JSON mode serves; not every one leaves room for tools."""
    if not profile.get("supports_json_schema_output", False):
        return False
    # Gemini before its third generation refuses both at once.
    return not tools or (
        not by_grammar and bool(profile.get("google_supports_tool_combination", True))
    )


def _free_name(offered: Mapping[str, str]) -> str:
    name = _NAME
    while name in offered:
        name += "_"
    return name


def _by_tool(
    functions: list[ToolDefinition], name: str, asked: dict[str, Any]
) -> ModelRequestParameters:
    tool = ToolDefinition(
        name=name,
        description="Give the answer.",
        parameters_json_schema=asked,
        kind="output",
    )
    return ModelRequestParameters(
        function_tools=functions, output_mode="tool", output_tools=[tool], allow_text_output=False
    )


def _is_object(schema: Json) -> bool:
    """Tell whether a schema has an object at its root; else its value travels wrapped."""
    plain = schema if isinstance(schema, Mapping) else {}
    return plain.get("type") == "object" or ("type" not in plain and "properties" in plain)


def _as_object(schema: Json) -> dict[str, Any]:
    """Return a schema with an object at its root, as every wire demands."""
    plain = dict(schema) if isinstance(schema, Mapping) else {}
    if _is_object(schema):
        return {"type": "object", **cast(dict[str, Any], plain)}
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
    return root


def read(response: ModelResponse, form: Shape, *, asking: bool) -> tuple[str, Json]:
    """Return an answer's text and, for a structured one, its value; None when it is no JSON.

    With ``asking`` tools are wanted first: there is no value yet, only what was said beside.
    """
    said = "".join(part.content for part in response.parts if isinstance(part, TextPart))
    if asking or not form.structured:
        return said, None
    calls = [part for part in response.parts if isinstance(part, ToolCallPart)]
    if calls:
        text = calls[0].args_as_json_str()
    else:
        fenced = _FENCE.match(said)
        text = fenced[1] if fenced else said
    value = parsed(text)
    if form.answer_keys and value is not None:
        value = form.answer_keys.back(value)
        text = json.dumps(value, ensure_ascii=False)
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
