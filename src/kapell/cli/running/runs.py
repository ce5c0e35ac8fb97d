"""``kapell runs``: everything that is done with runs that exist."""

from collections.abc import Callable, Mapping

import typer

from kapell.cli.group import InnerGroup
from kapell.cli.running import branching, escalating, listing, moving, steering, turns

app = typer.Typer(
    cls=InnerGroup,
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    help="List, show, watch, steer, fork and compare runs.",
)

_COMMANDS: Mapping[str, Callable[..., int]] = {
    "list": listing.list_runs,
    "show": listing.show,
    "events": listing.events,
    "turns": turns.show_turns,
    "watch": listing.watch_run,
    "cancel": steering.cancel,
    "resume": steering.resume,
    "retry": steering.retry,
    "repair": steering.repair,
    "signal": steering.send_signal,
    "escalations": escalating.escalations,
    "resolve": escalating.resolve,
    "restart": branching.restart,
    "fork": branching.fork,
    "compare": branching.compare_runs,
    "merge": branching.merge,
    "export": moving.export,
    "import": moving.load,
}

for _name, _command in _COMMANDS.items():
    app.command(_name)(_command)
