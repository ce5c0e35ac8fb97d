"""What people are shown before they answer: nothing hidden, nothing that only looks like text."""

import unicodedata
from difflib import unified_diff

from kapell.kit.json import Json, encode

_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"})
_LINES = 2_000
"""Lines of a file that are compared; of longer ones only the sizes are told."""


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


def difference(path: str, old: str | None, new: str) -> str:
    """Return how a file changes, line by line; ``old`` None: there is none yet."""
    before, after = (old or "").splitlines(), new.splitlines()
    if max(len(before), len(after)) > _LINES:
        return f"{visible(path)}: {len(before):,} lines become {len(after):,}"
    name = visible(path)
    left = name if old is not None else "(new)"
    lines = unified_diff(before, after, left, name, lineterm="", n=2)
    return visible("\n".join(lines))
