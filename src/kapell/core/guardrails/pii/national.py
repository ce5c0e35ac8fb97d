"""Identity and tax numbers of other countries, by check digits and words beside them."""

import re
from collections.abc import Callable

from kapell.core.guardrails.detectors.detector import Check, Detector, near
from kapell.core.guardrails.pii.checksums import luhn, mod11_10, verhoeff, weighted

_AFTER = r"(?![\w]|[.\-]\d)"
_DNI = "TRWAGMYFPDXBNJZSQVHLCKE"
_ODD = (
    1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23,
)  # fmt: skip


def _digits(match: re.Match[str]) -> str:
    return "".join(filter(str.isdigit, match.group()))


def _checked(valid: "Valid", words: str, bare: float, named: float = 0.95) -> Check:
    """Return a check of digits: how sure without and with a word that names the number."""

    def check(match: re.Match[str]) -> float:
        score = named if near(match, words) else bare
        return score if score and valid(_digits(match)) else 0.0

    return check


class Valid:
    """A check of plain digits that also refuses the same digit over and over."""

    def __init__(self, weights: tuple[int, ...], kind: str) -> None:
        self.weights = weights
        self.kind = kind

    def __call__(self, digits: str) -> bool:
        """Tell whether the digits are valid."""
        return len(set(digits)) > 1 and _CHECKS[self.kind](digits, self.weights)


def _cpf(digits: str, weights: tuple[int, ...]) -> bool:
    first = weighted(digits[:9], weights) * 10 % 11 % 10
    second = weighted(digits[:10], (11, *weights)) * 10 % 11 % 10
    return digits[9:] == f"{first}{second}"


def _pesel(digits: str, weights: tuple[int, ...]) -> bool:
    return -weighted(digits, weights) % 10 == int(digits[10]) and 1 <= int(digits[2:4]) % 20 <= 12


def _nir(digits: str, weights: tuple[int, ...]) -> bool:
    return 97 - int(digits[:13]) % 97 == int(digits[13:])


_CHECKS: dict[str, Callable[[str, tuple[int, ...]], bool]] = {
    "luhn": lambda digits, _: luhn(digits),
    "verhoeff": lambda digits, _: verhoeff(digits),
    "mod11_10": lambda digits, _: mod11_10(digits),
    "mod11": lambda digits, weights: weighted(digits, weights) % 11 == 0,
    "mod10": lambda digits, weights: -weighted(digits, weights) % 10 == int(digits[-1]),
    "cpf": _cpf,
    "pesel": _pesel,
    "nir": _nir,
}


def _china(match: re.Match[str]) -> float:
    said = match.group().upper()
    total = weighted(said[:17], (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2))
    return 0.95 if "10X98765432"[total % 11] == said[17] else 0.0


def _spain(match: re.Match[str]) -> float:
    said = re.sub(r"[ .\-]", "", match.group().upper())
    number = said[:-1].replace("X", "0").replace("Y", "1").replace("Z", "2")
    return 0.9 if _DNI[int(number) % 23] == said[-1] else 0.0


def _italy(match: re.Match[str]) -> float:
    total = 0
    for at, character in enumerate(match.group().upper()[:15]):
        value = int(character) if character.isdigit() else ord(character) - ord("A")
        total += value if at % 2 else _ODD[value]
    return 0.95 if chr(ord("A") + total % 26) == match.group()[15].upper() else 0.0


def _britain(match: re.Match[str]) -> float:
    if near(match, r"\b(?:national insurance|nino\b|ni (?:no|number))"):
        return 0.95
    return (
        0.85 if match.group()[:2].upper() not in ("BG", "GB", "NK", "KN", "TN", "NT", "ZZ") else 0.0
    )


def _named(words: str) -> Check:
    return lambda match: 0.85 if near(match, words) else 0.0


def _number(
    first: str, rest: str, check: Check, least: int, needs: tuple[str, ...] = ()
) -> Detector:
    """Return a detector of a number whose first character is told apart: it is searched for."""
    shape = rf"{first}(?<![\w.\-]{first}){rest}{_AFTER}"
    return Detector("pii", "national_id", shape, needs, least, check=check, flags=re.IGNORECASE)


