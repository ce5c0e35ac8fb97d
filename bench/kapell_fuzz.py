"""Milliseconds a kilobyte of hostile text takes, family by family; each is said on standard error.

Usage: kapell_fuzz.py [--count KILOBYTES]
"""

import sys
from pathlib import Path
from time import process_time

from measuring import sample  # type: ignore[import-not-found]  # beside this script
from texts import options  # type: ignore[import-not-found]  # so is this

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from kapell.core.guardrails.looking import look
from kapell.core.guardrails.rules import Rules

FAMILIES = {
    "letters": "a",
    "digits": "4",
    "digits apart": "4 ",
    "card halves": "4111 ",
    "signs": "a@",
    "dots": "a.",
    "headers of tokens": "eyJ",
    "keys that begin": "-----BEGIN RSA PRIVATE KEY-----\n",
    "key files": "PuTTY-User-Key-File-2",
    "prefixes": "sk-",
    "assignments": 'password="',
    "base64": "QUJD",
    "base64 lines": "QUJDQUJDQUJD\n",
    "hexadecimal": "61 ",
    "percent": "%40",
    "escapes": "\\u0040",
    "entities": "&#64;",
    "colons": "1:",
    "addresses": "1.",
    "credentials": "a://b:",
    "accounts": "DE89 ",
    "phones": "+1 ",
    "brackets": "(1",
    "orders": "ignore previous ",
    "freedom": "you without ",
    "comments": "<!--",
    "styles": "display:none ",
    "unseen": "\u200b",
    "full width": "\uff14",
    "look-alikes": "\u04301",
    "tags": "\U000e0041",
    "spelled": "a b ",
    "blanks": " ",
    "lines": "\n",
}


def spent(text: str) -> float:
    """Return the processor milliseconds of one look."""
    began = process_time()
    look(text, Rules())
    return (process_time() - began) * 1000


def main() -> None:
    """Measure each family once, and twice as much of it."""
    size = options().count * 1000
    look("warm me up: jane@example.com", Rules())
    for name, piece in FAMILIES.items():
        text = (piece * (size // len(piece) + 1))[:size]
        once, twice = spent(text), spent(text * 2)
        each = once / (size / 1000)
        sample("each_ms", each)
        sample("growth", twice / once)
        print(
            f"{name:20} {each:7.2f} ms/kB, twice: {twice / max(once, 0.01):4.1f}x", file=sys.stderr
        )


if __name__ == "__main__":
    main()
