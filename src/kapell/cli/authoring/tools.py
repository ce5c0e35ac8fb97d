"""``kapell tools``."""

from collections.abc import Mapping
from typing import Annotated

import typer

from kapell.bootstrap.definitions import open_definitions
from kapell.cli.exits import Exit
from kapell.cli.group import InnerGroup
from kapell.cli.screen import Screen
from kapell.cli.whereabouts import root_of
from kapell.core.definitions.nearest import hint
from kapell.core.tools.spec import ToolSpec
from kapell.kit.errors import Missing

app = typer.Typer(
    cls=InnerGroup,
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    help="The tools there are.",
)

AsJson = Annotated[bool, typer.Option("--json", help="Write one JSON document.")]


@app.callback()
def _group() -> None:
    """Make `list` a command of its own, though it is the only one."""


@app.command("list")
def list_tools(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="One tool with its arguments.")] = "",
    as_json: AsJson = False,
) -> int:
    """List the tools steps may use, or one with its arguments."""
    screen = Screen(ctx.obj)
    tools = open_definitions(root_of(ctx.obj)).tools
    if name and name not in tools:
        raise Missing(
            f"There is no tool `{name}`.", code="tool_unknown", advice=hint(name, tools, "Tools")
        )
    chosen = [spec for spec in tools.values() if not name or spec.name == name]
    if as_json:
        screen.document([_document(spec) for spec in chosen])
    elif name:
        _show(screen, chosen[0])
    else:
        rows = [(spec.name, _arguments(spec), spec.description) for spec in chosen]
        screen.table(("tool", "arguments", "what it does"), rows)
    return Exit.OK


def _properties(spec: ToolSpec) -> Mapping[str, object]:
    found = spec.args.get("properties") if isinstance(spec.args, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _required(spec: ToolSpec) -> list[str]:
    found = spec.args.get("required") if isinstance(spec.args, Mapping) else None
    return [str(one) for one in found] if isinstance(found, list | tuple) else []


def _arguments(spec: ToolSpec) -> str:
    needed = _required(spec)
    return ", ".join(name if name in needed else f"[{name}]" for name in _properties(spec))


def _show(screen: Screen, spec: ToolSpec) -> None:
    screen.show(f"{screen.styled(spec.name, 'bold')}  {spec.description}\n")
    needed = _required(spec)
    rows = []
    for name, schema in _properties(spec).items():
        said = schema if isinstance(schema, Mapping) else {}
        rows.append((name, "needed" if name in needed else "", str(said.get("description", ""))))
    screen.table(("argument", "", "meaning"), rows)


def _document(spec: ToolSpec) -> dict[str, object]:
    return {
        "name": spec.name,
        "description": spec.description,
        "args": spec.args,
        "repeatable": spec.repeatable,
    }
