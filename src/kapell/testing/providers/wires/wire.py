"""What every wire can do, and how JSON bodies are read without trusting them."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

import jsonschema_rs

from kapell.core.gateway.calls import ModelAnswer, ToolAsk, ToolOffer
from kapell.kit.json import Json
from kapell.testing.providers.call import Call
from kapell.testing.providers.http import Request

_PIECE = 11
_KEY = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
_NOT_AT_THE_ROOT = ("oneOf", "anyOf", "allOf", "enum", "not")
_ANSWER_TOOL = "answer"
"""How our own adapter calls the tool that an answer goes into; others may force just one."""


class Wire(Protocol):
    """One vendor's way of asking and answering over HTTP."""

    def read(self, request: Request, body: Mapping[str, Json]) -> Call:
        """Return the call a request makes."""
        ...

    def key(self, request: Request) -> str | None:
        """Return the API key a request shows, None when this vendor asks for none."""
        ...

    def whole(self, call: Call, answer: ModelAnswer) -> Mapping[str, Json]:
        """Return the body of an answer that comes at once."""
        ...

    def pieces(self, call: Call, answer: ModelAnswer) -> Iterator[bytes]:
        """Yield the events of an answer that is streamed; the last ones say that it is complete."""
        ...

    def error(self, status: int, code: str, message: str) -> Mapping[str, Json]:
        """Return the body of a refusal."""
        ...


def cut(text: str) -> Iterator[str]:
    """Yield a text in pieces, at least one."""
    for start in range(0, max(len(text), 1), _PIECE):
        yield text[start : start + _PIECE]


def event(data: object, name: str = "") -> bytes:
    """Return a server-sent event."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


def table(value: Json) -> Mapping[str, Json]:
    """Return a JSON object, empty when the value is none."""
    return value if isinstance(value, Mapping) else {}


def listed(value: Json) -> Sequence[Json]:
    """Return a JSON list, empty when the value is none."""
    return value if isinstance(value, list) else []


def words(value: Json) -> str:
    """Return the text of a message's content: a string, or parts with texts."""
    if isinstance(value, str):
        return value
    return "\n".join(
        str(table(part).get("text", "")) for part in listed(value) if table(part).get("text")
    )


def arguments(text: str) -> Json:
    """Return a tool's arguments as an object; a text that is none becomes one."""
    try:
        value: Json = json.loads(text)
    except ValueError:
        return {"text": text}
    return value if isinstance(value, Mapping) else {"text": text}


def offers(tools: Iterable[Mapping[str, Json]], *schemas: str) -> list[ToolOffer]:
    """Return the tools of a body, whose arguments stand under one of the keys ``schemas``."""
    return [
        ToolOffer(
            name=str(tool.get("name", "")),
            description=str(tool.get("description", "")),
            args=next((tool[key] for key in schemas if key in tool), None),
        )
        for tool in tools
    ]


def apart(
    tools: Sequence[ToolOffer], *, must: bool
) -> tuple[ToolOffer | None, tuple[ToolOffer, ...]]:
    """Return the tool that the answer goes into, when there is one, and the tools to ask for.

    Args:
        tools: Every tool of a body.
        must: Whether the caller wants a tool called: then the only one is where the answer goes.
    """
    named = next((one for one in tools if one.name.rstrip("_") == _ANSWER_TOOL), None)
    target = tools[0] if must and len(tools) == 1 else named
    return target, tuple(one for one in tools if one is not target)


def _wrong(tool: ToolOffer, number: int, call: Call) -> str | None:
    """Return what a vendor says of a schema that is none."""
    close = call.wire in {"openai", "azure", "anthropic"}
    if not close or jsonschema_rs.meta.is_valid(dict(table(tool.args))):
        return None
    if call.wire == "anthropic":
        return (
            f"tools.{number}.custom.input_schema: JSON schema is invalid. "
            "It must match JSON Schema draft 2020-12"
        )
    return f"Invalid schema for function '{tool.name}': it is not valid under any of the schemas."


def refused_tool(call: Call) -> str | None:
    """Return what a vendor finds wrong with a tool on offer, as those say it who look closely."""
    answering = (ToolOffer(call.tool, "", call.schema),) if call.tool else ()
    for number, tool in enumerate((*call.tools, *answering)):
        schema = table(tool.args)
        odd = next((one for one in _NOT_AT_THE_ROOT if one in schema), None)
        if call.wire in {"openai", "azure"} and (odd or schema.get("type") != "object"):
            return (
                f"Invalid schema for function '{tool.name}': schema must have type 'object' and "
                "not have 'oneOf'/'anyOf'/'allOf'/'enum'/'not' at the top level."
            )
        if call.wire == "anthropic" and odd in {"oneOf", "allOf", "anyOf"}:
            return (
                f"tools.{number}.custom.input_schema: input_schema does not support oneOf, allOf, "
                "or anyOf at the top level"
            )
        if call.wire == "anthropic" and not all(
            map(_KEY.fullmatch, table(schema.get("properties")))
        ):
            return (
                f"tools.{number}.custom.input_schema.properties: Property keys should match "
                f"pattern '^{_KEY.pattern}$'"
            )
        if (wrong := _wrong(tool, number, call)) is not None:
            return wrong
    return None


def asked(id_: Json, name: Json, given: Json) -> ToolAsk:
    """Return a tool call of an earlier answer; arguments may be a text of JSON."""
    args, broken = given, ""
    if isinstance(given, str):
        try:
            args = json.loads(given or "{}")
        except ValueError:
            args, broken = None, given
    return ToolAsk(id=str(id_ or ""), tool=str(name or ""), args=args, broken=broken)


def spelled(ask: ToolAsk) -> str:
    """Return a tool call's arguments as the text a model writes."""
    return ask.broken or json.dumps({} if ask.args is None else ask.args, ensure_ascii=False)


def whole_number(value: Json, default: int) -> int:
    """Return a number of a body, or the default."""
    return value if isinstance(value, int) and not isinstance(value, bool) else default
