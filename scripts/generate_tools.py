"""Writes ``docs/reference/tools.md`` from what the built-in tools say of themselves."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from kapell.adapters.tools.specs import builtin_specs
from kapell.core.tools.spec import ToolSpec, repeatable
from kapell.kit.clock import span_text

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference" / "tools.md"

_HEAD = """\
# Built-in tools

Generated from the tools' own descriptions; do not edit. A step names one with `tool:` and gives its
arguments with `with:`; an agent may use those its `tools:` name. What they may reach and how much
they may use is set in [`kapell.yaml`](settings.md); how to use them safely is told
[here](../how-to/use-tools-safely.md).

- *Changes*: nothing, the run's folder, or the world outside.
- *Result*: whether what comes back was written by strangers; models get it marked off from
  instructions.
- *Again*: whether a call that got no answer may simply be made again. Where it may not, the step
  waits for a person instead.
"""
_EFFECTS = {"read": "nothing", "write": "the run's folder", "external": "the world outside"}
_RULES = (
    ("minLength", "at least {} characters"),
    ("maxLength", "at most {} characters"),
    ("minimum", "at least {}"),
    ("maximum", "at most {}"),
    ("exclusiveMinimum", "more than {}"),
    ("minItems", "at least {} of them"),
    ("maxItems", "at most {} of them"),
    ("maxProperties", "at most {} of them"),
)
_TYPES = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "array": "list",
    "object": "mapping",
    "null": "null",
}


def page() -> str:
    """Return the page."""
    specs = sorted(builtin_specs(), key=lambda spec: spec.name)
    lines = [_HEAD, "| tool | what it does |", "|---|---|"]
    lines += [
        f"| [`{spec.name}`](#{_anchor(spec.name)}) | {_cell(spec.description)} |" for spec in specs
    ]
    for spec in specs:
        lines += ["", f"## {spec.name}", "", spec.description, "", *_facts(spec)]
        lines += ["", *_arguments(spec)]
        returned = ", ".join(f"`{name}`" for name in _properties(spec.returns))
        if returned:
            lines += ["", f"Returns {returned}."]
    return "\n".join(lines) + "\n"


def _facts(spec: ToolSpec) -> Iterator[str]:
    yield f"- Changes: {_EFFECTS[spec.effects]}."
    yield f"- Result: {'written by strangers' if spec.trust == 'untrusted' else 'trusted'}."
    yield f"- Again: {_again(spec)}."
    if spec.timeout is not None:
        yield f"- Time: at most {span_text(spec.timeout)}, where the step says nothing."
    for name in spec.secrets:
        yield f"- Secret: `{name}`, from the environment as `KAPELL_SECRET_{name.upper()}`."


def _again(spec: ToolSpec) -> str:
    if spec.repeatable:
        return "yes"
    if not spec.repeatable_when:
        return "no"
    conditions = []
    for name, values in spec.repeatable_when.items():
        said = [f"`{name}: {value}`" for value in values if value is not None]
        conditions.append(" or ".join([*said, *(["no `" + name + "`"] if None in values else [])]))
    return f"{'yes' if repeatable(spec, {}) else 'only'} with {' and '.join(conditions)}, else no"


def _arguments(spec: ToolSpec) -> Iterator[str]:
    properties = _properties(spec.args)
    if not properties:
        yield "No arguments."
        return
    yield "| argument | kind | meaning |"
    yield "|---|---|---|"
    needed = _needed(spec.args)
    for name, schema in properties.items():
        mark = " (needed)" if name in needed else ""
        yield f"| `{name}`{mark} | {_cell(_kind(schema))} | {_cell(_meaning(schema))} |"


def _kind(schema: Any) -> str:
    if not isinstance(schema, Mapping):
        return "any value"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    kinds = schema.get("type")
    if kinds is None:
        return "any value" if "anyOf" not in schema else " or ".join(map(_kind, schema["anyOf"]))
    if schema.get("x-kapell-path"):
        return "path or file input" if "object" in kinds else "path"
    if kinds == "array" and isinstance(schema.get("items"), Mapping):
        return f"list of {_kind(schema['items'])}"
    return " or ".join(_TYPES[kind] for kind in ([kinds] if isinstance(kinds, str) else kinds))


def _meaning(schema: Any) -> str:
    if not isinstance(schema, Mapping):
        return ""
    rules = [
        said.format(f"{schema[key]:,}")
        for key, said in _RULES
        if key in schema and schema[key] not in (0, 1)
    ]
    bounds = f"{', '.join(rules)}.".capitalize() if rules else ""
    return " ".join(filter(None, [str(schema.get("description", "")), bounds]))


def _properties(schema: Any) -> Mapping[str, Any]:
    found = schema.get("properties") if isinstance(schema, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _needed(schema: Any) -> Sequence[str]:
    found = schema.get("required") if isinstance(schema, Mapping) else None
    return list(found) if isinstance(found, list | tuple) else []


def _anchor(name: str) -> str:
    return name.replace(".", "")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main() -> None:
    """Write the page."""
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
