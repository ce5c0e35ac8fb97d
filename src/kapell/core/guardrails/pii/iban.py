"""International bank account numbers: country, length and check digits agree."""

from collections.abc import Iterator

from kapell.core.guardrails.detectors.detector import Detector, Span, compiled
from kapell.core.guardrails.pii.checksums import mod97

_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22,
    "BR": 29, "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28,
    "EE": 20, "EG": 29, "ES": 24, "FI": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23,
    "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26,
    "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LI": 21, "LT": 20, "LU": 20, "LV": 21,
    "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18,
    "NO": 15, "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "SA": 24,
    "SC": 31, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "SV": 28, "TL": 23, "TN": 24, "TR": 26,
    "UA": 29, "VA": 22, "VG": 24, "XK": 20,
}  # fmt: skip
_START = r"[A-Za-z]{2}[ \-.]?\d[ \-.]?\d(?=(?:[ \-._]{0,3}[A-Za-z0-9]){11})"


def _search(text: str) -> Iterator[Span]:
    for match in compiled(_START).finditer(text):
        start = match.start()
        country = text[start : start + 2].upper()
        length = _LENGTHS.get(country)
        if length is None:
            continue
        compact, end = _taken(text, start, length)
        if len(compact) == length and mod97(compact[4:] + compact[:4]) == 1:
            yield start, end, 0.99
        elif len(compact) == length and compiled(r"(?i)\biban").search(
            text[max(0, start - 30) : start]
        ):
            yield start, end, 0.7


def _taken(text: str, start: int, length: int) -> tuple[str, int]:
    """Return so many letters and digits from a place on, and where they end."""
    taken: list[str] = []
    for at in range(start, min(len(text), start + 4 * length)):
        character = text[at]
        if character.isascii() and character.isalnum():
            taken.append(character.upper())
            if len(taken) == length:
                return "".join(taken), at + 1
        elif character not in " \t\n-._":
            break
    return "".join(taken), start


DETECTORS = (Detector("pii", "iban", digits=10, search=_search),)
