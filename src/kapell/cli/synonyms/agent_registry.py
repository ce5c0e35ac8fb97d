"""``kapell agent-registry``: another name of ``kapell agents list``."""

import typer

from kapell.cli.authoring.agents import list_agents

app = typer.Typer(rich_markup_mode=None, add_completion=False)
app.command("agent-registry")(list_agents)
