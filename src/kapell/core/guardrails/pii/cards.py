"""Numbers of payment cards, by their first digits, their length and Luhn's check."""

from collections.abc import Iterator
from itertools import pairwise

from kapell.core.guardrails.detectors.detector import Detector, Span, beside, compiled
from kapell.core.guardrails.pii.checksums import luhn

_GAPS = frozenset(" \t-._/\u2013\n")
_WORDS = (
    r"\b(?:card|visa|master ?card|amex|american express|maestro|discover|diners|jcb|unionpay|cvv"
    r"|cvc|credit|debit|pan|payment|kredit\w*|karte|carte|carta|tarjeta|cart[a\u00e3]o)"
)
_SHAPES = frozenset(
    {(4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (8, 8), (4, 4, 8), (4, 12), (6, 10), (4, 4, 4, 1)}
    | {(4, 4, 4, 4, rest) for rest in (1, 2, 3)}
)
_FIRST = frozenset("234568")
_USUAL = (14, 15, 16)
_HEX = frozenset("abcdefABCDEF")


def _network(digits: str) -> bool:
    """Tell whether a network issues cards that begin like this and are as long."""
    head, length = int(digits[:4]), len(digits)
    if digits[0] == "4":
        return length in (13, 16, 18, 19)
    if 5100 <= head <= 5599 or 2221 <= head <= 2720:
        return length == 16
    if digits[:2] in ("34", "37"):
        return length == 15
    if digits[:2] in ("36", "38", "39") or 3000 <= head <= 3059 or head == 3095:
        return 14 <= length <= 19
    if head == 6011 or digits[:2] in ("65", "62", "81") or 6440 <= head <= 6499:
        return 16 <= length <= 19
    if 3528 <= head <= 3589:
        return 16 <= length <= 19
    return digits[:2] in ("50", "56", "57", "58", "63", "67", "60") and length <= 19


def _search(text: str) -> Iterator[Span]:
    groups = [match.span() for match in compiled(r"[0-9]{1,20}").finditer(text)]
    for first in range(len(groups)):
        if text[groups[first][0]] not in _FIRST:
            continue
        widest: Span | None = None
        digits = ""
        last = first
        for last in range(first, min(first + 19, len(groups))):
            start, end = groups[last]
            if last > first and not _adjacent(text, groups[last - 1][1], start):
                break
            digits += text[start:end]
            if len(digits) > 19:
                break
            if len(digits) >= 13 and luhn(digits) and _network(digits):
                score = _score(text, groups[first : last + 1], len(digits))
                if score and (widest is None or score >= widest[2]):
                    widest = (groups[first][0], end, score)
        if widest:
            yield widest


def _adjacent(text: str, end: int, start: int) -> bool:
    return start - end <= 3 and _GAPS.issuperset(text[end:start])


def _score(text: str, groups: list[tuple[int, int]], length: int) -> float:
    start, end = groups[0][0], groups[-1][1]
    lengths = tuple(after - begin for begin, after in groups)
    if beside(text, start, end, _WORDS, 80, 40):
        return 0.99
    if len(groups) == 1:
        if _fraction(text, start) or _hash(text, start, end):
            return 0.0
        return 0.9 if length in _USUAL else 0.0
    if lengths in _SHAPES:
        return 0.95 if length in _USUAL else 0.6
    uniform = len({text[one[1] : other[0]] for one, other in pairwise(groups)}) == 1
    spelled = set(lengths) in ({1}, {2}) and uniform and length in (15, 16)
    return 0.8 if spelled else 0.0


def _fraction(text: str, start: int) -> bool:
    """Tell whether digits follow a decimal point."""
    return start >= 2 and text[start - 1] in ".," and text[start - 2].isdigit()


def _hash(text: str, start: int, end: int) -> bool:
    """Tell whether digits stand inside of a hexadecimal number."""
    ahead = text[max(0, start - 1) : start]
    after = text[end : end + 1]
    return (
        bool(ahead)
        and ahead in _HEX
        and (after in _HEX or not after.isalnum())
        and bool(
            compiled(r"[0-9][a-fA-F]{1,8}$|[a-fA-F]{8}$").search(text[max(0, start - 10) : start])
        )
    )


DETECTORS = (Detector("pii", "card", digits=13, search=_search),)
