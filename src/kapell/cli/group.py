"""The group of all commands: help from the catalogue, modules loaded when they are called."""

from difflib import get_close_matches
from importlib import import_module

import typer
from typer.core import TyperGroup
from typer.main import get_command

from kapell.cli.catalogue import COMMANDS, EVERYWHERE, SECTIONS


class CommandGroup(TyperGroup):
    """Finds commands in the catalogue."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]  # its Context is vendored
        """Return the words of all commands."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx, cmd_name):  # type: ignore[no-untyped-def]  # vendored types
        """Return a command, its module loaded now; None when there is none of that name."""
        del ctx
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        command = get_command(import_module(f"kapell.cli.{entry.module}").app)
        command.name = cmd_name
        return command

    def resolve_command(self, ctx, args):  # type: ignore[no-untyped-def]  # vendored types
        """Return the command of the first word; an unknown one is told with the nearest."""
        word = args[0]
        if word not in COMMANDS and not word.startswith("-"):
            near = get_close_matches(word, COMMANDS, n=1)
            hint = f" Did you mean `{near[0]}`?" if near else " See `kapell --help`."
            ctx.fail(f"There is no command `{word}`.{hint}")
        return super().resolve_command(ctx, args)

    def format_options(self, ctx, formatter) -> None:  # type: ignore[no-untyped-def]  # vendored types
        """Write the commands by section, then the options that stand anywhere."""
        del ctx
        for section in SECTIONS:
            with formatter.section(section):
                rows = [
                    (word, one.summary) for word, one in COMMANDS.items() if one.section == section
                ]
                formatter.write_dl(rows)
        with formatter.section("Options, anywhere"):
            formatter.write_dl(list(EVERYWHERE.items()))


root = typer.Typer(cls=CommandGroup, add_completion=False, rich_markup_mode=None)


@root.callback(
    help="Kapell runs teams of AI agents: durable workflows in YAML, nothing paid twice.",
    epilog="A workspace to try: kapell init demo, then kapell run support-triage --help.",
)
def _root() -> None:
    """Hold what belongs to all commands."""
