"""What people read: docstrings, English, nothing left open, reasons for exceptions."""

import ast
import re
import unicodedata
from collections.abc import Iterator

from tests.architecture.rules.sources import Finding, Project

_READ = ("src/", "docs/", "scripts/", "bench/", "examples/", "README", "CONTRIBUTING", "SECURITY")
_READ_ROOT = ("ARCHITECTURE", "CHANGELOG", "Makefile", "pyproject")
_LETTERS = frozenset("\u00b5\u03bc")  # micro sign and mu: units, not words
_FOREIGN = re.compile(
    r"\b(anche|che|degli|della|delle|essere|nella|perch[eé]|quando|questa|questo|sono"
    r"|eine|nicht|oder|und|werden|wird"
    r"|avec|cette|dans|pour|une|vous)\b"
)
_QUOTED = re.compile(r"`[^`]*`|\"[^\"]*\"|'[^']*'")
_OPEN = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b|NotImplemented" r"Error")
_NOQA = re.compile(r"#\s*noqa\b(?P<codes>:\s*[A-Z]+[0-9]+(?:\s*,\s*[A-Z]+[0-9]+)*)?(?P<rest>.*)")
_IGNORE = re.compile(r"#\s*type:\s*ignore(?P<codes>\[[a-z, -]+\])?(?P<rest>.*)")


def docstrings(project: Project) -> Iterator[Finding]:
    """Yield packages and modules of ours that do not say why they exist."""
    for source in project.under("src/kapell/"):
        text = ast.get_docstring(source.tree) or ""
        if not text:
            yield source.found(1, "no module docstring: say why it exists and who may import it")
    floors = {
        source.path: source
        for source in project.under("src/kapell/")
        if source.path.count("/") == 3 and source.path.endswith("/__init__.py")
    }
    for source in floors.values():
        text = ast.get_docstring(source.tree) or ""
        if text and len(text.split()) < 15:
            yield source.found(1, "a floor's docstring is a paragraph: what it is, who imports it")


_WORDS_OF_OTHERS = frozenset(
    {
        "src/kapell/core/gateway/complexity/lexicon.py",
        "src/kapell/core/guardrails/signals/tongues/carrying.py",
        "src/kapell/core/guardrails/signals/tongues/revealing.py",
        "src/kapell/core/guardrails/signals/tongues/standing.py",
        "src/kapell/core/guardrails/signals/tongues/undoing.py",
        "src/kapell/core/guardrails/signals/tongues/words.py",
        "src/kapell/core/guardrails/subjects/abuse/tongues.py",
        "src/kapell/core/guardrails/subjects/small_words.py",
    }
)
"""Data that has to hold words of other languages: what people write prompts in."""


def english(project: Project) -> Iterator[Finding]:
    """Yield letters and frequent words of other languages in what people read."""
    for source in project.files:
        if not source.path.startswith(_READ + _READ_ROOT) or source.path.endswith(".csv"):
            continue
        if source.path in _WORDS_OF_OTHERS:
            continue
        for number, line in enumerate(source.lines, 1):
            for character in "" if line.isascii() else line:
                if ord(character) > 127 and _is_foreign_letter(character):
                    yield source.found(number, f"the letter {character!r} is not English")
                    break
            word = _FOREIGN.search(_QUOTED.sub("", line))
            if word and not source.path.startswith("docs/reference/requirements"):
                yield source.found(number, f"the word {word[0]!r} is not English")


def left_open(project: Project) -> Iterator[Finding]:
    """Yield marks of work that was not finished."""
    for source in project.under("src/", "tests/", "scripts/", "bench/"):
        for number, line in enumerate(source.lines, 1):
            if found := _OPEN.search(line):
                yield source.found(number, f"{found[0]}: finish it, or open an issue")


def reasons(project: Project) -> Iterator[Finding]:
    """Yield silenced checks that do not name the check and the reason."""
    for source in project.under("src/", "tests/", "scripts/", "bench/"):
        for number, line in enumerate(source.lines, 1):
            if "noqa" not in line and "ignore" not in line:
                continue
            for pattern, form in ((_NOQA, "# noqa: CODE - why"), (_IGNORE, "# type: ignore[code]")):
                found = pattern.search(_strings_blanked(line))
                if found and not (found["codes"] and re.search(r"\w{2,}", found["rest"])):
                    yield source.found(number, f"an ignore names its code and reason: {form}")


def _is_foreign_letter(character: str) -> bool:
    return unicodedata.category(character).startswith("L") and character not in _LETTERS


def _strings_blanked(line: str) -> str:
    return re.sub(r"\"[^\"]*\"|'[^']*'|`[^`]*`", '""', line)
