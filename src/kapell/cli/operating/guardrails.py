"""``kapell guardrails``: the names that stand for personal data, erased."""

from typing import Annotated

import typer

from kapell.bootstrap.audit.acting import forget_names
from kapell.cli.exits import Exit
from kapell.cli.group import InnerGroup
from kapell.cli.session import Session, carry_out
from kapell.kit.errors import Invalid

app = typer.Typer(
    cls=InnerGroup,
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    help="What content guards keep: the data behind the names that models see.",
)


@app.callback()
def guardrails() -> None:
    """Have commands of its own, even while there is but one."""


@app.command("forget")
def forget(
    ctx: typer.Context,
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="A run of the conversation; its id, or `last`.")
    ] = "",
    everything: Annotated[
        bool, typer.Option("--all", help="Those of every conversation, of the whole tenant.")
    ] = False,
) -> int:
    """Erase the data behind the names of a conversation; the names mean nothing from then on."""
    if bool(run) == everything:
        raise Invalid(
            "Erase either the names of one conversation or of all, not both."
            if run
            else "It is not said whose names to erase.",
            code="option_unused",
            advice="Name a run of the conversation, or write --all.",
        )

    async def work(session: Session) -> Exit:
        app, conversation = session.app, None
        if run:
            (first,) = await app.histories.events(await session.find(run), up_to=1)
            conversation = first.correlation_id
        count = await forget_names(app, conversation)
        session.screen.show(f"{count} name{'' if count == 1 else 's'} erased.")
        return Exit.OK

    return carry_out(ctx.obj, work)
