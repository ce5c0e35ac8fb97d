"""``kapell tools``."""

from collections.abc import Mapping
from typing import Annotated

import typer

from kapell.bootstrap.definitions import Definitions, open_definitions
from kapell.bootstrap.single_call import call_tool
from kapell.cli.exits import Exit
from kapell.cli.failures import block
from kapell.cli.group import InnerGroup
from kapell.cli.running.arguments import Args, AsJson, Given, given_arguments
from kapell.cli.screen import Screen
from kapell.cli.session import Session, carry_out
from kapell.cli.whereabouts import root_of
from kapell.core.definitions.nearest import hint
from kapell.core.tools.spec import ToolSpec
from kapell.kit.errors import Missing
from kapell.kit.money import text as money
from kapell.kit.money import usd

app = typer.Typer(
    cls=InnerGroup,
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    help="The tools there are.",
)

Anew = Annotated[
    bool, typer.Option("--anew", help="Look through Python files, servers and APIs again.")
]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The tool's name.")]


@app.command("list")
def list_tools(ctx: typer.Context, anew: Anew = False, as_json: AsJson = False) -> int:
    """List the tools steps may use, and what is wrong with those that cannot be used."""
    screen = Screen(ctx.obj)
    definitions = open_definitions(root_of(ctx.obj), anew=anew)
    tools = definitions.tools.values()
    if as_json:
        screen.document([_document(spec, definitions) for spec in tools])
    else:
        rows = [(spec.name, _arguments(spec), _first_line(spec)) for spec in tools]
        screen.table(("tool", "arguments", "what it does"), rows)
    return _told(screen, definitions)


@app.command("show")
def show_tool(ctx: typer.Context, name: Name, as_json: AsJson = False) -> int:
    """Show one tool with its arguments, and what a call means."""
    screen = Screen(ctx.obj)
    definitions = open_definitions(root_of(ctx.obj))
    if name not in definitions.tools:
        # It may be one of those that could not be looked through.
        _told(screen, definitions)
    spec = _found(definitions, name)
    if as_json:
        screen.document(_document(spec, definitions))
    else:
        _show(screen, spec, definitions)
    return Exit.OK


@app.command("call")
def call(
    ctx: typer.Context,
    name: Name,
    given: Given = None,
    args: Args = "",
    as_json: AsJson = False,
) -> int:
    """Call one tool through the same door as runs do, to try it.

    It belongs to no run; what the guards and policies say of it is put on the audit record.
    """
    arguments = given_arguments(given or [], args)

    async def work(session: Session) -> Exit:
        result = await call_tool(session.app, name, arguments)
        if as_json:
            record = result.record
            session.screen.document(
                {
                    "output": result.output,
                    "trust": result.trust,
                    "cost": usd(result.cost or 0),
                    "seconds": 0.0 if record is None else round(record.seconds, 6),
                    "files": [change.path for change in result.files],
                }
            )
        elif isinstance(result.output, str):
            session.screen.show(result.output)
        else:
            session.screen.document(result.output)
        return Exit.OK

    return carry_out(ctx.obj, work)


def _found(definitions: Definitions, name: str) -> ToolSpec:
    found = definitions.tools.get(name)
    if found is None:
        raise Missing(
            f"There is no tool `{name}`.",
            code="tool_unknown",
            advice=hint(name, definitions.tools, "Tools"),
        )
    return found


def _told(screen: Screen, definitions: Definitions) -> Exit:
    for warning in definitions.own.warnings:
        screen.complain(block(screen, warning, word="warning"))
    for problem in definitions.own.problems:
        screen.complain(block(screen, problem))
    return Exit.INVALID if definitions.own.problems else Exit.OK


def _properties(spec: ToolSpec) -> Mapping[str, object]:
    found = spec.args.get("properties") if isinstance(spec.args, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _required(spec: ToolSpec) -> list[str]:
    found = spec.args.get("required") if isinstance(spec.args, Mapping) else None
    return [str(one) for one in found] if isinstance(found, list | tuple) else []


def _arguments(spec: ToolSpec) -> str:
    needed = _required(spec)
    return ", ".join(name if name in needed else f"[{name}]" for name in _properties(spec))


def _first_line(spec: ToolSpec) -> str:
    return spec.description.partition("\n")[0]


def _show(screen: Screen, spec: ToolSpec, definitions: Definitions) -> None:
    screen.show(f"{screen.styled(spec.name, 'bold')}  {spec.description}\n")
    needed = _required(spec)
    rows = []
    for name, schema in _properties(spec).items():
        said = schema if isinstance(schema, Mapping) else {}
        rows.append((name, "needed" if name in needed else "", str(said.get("description", ""))))
    if rows:
        screen.table(("argument", "", "meaning"), rows)
        screen.show()
    again = "may be repeated" if spec.repeatable else "is not repeated unasked"
    said_of = {
        "comes from": _origin(spec, definitions),
        "effects": f"{spec.effects}; {again} after a crash",
        "returns": f"{spec.trust} data",
        "cost": money(spec.cost) if spec.cost else "",
        "timeout": f"{spec.timeout:g} s" if spec.timeout is not None else "",
        "secrets": ", ".join(spec.secrets),
    }
    for name, value in said_of.items():
        if value:
            screen.show(f"{name}: {value}")


def _origin(spec: ToolSpec, definitions: Definitions) -> str:
    entry = definitions.own.entries.get(spec.name)
    return "Kapell" if entry is None else entry.source.shown


def _document(spec: ToolSpec, definitions: Definitions) -> dict[str, object]:
    return {
        "name": spec.name,
        "description": spec.description,
        "from": _origin(spec, definitions),
        "args": spec.args,
        "returns": spec.returns,
        "effects": spec.effects,
        "repeatable": spec.repeatable,
        "trust": spec.trust,
        "cost": usd(spec.cost),
        "timeout": spec.timeout,
        "secrets": list(spec.secrets),
    }
