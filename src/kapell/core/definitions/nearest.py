"""The nearest known name, for hints."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name most like ``name``, or None when none is near."""
    names = {other.casefold(): other for other in sorted(known, reverse=True)}
    found = get_close_matches(name.casefold(), names, n=1, cutoff=0.6)
    return names[found[0]] if found else None


def hint(name: str, known: Iterable[str], what: str = "Known") -> str:
    """Return ``Did you mean ...?``, or the list of what is known when nothing is near."""
    names = sorted(known)
    near = nearest(name, names)
    if near is not None:
        return f"Did you mean `{near}`?"
    if not names:
        return ""
    listed = ", ".join(f"`{other}`" for other in names[:20])
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return f"{what}: {listed}{more}."
