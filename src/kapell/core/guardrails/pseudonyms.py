"""Names that stand for values towards a model, and the way back.

A value has one name within a conversation, as ``<EMAIL_1>``. A name that a text brings along by
itself is marked (``<!EMAIL_1>``), so that nobody gets a value by writing its name.
"""

import re
from collections.abc import Callable, Iterable, Mapping

from kapell.core.guardrails.detectors.detector import compiled
from kapell.core.guardrails.findings import Finding

_NAME = r"<(?P<marks>!{0,20})(?P<name>[A-Z][A-Z0-9_]{0,40}_[1-9][0-9]{0,6})>"
_LONGEST = 80
_LOOSE = frozenset({"card", "iban", "ip", "national_id", "passport", "phone", "ssn"})


class Pseudonyms:
    """The names of a conversation; ``name`` gives one for each value, the same for the same."""

    def __init__(self, table: Mapping[str, str] | None = None) -> None:
        self._values: dict[str, str] = dict(table or {})
        self._names: dict[tuple[str, str], str] = {}
        self._counts: dict[str, int] = {}
        self.fresh: dict[str, str] = {}
        for name, value in self._values.items():
            kind, _, number = name.strip("<>").rpartition("_")
            self._names[kind, same(kind.lower(), value)] = name
            self._counts[kind] = max(self._counts.get(kind, 0), int(number))

    @property
    def table(self) -> dict[str, str]:
        """Return every name with the value it stands for, as ``{"<EMAIL_1>": "..."}``."""
        return dict(self._values)

    def name(self, finding: Finding, value: str) -> str:
        """Return the name of a value, a new one when it has none yet.

        New ones are kept in ``fresh`` too, for whoever stores them.
        """
        kind = finding.kind.upper()
        key = (kind, same(finding.kind, value))
        name = self._names.get(key)
        if name is None:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            name = f"<{kind}_{self._counts[kind]}>"
            self._names[key] = name
            self._values[name] = value
            self.fresh[name] = value
        return name


def pseudonymised(
    text: str, findings: Iterable[Finding], name: Callable[[Finding, str], str]
) -> str:
    """Return a text with findings replaced by names, and names it brought along marked."""
    parts: list[str] = []
    at = 0
    for finding in findings:
        parts.append(marked(text[at : finding.start]))
        parts.append(name(finding, text[finding.start : finding.end]))
        at = finding.end
    parts.append(marked(text[at:]))
    return "".join(parts)


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
