"""Looking at a text and taking out what is found, as every message and every result passes it.

A message of 200 characters and one of 4,000, each with an address, a card and a number in prose.
"""

import sys
from pathlib import Path
from time import perf_counter

from measuring import sample  # type: ignore[import-not-found]  # beside this script

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from texts import LONG, SHORT, times  # type: ignore[import-not-found]  # the same

from kapell.core.guardrails.looking import look
from kapell.core.guardrails.profiles import DEFAULT, decided, to_redact
from kapell.core.guardrails.pseudonyms import Pseudonyms, pseudonymised


def passed(text: str) -> str:
    """Return a text as a model is sent it."""
    found = look(text, DEFAULT.rules)
    decided(found, DEFAULT, "request")
    return pseudonymised(text, to_redact(found, DEFAULT, "request"), Pseudonyms().name)


def main() -> None:
    """Measure both."""
    for name, text in (("short_ms", SHORT), ("long_ms", LONG)):
        passed(text)
        for _ in range(times()):
            began = perf_counter()
            passed(text)
            sample(name, (perf_counter() - began) * 1000)


if __name__ == "__main__":
    main()
