"""Writes ``docs/reference/language.md`` from the descriptions of the types that read the files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kapell.core.agents.authored import AgentForm
from kapell.core.definitions.authored import Authored
from kapell.core.definitions.published import schema_of
from kapell.core.workflows.authored.workflow import WorkflowForm
from kapell.core.workflows.scope import ERROR_MEMBERS, PASS_MEMBERS, RUN_MEMBERS, STEP_MEMBERS

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "language.md"
ORDER = (
    ("Workflow", "A workflow"),
    ("Input", "An input"),
    ("Defaults", "Defaults"),
    ("Step", "A step"),
    ("Code", "A small program"),
    ("Approval", "An approval"),
    ("Escalation", "An escalation"),
    ("Wait", "A wait"),
    ("Switch", "A switch"),
    ("Case", "A case of a switch"),
    ("Loop", "A loop"),
    ("Handler", "An error handler"),
    ("Compensate", "A compensation"),
    ("Retry", "A retry"),
    ("Grounded", "Grounded answers"),
    ("Budget", "A budget"),
    ("Cache", "A cache"),
)
OF_AGENTS = (
    ("Python", "An object of another framework"),
    ("Tmux", "A program in a terminal"),
)


def page() -> str:
    """Return the page."""
    lines = [
        "# The language",
        "",
        "Generated from the types that read the files; do not edit. Editors complete and check",
        "with `schema/workflow.schema.json` and `schema/agent.schema.json`.",
        "",
    ]
    workflow = _types(WorkflowForm, "Workflow")
    for name, heading in ORDER:
        lines += _section(heading, workflow[name])
    agent = _types(AgentForm, "Agent")
    lines += _section("An agent's front matter", agent["Agent"])
    for name, heading in OF_AGENTS:
        lines += _section(heading, agent[name])
    lines += _names()
    return "\n".join(lines).rstrip() + "\n"


def _types(form: type[Authored], name: str) -> dict[str, Any]:
    schema = schema_of(form, name)
    return {**_mapping(schema["$defs"]), name: schema}


def _mapping(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"a mapping was expected, not {value!r}")
    return value


def _section(heading: str, written: object) -> list[str]:
    schema = _mapping(written)
    lines = [f"## {heading}", "", str(schema["description"]), ""]
    choices = [one["required"][0] for one in schema.get("oneOf", ())]
    if choices:
        listed = ", ".join(f"`{choice}`" for choice in choices)
        lines += [f"Exactly one of: {listed}.", ""]
    lines += ["| key | value | meaning |", "|---|---|---|"]
    for key, field in schema["properties"].items():
        needed = " **(needed)**" if key in schema["required"] else ""
        meaning = str(field.get("description", "")).replace("|", "\\|")
        if "default" in field:
            meaning += f" Default: `{_plain(field['default'])}`."
        lines.append(f"| `{key}`{needed} | {_value(field)} | {meaning} |")
    return [*lines, ""]


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _value(field: dict[str, Any]) -> str:
    return " or ".join(dict.fromkeys(_values(field))) or "anything"


def _values(field: dict[str, Any]) -> Iterator[str]:
    """Yield how the sorts of value a field takes are called."""
    choices = field.get("anyOf")
    if isinstance(choices, list):
        if any("pattern" in choice for choice in choices):
            yield "span of time"
        else:
            for choice in choices:
                yield from _values(choice)
        return
    if "$ref" in field:
        name = str(field["$ref"]).rpartition("/")[2]
        heading = dict((*ORDER, *OF_AGENTS))[name]
        yield f"[{name.lower()}](#{heading.lower().replace(' ', '-')})"
    elif "enum" in field:
        yield ", ".join(f"`{option}`" for option in field["enum"])
    elif field.get("type") == "array":
        items = _mapping(field["items"])
        yield f"list of {_value(items)}" if items else "list"
    elif field.get("type") == "object":
        inner = field.get("additionalProperties")
        yield f"mapping of {_value(inner)}" if isinstance(inner, dict) else "mapping"
    elif "type" in field:
        words = {"string": "text", "integer": "whole number", "boolean": "true or false"}
        yield words.get(str(field["type"]), str(field["type"]))


def _names() -> list[str]:
    def members(names: tuple[str, ...]) -> str:
        return ", ".join(f"`{name}`" for name in names)

    return [
        "## Names in expressions",
        "",
        "| name | where | has |",
        "|---|---|---|",
        "| `inputs` | everywhere | the inputs of the workflow |",
        f"| `steps.x` | after the step `x` | {members(STEP_MEMBERS)} |",
        f"| `run` | everywhere | {members(RUN_MEMBERS)} |",
        "| `item`, or the name given by `as` | inside a `for_each` | the item |",
        "| `index` | inside a `for_each` | the item's number, from 0 |",
        f"| `pass` | inside a `loop` | {members(PASS_MEMBERS)} |",
        f"| `error` | in the steps of an `on_error` | {members(ERROR_MEMBERS)} |",
        "| `signal` | in the `match` of a `wait` | the signal's payload |",
    ]


def main() -> None:
    """Write the page."""
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
