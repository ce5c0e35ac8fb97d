"""Checks that an authored JSON Schema is one, without reaching for the network."""

import jsonschema_rs

from kapell.core.definitions.problems import Problems
from kapell.core.definitions.tree import Node
from kapell.kit.json import Json

DRAFTS = (
    "https://json-schema.org/draft/2020-12/schema",
    "https://json-schema.org/draft/2019-09/schema",
    "http://json-schema.org/draft-07/schema",
    "http://json-schema.org/draft-06/schema",
    "http://json-schema.org/draft-04/schema",
)


def check_schema(node: Node, problems: Problems) -> None:
    """Note what keeps the value from being a JSON Schema that can be used offline."""
    before = len(problems.errors)
    _refuse_remote(node, problems)
    if len(problems.errors) > before:
        return
    try:
        _validator(node.plain())
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as error:
        path = list(getattr(error, "instance_path", []))
        place = node.at(path).place
        problems.error("schema_broken", _said(error, path), place, "It must be a JSON Schema.")
    except (ValueError, TypeError, OverflowError):
        message = "This cannot be read as a JSON Schema."
        problems.error("schema_broken", message, node.place, "It must be a JSON Schema.")


def _validator(schema: Json) -> jsonschema_rs.Validator:
    if not isinstance(schema, dict | bool):
        raise TypeError("a schema is an object or a boolean")
    return jsonschema_rs.validator_for(schema, offline=True)


def _said(error: Exception, path: list[str | int]) -> str:
    message = str(getattr(error, "message", "") or error).split("\n")[0]
    if "anyOf" in message and path:
        return f"This is no value for `{path[-1]}` in a JSON Schema."
    return f"This is no JSON Schema: {message.rstrip('.')}."


def _refuse_remote(node: Node, problems: Problems) -> None:
    draft = node.get("$schema")
    if draft is not None and draft.text.rstrip("#") not in DRAFTS:
        message = f"The JSON Schema dialect `{draft.plain()}` is not known."
        advice = f"Leave `$schema` out, or use {DRAFTS[0]}."
        problems.error("schema_broken", message, draft.place, advice)
    waiting = [node]
    while waiting:
        one = waiting.pop()
        for key in ("$ref", "$dynamicRef"):
            target = one.get(key)
            if target is not None and target.kind == "text" and not target.text.startswith("#"):
                problems.error(
                    "schema_remote",
                    f"The schema refers to `{target.text}`, which stands elsewhere.",
                    target.place,
                    "Put it under `$defs` and refer to it as `#/$defs/...`.",
                )
        waiting.extend(one.items)
        waiting.extend(value for _, value in one.entries.values())


def broken(schema: Json, value: Json) -> tuple[str, list[str | int]] | None:
    """Return what is wrong with a value by a schema, and the path to it; None when nothing is."""
    try:
        found = _validator(schema).iter_errors(value)
        error = next(iter(found), None)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError):
        return None
    if error is None:
        return None
    return str(error.message), list(error.instance_path)
