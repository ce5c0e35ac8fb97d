"""Arguments and options that several commands about runs share."""

from typing import Annotated

import typer

Run = Annotated[
    str, typer.Argument(metavar="RUN", help="Its id, a unique part of either end, or `last`.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON.")]
Yes = Annotated[bool, typer.Option("--yes", help="Approve whatever is asked, and say so.")]
Detach = Annotated[bool, typer.Option("--detach", help="Leave the work to other workers.")]
Note = Annotated[str, typer.Option("--note", help="Why; kept in the log.")]
