"""Words spelled with something between their letters: ``s k - p r o j``, ``i.g.n.o.r.e``."""

from kapell.core.guardrails.detectors.detector import compiled
from kapell.core.guardrails.views.view import Edit, View, edited

SPELLED = r"(?<![^\W_])[\x21-\x7e](?:[ .*|~_\-]{1,4}[\x21-\x7e](?![^\W_])){6,400}"

_APART = r"[ .*|~_\-][\x21-\x7e][ .*|~_\-]{1,4}[\x21-\x7e][ .*|~_\-]{1,4}[\x21-\x7e](?![^\W_])"


def joined(text: str) -> View | None:
    """Return a text with spelled words put together, or None when it has none.

    Several blanks between letters that are one blank apart stay one: they part words.
    """
    if compiled(_APART).search(text) is None:
        return None
    edits: list[Edit] = []
    for match in compiled(SPELLED).finditer(text):
        edits.extend(_gaps(match.group(), match.start()))
    return edited(text, edits) if edits else None


def _gaps(said: str, start: int) -> list[Edit]:
    separator = said[1]
    gaps: list[Edit] = []
    at = 1
    while at < len(said):
        end = at
        while end < len(said) and said[end] == separator:
            end += 1
        if end > at:
            kept = " " if separator == " " and end - at > 1 else ""
            gaps.append((start + at, start + end, kept))
        at = end + 1
    return gaps
