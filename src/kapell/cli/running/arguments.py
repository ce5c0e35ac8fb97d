"""Arguments and options that several commands about runs share."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from kapell.kit.errors import Invalid
from kapell.kit.json import Json, decode

Run = Annotated[
    str, typer.Argument(metavar="RUN", help="Its id, a unique part of either end, or `last`.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Write one JSON document.")]
Yes = Annotated[bool, typer.Option("--yes", help="Approve whatever is asked, and say so.")]
Detach = Annotated[bool, typer.Option("--detach", help="Leave the work to other workers.")]
Note = Annotated[str, typer.Option("--note", help="Why; kept in the log.")]
Given = Annotated[
    list[str] | None,
    typer.Option("--arg", metavar="NAME=VALUE", help="An argument; JSON or plain text."),
]
Args = Annotated[
    str, typer.Option("--args", metavar="JSON", help="All arguments as one JSON object.")
]


def given_arguments(pairs: Sequence[str], document: str, option: str = "--arg") -> dict[str, Json]:
    """Return the arguments as they were written; ``option`` is the one that gives a pair."""
    found: dict[str, Json] = {}
    if document:
        read = decode(document)
        if not isinstance(read, Mapping):
            raise Invalid(
                "The arguments are not a JSON object.",
                code="input_broken",
                advice="""Write --args '{"name": "value"}'.""",
            )
        found.update(read)
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise Invalid(
                f"`{pair}` is not name=value.",
                code="input_broken",
                advice=f"Write {option} name=value.",
            )
        try:
            found[name] = decode(value)
        except Invalid:
            found[name] = value
    return found
