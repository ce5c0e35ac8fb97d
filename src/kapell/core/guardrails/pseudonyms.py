"""Names that stand for values towards a model, and the way back.

A value has one name within a conversation, as ``<EMAIL_1>``. A name that a text brings along by
itself is marked (``<!EMAIL_1>``), so that nobody gets a value by writing its name.
"""

import re
from collections.abc import Mapping

from kapell.core.guardrails.detectors.detector import compiled

_NAME = r"<(?P<marks>!{0,20})(?P<name>[A-Z][A-Z0-9_]{0,40}_[1-9][0-9]{0,6})>"
_LONGEST = 80
_LOOSE = frozenset({"card", "iban", "ip", "national_id", "passport", "phone", "ssn"})


def marked(text: str) -> str:
    """Return a text whose own names are marked: ``restored`` gives them back as they are."""
    if "<" not in text:
        return text
    return compiled(_NAME, re.IGNORECASE).sub(r"<!\g<marks>\g<name>>", text)


def restored(text: str, table: Mapping[str, str]) -> str:
    """Return a text with names of the table replaced by their values, marks of others taken off.

    Names are known in any case (``<email_1>``); one that the table does not have stays.
    """
    if "<" not in text:
        return text

    def back(match: re.Match[str]) -> str:
        marks, name = match["marks"], match["name"]
        if marks:
            return f"<{marks[1:]}{name}>"
        return table.get(f"<{name.upper()}>", match.group())

    return compiled(_NAME, re.IGNORECASE).sub(back, text)


def same(kind: str, value: str) -> str:
    """Return what all spellings of one value have in common; ``kind`` as in ``email``."""
    if kind in _LOOSE:
        return re.sub(r"[\s.\-/()_]", "", value).casefold()
    return value.strip().casefold() if kind == "email" else value


class Restoring:
    """Restores names in a text that arrives in pieces, cut anywhere."""

    def __init__(self, table: Mapping[str, str]) -> None:
        self._table = table
        self._kept = ""

    def feed(self, chunk: str) -> str:
        """Return what may be shown now; a name that has only begun is kept."""
        text = self._kept + chunk
        at = text.rfind("<")
        open_ = at >= 0 and ">" not in text[at:] and len(text) - at <= _LONGEST
        self._kept = text[at:] if open_ else ""
        return restored(text[:at] if open_ else text, self._table)

    def end(self) -> str:
        """Return what was kept."""
        kept, self._kept = self._kept, ""
        return restored(kept, self._table)
