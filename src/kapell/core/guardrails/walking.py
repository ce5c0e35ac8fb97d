"""Looks at every text of a JSON value: keys, texts, numbers, and JSON inside of texts."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

import msgspec

from kapell.core.guardrails.findings import Finding
from kapell.kit.errors import Invalid
from kapell.kit.json import Json

Look: TypeAlias = Callable[[str], Sequence[Finding]]
"""Tells what is in a text."""

Change: TypeAlias = Callable[[str, Sequence[Finding]], str]
"""Makes the text that takes a text's place, given what was found in it."""

DEEPEST = 100
"""Levels of a value that are walked; a deeper one is refused rather than passed unseen."""

_KEY = 64
_QUOTED = 200
_PIECE = 24
_PIECES = 64
_NESTED = 3
"""How often JSON inside of texts of JSON is read."""


def walked(value: Json, look: Look, change: Change) -> Json:
    """Return a value with every text looked at and changed.

    A key is a text, and says what its value is: ``{"ssn": "123456789"}`` is found. A number that
    changes becomes a text. A value cut into the items of a list is put together.

    Raises:
        Invalid: ``guard_value_too_deep``.
    """
    return _Walk(look, change).value(value, "", 0)


class _Walk:
    def __init__(self, look: Look, change: Change, nested: int = 0) -> None:
        self._look = look
        self._change = change
        self._nested = nested

    def value(self, value: Json, key: str, depth: int) -> Json:
        """Return one value changed; ``key`` is the name it stands under."""
        if depth > DEEPEST:
            raise Invalid(
                f"The value is nested over {DEEPEST} levels deep, too deep to be checked.",
                code="guard_value_too_deep",
                advice="Pass it flatter, or as a file.",
            )
        if isinstance(value, str):
            return self._text(value, key, depth)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int | float):
            return self._number(value, key)
        if isinstance(value, Mapping):
            return self._object(value, depth)
        return self._list(value, key, depth)

    def _object(self, value: Mapping[str, Json], depth: int) -> Json:
        made: dict[str, Json] = {}
        for key, item in value.items():
            name = self._seen(str(key))
            changed = self.value(item, str(key), depth + 1)
            while name in made:
                name += "_"
            made[name] = changed
        return made

    def _list(self, value: Sequence[Json], key: str, depth: int) -> Json:
        made = [self.value(item, key, depth + 1) for item in value]
        return self._pieces(made) if 2 <= len(made) <= _PIECES else made

    def _pieces(self, items: list[Json]) -> list[Json]:
        """Return items of a list that make up a value together as that value's replacement."""
        texts = [str(item) for item in items if _is_piece(item)]
        if len(texts) != len(items):
            return items
        joined = " ".join(texts)
        starts = [0]
        for text in texts:
            starts.append(starts[-1] + len(text) + 1)
        made = list(items)
        for finding in self._look(joined):
            parts = [
                at
                for at in range(len(items))
                if starts[at] < finding.end and finding.start < starts[at + 1] - 1
            ]
            if len(parts) < 2 or finding.family not in ("pii", "secret"):
                continue  # an item by itself was looked at already
            whole = joined[finding.start : finding.end]
            moved = msgspec.structs.replace(finding, start=0, end=len(whole))
            changed = self._change(whole, (moved,))
            if changed != whole:
                for at in parts:
                    made[at] = ""
                made[parts[0]] = changed
        return made

    def _number(self, value: int | float, key: str) -> Json:
        if isinstance(value, float) and value.is_integer() and abs(value) < 1e20:
            text = str(int(value))
        elif isinstance(value, int) and abs(value) >= 10**40:
            text = ""  # longer than any number that means somebody
        else:
            text = repr(value)
        if len(text) < 4:
            return value
        changed = self._seen(text, key)
        return value if changed == text else changed

    def _text(self, text: str, key: str, depth: int) -> str:
        if text[:1] in ("{", "[") and self._nested < _NESTED:
            text = self._json(text, depth)
        return self._seen(text, key)

    def _json(self, text: str, depth: int) -> str:
        """Return a text that is JSON with the texts in it changed, and as it was without any."""
        try:
            value = msgspec.json.decode(text.encode("utf-8", "surrogatepass"))
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return text
        inner = _Walk(self._look, self._change, self._nested + 1)
        made = inner.value(value, "", depth + 1)
        return text if made == value else msgspec.json.encode(made).decode("utf-8")

    def _seen(self, text: str, key: str = "") -> str:
        """Return a text changed by what was found in it, read beside its key."""
        findings = _moved(self._look(text))
        if key and len(text) <= _QUOTED and len(key) <= _KEY and "\n" not in text:
            findings = self._beside(text, key, findings)
        return self._change(text, findings)

    def _beside(self, text: str, key: str, findings: list[Finding]) -> list[Finding]:
        """Return what is found in a text when its key is read before it."""
        mark = "" if '"' in text else '"'
        ahead = f"{key}: {mark}"
        beside = _moved(self._look(f"{ahead}{text}{mark}"), len(ahead), len(text))
        return beside if len(beside) >= len(findings) else findings


def _moved(findings: Iterable[Finding], by: int = 0, length: int | None = None) -> list[Finding]:
    """Return findings as they stand in a text that began ``by`` characters later."""
    if not by and length is None:
        return list(findings)
    moved = []
    for finding in findings:
        start = max(0, finding.start - by)
        end = finding.end - by if length is None else min(length, finding.end - by)
        if start < end:
            moved.append(msgspec.structs.replace(finding, start=start, end=end))
    return moved


def _is_piece(item: Json) -> bool:
    if isinstance(item, bool) or not isinstance(item, str | int):
        return False
    return 0 < len(str(item)) <= _PIECE