DETECTORS = (
    _number(
        r"[A-CEGHJ-PR-TW-Z]",
        r"[A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]",
        _britain,
        6,
    ),
    _number(
        r"\d",
        r"\d ?\d{3} ?\d{3} ?\d{3}",
        _checked(Valid((), "mod11_10"), r"steuer|\bidnr|tax id|\btin\b", 0.0),
        11,
        ("steuer", "idnr", "tax id", "tin"),
    ),
    _number(
        r"[\dXYZ]", r"(?:(?<=\d)\d\.?\d{3}\.?\d{3}|(?<=[XYZ])[ \-]?\d{7})[ \-]?[A-Z]", _spain, 7
    ),
    _number(
        r"[A-Z]",
        r"[A-Z]{5}\d{2}[ABCDEHLMPRST]\d{2}[A-Z]\d{3}[A-Z]",
        _italy,
        7,
    ),
    _number(
        r"[12]",
        r" ?\d{2} ?(?:0[1-9]|1[0-2]) ?\d{2} ?\d{3} ?\d{3} ?\d{2}",
        _checked(Valid((), "nir"), r"s[e\u00e9]cu|insee|\bnir\b|social", 0.8),
        15,
    ),
    _number(
        r"[2-9]",
        r"\d{3}[ \-]\d{4}[ \-]\d{4}",
        _checked(Valid((), "verhoeff"), r"aadha?ar|uidai|\buid\b", 0.7),
        12,
    ),
    _number(
        r"[2-9]",
        r"\d{11}",
        _checked(Valid((), "verhoeff"), r"aadha?ar|uidai|\buid\b", 0.0),
        12,
        ("aadhar", "aadhaar", "uid"),
    ),
    _number(
        r"[A-Z]",
        r"[A-Z]{2}[ABCFGHLJPT][A-Z]\d{4}[A-Z]",
        _named(r"\bpan\b|permanent account|income tax"),
        4,
        ("pan", "permanent account", "income tax"),
    ),
    _number(
        r"\d",
        r"\d{2}\.\d{3}\.\d{3}-\d{2}",
        _checked(Valid((10, 9, 8, 7, 6, 5, 4, 3, 2), "cpf"), r"\bcpf\b", 0.9),
        11,
    ),
    _number(
        r"\d",
        r"\d{10}",
        _checked(Valid((10, 9, 8, 7, 6, 5, 4, 3, 2), "cpf"), r"\bcpf\b", 0.0),
        11,
        ("cpf",),
    ),
    _number(
        r"[1-9]",
        r"\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dX]",
        _china,
        17,
    ),
    _number(
        r"\d",
        r"\d{2}[ \-]?\d{3}[ \-]?\d{3}",
        _checked(Valid((), "luhn"), r"\bsin\b|social insurance", 0.0),
        9,
        ("sin", "social insurance"),
    ),
    _number(
        r"\d",
        r"\d{8}",
        _checked(
            Valid((9, 8, 7, 6, 5, 4, 3, 2, -1), "mod11"), r"\bbsn\b|burgerservice|sofinummer", 0.0
        ),
        9,
        ("bsn", "burgerservice", "sofinummer"),
    ),
    _number(
        r"\d",
        r"\d{10}",
        _checked(Valid((1, 3, 7, 9, 1, 3, 7, 9, 1, 3), "pesel"), r"\bpesel\b", 0.0),
        11,
        ("pesel",),
    ),
    _number(
        r"\d",
        r"\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])-[1-8]\d{6}",
        lambda match: 0.85,
        13,
    ),
    _number(
        r"\d",
        r"\d(?:\d{2})?(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])[-+]\d{4}",
        lambda match: 0.85 if luhn(_digits(match)[-10:]) else 0.0,
        10,
    ),
    _number(
        r"\d",
        r"\d{2} ?\d{3} ?\d{3}",
        _checked(Valid((1, 4, 3, 7, 5, 8, 6, 9, 10), "mod11"), r"\btfn\b|tax file", 0.0),
        9,
        ("tfn", "tax file"),
    ),
    _number(
        r"\d",
        r"\d{3}[ \-]?\d{4}[ \-]?\d{4}",
        _named(r"my number|mynumber|\u30de\u30a4\u30ca\u30f3\u30d0\u30fc|\u500b\u4eba\u756a\u53f7"),
        12,
        (
            "my number",
            "mynumber",
            "\u30de\u30a4\u30ca\u30f3\u30d0\u30fc",
            "\u500b\u4eba\u756a\u53f7",
        ),
    ),
)
