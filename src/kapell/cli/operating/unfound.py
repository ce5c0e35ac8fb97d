"""What to say when no entry of the record is the one that was asked for."""

from collections.abc import Iterator, Sequence

from kapell.core.audit.record import Entry
from kapell.core.definitions.nearest import hint
from kapell.services.audit.ports import Wanted

LOOKED_AT = 5_000
"""Entries, the last ones, whose words are compared with those that were asked for."""


def unfound(wanted: Wanted, last: Sequence[Entry]) -> Iterator[str]:
    """Yield why nothing was found: words that no entry has, with the nearest one that some have.

    Args:
        wanted: What was asked for.
        last: The last entries of the record.
    """
    yield "There is no such entry."
    if not last:
        return
    actors = {one.act.actor for one in last} | {one.act.subject for one in last if one.act.subject}
    for what, word, known, fits in (
        ("action", wanted.action, {one.act.action for one in last}, str.startswith),
        (
            "verdict",
            wanted.verdict,
            {one.act.verdict for one in last if one.act.verdict},
            str.__eq__,
        ),
        ("actor", wanted.actor, actors, str.__eq__),
    ):
        if word and not any(fits(one, word) for one in known):
            advice = hint(word, known, "Those of the record")
            yield f"No entry has the {what} `{word}`. {advice}"
