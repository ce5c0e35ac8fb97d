"""Words written so that a filter does not know them, read as words: for signals only.

``1gn0r3``, words apart by underscores or each on a line, words cut by markup or hyphens, a text
backwards, a message in characters nobody sees.
"""

from collections.abc import Iterator

from kapell.core.guardrails.detectors.detector import compiled
from kapell.core.guardrails.views.view import Edit, View, edited, piece

_LEET = str.maketrans("013457@$", "oieastas")
_LEETS = (
    r"(?<![\w@$])(?=\w{0,12}[A-Za-z])[A-Za-z@$]{0,12}[013457@$][A-Za-z013457@$]{1,16}(?![\w@$])"
)
_TURNED = r"[013457@$][A-Za-z]"
_ENOUGH = 3
_SCORED = r"[A-Za-z.,:;#']{1,20}(?:_[A-Za-z.,:;#']{1,20}){4,100}"
_LINES = r"(?<![^\n])[^\s]{1,16}(?:\n[^\s]{1,16}){4,200}(?![^\n])"
_MARKUP = r"(?<=[a-z])</?[a-z]{1,6}>(?:</?[a-z]{1,6}>){0,3}(?=[a-z])"
_CUT = r"(?<![\w\-])[A-Za-z]{1,6}(?:-[A-Za-z]{1,6}){2,6}(?![\w\-])"
# What to search, whether it is worth that, the sign to replace, and by what.
_SIGNS = (
    (_SCORED, r"_[A-Za-z.,:;#']{1,20}_", "_", " "),
    (_LINES, r"\n[^\s]{1,16}\n", "\n", " "),
    (_CUT, r"-[A-Za-z]{1,6}-", "-", ""),
)
_BACKWARD = ("eht", "uoy", "ruoy", "snoitcurtsni")
_BACKWARDS = r"\b(?:eht|uoy|ruoy|snoitcurtsni|tpmorp|erongi|drager|sih?t|suoiverp)\b"
_TAGS = r"[\U000e0020-\U000e007e]{12,4000}"


def worded(text: str) -> Iterator[View]:
    """Yield a text with disguised words read plainly, and backwards where it is written so."""
    edits = sorted(_edits(text))
    if edits:
        yield edited(text, [one for at, one in enumerate(edits) if _apart(edits, at)])
    if any(word in text for word in _BACKWARD) and (
        len(compiled(_BACKWARDS).findall(text)) >= _ENOUGH - 1
    ):
        yield piece(text[::-1], 0, len(text))


def unseen(text: str) -> Iterator[View]:
    """Yield each message in characters nobody sees, apart from the words it is glued to."""
    if text.isascii():
        return
    for match in compiled(_TAGS).finditer(text):
        read = "".join(chr(ord(character) - 0xE0000) for character in match.group())
        yield piece(read, *match.span())


def _edits(text: str) -> Iterator[Edit]:
    if len(compiled(_TURNED).findall(text)) >= _ENOUGH:
        leets = list(compiled(_LEETS).finditer(text))
        for match in leets if len(leets) >= _ENOUGH else ():
            yield match.start(), match.end(), match.group().translate(_LEET)
    for pattern, first, sign, read in _SIGNS:
        if text.count(sign) > 1 and compiled(first).search(text):
            for match in compiled(pattern).finditer(text):
                for at, character in enumerate(match.group(), match.start()):
                    if character == sign:
                        yield at, at + 1, read
    if "<" in text:
        for match in compiled(_MARKUP).finditer(text):
            yield match.start(), match.end(), ""


def _apart(edits: list[Edit], at: int) -> bool:
    return at == 0 or edits[at - 1][1] <= edits[at][0]
