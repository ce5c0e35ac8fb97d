"""``kapell policy add``: taking a policy that is ready into the workspace."""

from typing import Annotated

import typer

from kapell import library
from kapell.cli.exits import Exit
from kapell.cli.screen import Screen
from kapell.cli.whereabouts import root_of
from kapell.core.definitions.nearest import hint
from kapell.core.policies.kinds import FOLDER
from kapell.kit.errors import Conflict, Denied, Missing


def add(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="Which; else all are told.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON document.")] = False,
) -> int:
    """Take a ready policy into the workspace, for you to change; no file is written over."""
    screen = Screen(ctx.obj)
    ready = {one: _parted(text) for one, text in library.ready_policies().items()}
    if not name:
        if as_json:
            screen.document([{"name": one, "about": about} for one, (about, _, _) in ready.items()])
        else:
            screen.table(("policy", "about"), [(one, said[0]) for one, said in ready.items()])
            screen.note("Take one with `kapell policy add NAME`.")
        return Exit.OK
    if name not in ready:
        raise Missing(
            f"There is no ready policy `{name}`.",
            code="policy_unknown",
            advice=hint(name, ready, "Ready are"),
        )
    _, trial, text = ready[name]
    shown = f"{FOLDER}/{name}.rego"
    path = root_of(ctx.obj) / FOLDER / f"{name}.rego"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise Conflict(
            f"{shown} is there already; it stays as it is.",
            code="policy_there",
            advice="Give your file another name, then take the ready one.",
        ) from error
    except OSError as error:
        raise Denied(
            f"{shown} cannot be written: {error.strerror}.",
            code="policy_unwritable",
            advice="Give the user write access to the workspace.",
        ) from error
    if as_json:
        screen.document({"name": name, "file": shown})
        return Exit.OK
    screen.show(f"{shown} is written, and holds from now on.")
    screen.note("Its head says what to change. Then run `kapell policy lint`, and try it:")
    screen.note(f"    {trial}")
    return Exit.OK


def _parted(text: str) -> tuple[str, str, str]:
    """Return the first line of a policy, the command by which it says to try it, and all of it."""
    lines = text.splitlines()
    trial = next(one for one in lines if one.startswith("# Try it: "))
    return lines[0].removeprefix("# "), trial.removeprefix("# Try it: "), text
