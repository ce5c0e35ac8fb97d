"""Writes ``schema/kapell.schema.json`` and ``docs/reference/settings.md`` from the settings."""

import ast
import inspect
import json
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from kapell.core.definitions.published import DIALECT, schema_of
from kapell.core.gateway.providers import PROVIDERS
from kapell.settings.authored import DefinitionsForm
from kapell.settings.loading import NESTED, PREFIX, Settings
from kapell.settings.sections import Section

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference" / "settings.md"
SCHEMA = ROOT / "schema" / "kapell.schema.json"


def schema() -> dict[str, Any]:
    """Return the JSON Schema of ``kapell.yaml``: both halves of the settings in one."""
    ours: dict[str, Any] = json.loads(json.dumps(schema_of(DefinitionsForm, "Kapell settings")))
    theirs = Settings.model_json_schema(mode="validation")
    _describe(theirs["properties"], Settings)
    for section in Section.__subclasses__():
        if section.__name__ in theirs["$defs"]:
            _describe(theirs["$defs"][section.__name__]["properties"], section)
    theirs["properties"].pop("definitions", None)
    definitions = {**ours["$defs"], **theirs["$defs"]}
    definitions.pop("WorkspaceDefaults", None)
    definitions["ProviderSection"]["properties"].pop("api_key", None)
    properties = {**ours["properties"], **theirs["properties"]}
    return {
        "$schema": DIALECT,
        "title": "Kapell settings",
        "description": "Settings of a workspace: kapell.yaml. Everything may be left out.",
        "type": "object",
        "additionalProperties": False,
        "properties": {name: _plain(one) for name, one in properties.items()},
        "$defs": {name: _plain(one) for name, one in sorted(definitions.items())},
    }


def _describe(properties: dict[str, Any], model: type[BaseModel]) -> None:
    """Give fields the texts that stand under them as their descriptions.

    Read here rather than by pydantic, which would do it whenever the program starts.
    """
    (body,) = ast.parse(textwrap.dedent(inspect.getsource(model))).body
    if not isinstance(body, ast.ClassDef):
        raise TypeError(f"{model.__name__} is no class")
    for field, text in zip(body.body, body.body[1:], strict=False):
        if not isinstance(field, ast.AnnAssign) or not isinstance(field.target, ast.Name):
            continue
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            shape = properties.get(field.target.id)
            if shape is not None:
                described = {**shape, "description": inspect.cleandoc(str(text.value.value))}
                properties[field.target.id] = dict(sorted(described.items()))


def _plain(value: Any) -> Any:
    """Return a schema without the titles that only repeat names."""
    if isinstance(value, dict):
        return {
            key: _plain(one)
            for key, one in value.items()
            if not (key == "title" and isinstance(one, str))
        }
    return [_plain(one) for one in value] if isinstance(value, list) else value


def page() -> str:
    """Return the page."""
    found = schema()
    lines = [
        "# Settings",
        "",
        "Generated from the settings' own classes; do not edit. They stand in `kapell.yaml`, and",
        "editors complete and check it with `schema/kapell.schema.json`. Environment variables",
        f"stand before the file: `{PREFIX}WORKER{NESTED}LEASE=5s` sets `worker.lease`,",
        f"`{PREFIX}MODEL` the model, `DATABASE_URL` the database.",
        "",
        "| key | value | default | meaning |",
        "|---|---|---|---|",
        *_rows(found["properties"], found["$defs"], ""),
        "",
        "## Keys of providers",
        "",
        "They come from the environment only; a key in the file is an error.",
        "",
        "| models | provider | key | address | address when not set |",
        "|---|---|---|---|---|",
    ]
    for one in PROVIDERS.values():
        keys = " or ".join(f"`{name}`" for name in one.key_names)
        needed = "" if one.key_needed else " (may be left out)"
        address = f"`{one.base_url}`" if one.base_url else "must be set"
        lines.append(
            f"| `{one.prefix}:NAME` | {one.title} | {keys}{needed} "
            f"| `{one.base_url_name}` | {address} |"
        )
    return "\n".join(lines) + "\n"


def _rows(
    properties: Mapping[str, Any], definitions: Mapping[str, Any], above: str
) -> Iterator[str]:
    for name, field in properties.items():
        key = f"{above}{name}"
        inner = _section(field, definitions)
        meaning = " ".join(str(field.get("description", "")).split()).replace("|", "\\|")
        if inner is not None and not {"additionalProperties", "items"} & set(field):
            yield f"| **`{key}`** | | | {meaning or inner.get('description', '')} |"
            yield from _rows(inner["properties"], definitions, f"{key}.")
            continue
        default = field.get("default")
        shown = "" if default is None else f"`{json.dumps(default)}`"
        yield f"| `{key}` | {_value(field)} | {shown} | {meaning} |"
        if inner is not None:
            below = "[]." if field.get("type") == "array" else ".NAME."
            yield from _rows(inner["properties"], definitions, f"{key}{below}")


def _section(field: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the section a field holds, or holds by name or in a list, perhaps beside a text."""
    many = field.get("additionalProperties") or field.get("items") or {}
    beside = many.get("anyOf", ()) if isinstance(many, dict) else ()
    for one in (field, many, *field.get("allOf", ()), *beside):
        if isinstance(one, dict) and "$ref" in one:
            found: dict[str, Any] = definitions[str(one["$ref"]).rpartition("/")[2]]
            return found
    return None


def _value(field: Mapping[str, Any]) -> str:
    if "enum" in field:
        return ", ".join(f"`{one}`" for one in field["enum"])
    choices = [one for one in field.get("anyOf", ()) if one.get("type") != "null"]
    if {one.get("type") for one in choices} == {"string", "number"}:
        return "span of time"
    if choices:
        return " or ".join(dict.fromkeys(_value(one) for one in choices))
    words = {
        "string": "text",
        "integer": "whole number",
        "number": "number",
        "boolean": "true or false",
        "array": "list",
        "object": "mapping",
    }
    return words.get(str(field.get("type")), "anything")


def main() -> None:
    """Write both."""
    for path, text in (
        (SCHEMA, json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"),
        (PAGE, page()),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
