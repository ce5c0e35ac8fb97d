"""What people are shown before they answer: nothing hidden, nothing that only looks like text."""

import unicodedata
from difflib import unified_diff

from kapell.kit.json import Json, encode

_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"})
_LINES = 2_000
"""Lines of a file that are compared; of longer ones only the sizes are told."""
_NO_END = "\\ no line end here"


def visible(text: str) -> str:
    """Return text with everything escaped that cannot be seen, or that turns the order of signs."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_sign, text))


def _sign(one: str) -> str:
    if one in "\n\t" or unicodedata.category(one) not in _HIDDEN:
        return one
    return f"\\u{{{ord(one):04x}}}"


def as_text(value: Json) -> str:
    """Return a value as people read it, escaped."""
    return visible(value if isinstance(value, str) else encode(value).decode())


def difference(path: str, old: str | None, new: str | None) -> str:
    """Return how a text changes, line by line; None: there is none, before or after."""
    before, after = _lines(old), _lines(new)
    if max(len(before), len(after)) > _LINES:
        return f"{visible(path)}: {len(before):,} lines become {len(after):,}"
    name = visible(path)
    left, right = name if old is not None else "(new)", name if new is not None else "(removed)"
    if old and new and old.endswith("\n") != new.endswith("\n"):
        for text, lines in ((old, before), (new, after)):
            if not text.endswith("\n"):
                lines.append(_NO_END)
    lines = list(unified_diff(before, after, left, right, lineterm="", n=2))
    return visible("\n".join(lines or (f"--- {left}", f"+++ {right}")))


def _lines(text: str | None) -> list[str]:
    """Return the lines of a text; what else is taken for their end is shown within them."""
    lines = (text or "").split("\n")
    return lines if lines[-1] else lines[:-1]
