"""Passwords, keys and tokens beside the word that names them."""

import re

from kapell.core.guardrails.detectors.detector import LAST, Detector, compiled
from kapell.core.guardrails.secrets.placeholders import placeholder, random

_WORDS = (
    r"(?:pass(?:word|wort|wd|phrase|code)?|pwd|contrase\u00f1a|contrasena|mot de"
    r" passe|senha|kennwort|wachtwoord"
    r"|has\u0142o|\u043f\u0430\u0440\u043e\u043b\u044c|\u5bc6\u7801|\u30d1\u30b9\u30ef\u30fc\u30c9)"
)
_KEYS = (
    r"(?:secret|api[ _\-]?key|access[ _\-]?key|auth[ _\-]?key|private[ _\-]?key|account["
    r" _\-]?key|signing[ _\-]?key"
    r"|encryption[ _\-]?key|master[ _\-]?key|token|credential|client[ _\-]?secret|apikey)s?"
)
_SAID = r"[\"'`]?[ \t]{0,3}(?:=>|:=|==?|:|(?:is|was|lautet|est|es|\u00e8)[ :\t]|-[- ]?>)[ \t]{0,3}"
_VALUE = (
    r"(?:\"(?P<double>[^\"\n]{4,200})\"|'(?P<single>[^'\n]{4,200})'|(?P<bare>[^\s\"'`,;<>"
    r"(){}\[\]]{4,200}))"
)
_NAMED = r"[\w\-]{0,20}"
_CODE = (
    r"^[A-Za-z_$][\w$]*(?:(?:\.|->|::)[A-Za-z_]\w*)+$|^[A-Z][A-Z0-9_]*_[A-Z0-9_]+$|^[a-z]+"
    r"(?:_[a-z]+)+\d?$"
    r"|^(?:https?|file)://|^[./~]/"
)


def _password(match: re.Match[str]) -> float:
    quoted = match["double"] or match["single"]
    said = quoted or (match["bare"] or "").rstrip(".:!?")
    if len(said) < 4 or placeholder(said) or compiled(_CODE).search(said) or " " in said:
        return 0.0
    if not quoted and match.string[match.end() : match.end() + 1] in ("(", "["):
        return 0.0
    digits = any(map(str.isdigit, said))
    letters = any(map(str.isalpha, said))
    odd = any(character in "!@#$%^&*+=?~" for character in said)
    if said.isdigit():
        return 0.85 if 4 <= len(said) <= 12 and quoted else 0.6
    if letters and (digits or odd):
        return 0.9
    if quoted and not said.islower() and not said.istitle() and not said.isupper():
        return 0.7
    return 0.0


def _token(match: re.Match[str]) -> float:
    quoted = match["double"] or match["single"]
    said = quoted or (match["bare"] or "").rstrip(".:!?")
    if len(said) < 10 or placeholder(said) or compiled(_CODE).search(said) or " " in said:
        return 0.0
    if said.startswith("sha256:") or said.startswith("sha512-"):
        return 0.0
    return 0.85 if random(said) and (len(said) >= 16 or quoted) else 0.0


DETECTORS = (
    Detector(
        "secret",
        "password",
        rf"{_WORDS}{_NAMED}{_SAID}{_VALUE}",
        (
            "pass",
            "pwd",
            "contrase",
            "senha",
            "kennwort",
            "wachtwoord",
            "has\u0142o",
            "\u043f\u0430\u0440\u043e\u043b\u044c",
            "\u5bc6\u7801",
            "\u30d1\u30b9\u30ef\u30fc\u30c9",
        ),
        check=_password,
        group=LAST,
        flags=re.IGNORECASE,
    ),
    Detector(
        "secret",
        "token",
        rf"{_KEYS}{_NAMED}{_SAID}{_VALUE}",
        ("secret", "key", "token", "credential"),
        digits=2,
        check=_token,
        group=LAST,
        flags=re.IGNORECASE,
    ),
)
