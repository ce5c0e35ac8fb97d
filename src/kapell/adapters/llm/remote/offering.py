"""Tools as every wire takes them: an object at the root of the arguments, no alternatives there.

What is left out here is asked for all the same: the door to tools checks each call against the
whole schema, and the model reads what did not fit.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic_ai.tools import ToolDefinition

from kapell.adapters.llm.remote.keys import Fitted
from kapell.adapters.llm.remote.naming import wire_name
from kapell.core.gateway.calls import ToolOffer
from kapell.kit.json import Json

_ALTERNATIVES = ("anyOf", "oneOf", "allOf")
_REFUSED = frozenset(
    {
        *("anyOf", "oneOf", "allOf", "not", "if", "then", "else", "enum", "const", "$ref"),
        *("dependentSchemas", "dependentRequired", "unevaluatedProperties"),
    }
)
"""Keywords that one vendor or another refuses at the root."""
_DEPTH = 20


def definition(offer: ToolOffer, fitted: Fitted) -> ToolDefinition:
    """Return a tool as it is offered on the wire."""
    return ToolDefinition(
        name=wire_name(offer.name),
        description=offer.description,
        parameters_json_schema=fitted.schema,
    )


def rooted(args: Json) -> dict[str, Any]:
    """Return the schema of arguments without what no wire takes at its root.

    Properties of alternatives become properties, so that a model sees what there is.
    """
    plain: Mapping[str, Any] = args if isinstance(args, Mapping) else {}
    if plain.get("type") == "object" and not _REFUSED & plain.keys():
        return dict(plain)
    layers = list(_layers(plain, plain, _DEPTH))
    properties: dict[str, Any] = {}
    for layer in reversed(layers):
        properties.update(layer.get("properties") or {})
    kept = {key: value for key, value in plain.items() if key not in _REFUSED}
    if len(layers) > 1:
        # Names that only an alternative knows must not look forbidden.
        kept.pop("additionalProperties", None)
    required = {"required": layers[-1]["required"]} if _only_refers(plain, layers) else {}
    return {**required, **kept, "type": "object", "properties": properties}


def blamed(body: object, tools: Sequence[ToolOffer]) -> str:
    """Return the tool that a vendor's refusal speaks of by name or number, empty when none is."""
    said = str(body)
    for number, offer in enumerate(tools):
        places = (f"tools.{number}.", f"tools[{number}]", f"function_declarations[{number}]")
        if f"'{wire_name(offer.name)}'" in said or any(place in said for place in places):
            return offer.name
    return ""


def _layers(
    root: Mapping[str, Any], schema: Mapping[str, Any], depth: int
) -> Iterator[Mapping[str, Any]]:
    """Yield a schema and every one that speaks of the same value beside it."""
    yield schema
    if depth == 0:
        return
    for keyword in _ALTERNATIVES:
        branches = schema.get(keyword)
        for branch in branches if isinstance(branches, list | tuple) else ():
            if isinstance(branch, Mapping):
                yield from _layers(root, branch, depth - 1)
    target = _target(root, schema.get("$ref"))
    if target is not None:
        yield from _layers(root, target, depth - 1)


def _target(root: Mapping[str, Any], reference: object) -> Mapping[str, Any] | None:
    if not isinstance(reference, str) or not reference.startswith("#/"):
        return None
    found: object = root
    for part in reference[2:].split("/"):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else None


def _only_refers(plain: Mapping[str, Any], layers: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether the root only names another schema, whose needs are then its own."""
    return "$ref" in plain and len(layers) == 2 and "required" in layers[-1]
