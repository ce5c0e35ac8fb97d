"""The group of all commands: help from the catalogue, modules loaded when they are called."""

from importlib import import_module

import typer
from typer.core import TyperGroup
from typer.main import get_command

from kapell.cli.catalogue import COMMANDS, EVERYWHERE, SECTIONS
from kapell.cli.misuse import inner_meant, meant


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
            ctx.fail(f"There is no command `{word}`. {meant(args)}")
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


class InnerGroup(TyperGroup):
    """A group of commands of the second level."""

    def resolve_command(self, ctx, args):  # type: ignore[no-untyped-def]  # vendored types
        """Return the command of the first word; an unknown one is told with the nearest."""
        word, group = args[0], ctx.info_name
        if word not in self.commands and not word.startswith("-"):
            ctx.fail(f"There is no command `kapell {group} {word}`. {inner_meant(group, word)}")
        return super().resolve_command(ctx, args)


root = typer.Typer(
    cls=CommandGroup,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["--help", "-h"]},
)


@root.callback(
    help="Kapell runs teams of AI agents: durable workflows in YAML, nothing paid twice.",
    epilog="A workspace to try: kapell init demo, then kapell run support-triage --help.",
)
def _root() -> None:
    """Hold what belongs to all commands."""
