"""What broken YAML means, in words an author can act on."""

import re
from typing import TypeAlias

from kapell.core.definitions.problems import Problems
from kapell.kit.errors import Place

Told: TypeAlias = tuple[str, str, str, tuple[int, int]]
"""Code, message, advice, and how far line and column must be shifted."""

_TEMPLATE = re.compile(r"(?:[:\-\[,{]\s*)(\{\{|\{%|\{#)")
TEMPLATE_UNQUOTED = "yaml_template_unquoted"
TEMPLATE_MESSAGE = "A value that begins with {{ must be quoted: YAML reads { as a mapping."
_TEMPLATE_ADVICE = 'Write it as "{{ ... }}".'
_QUOTES = "Check the quotes, brackets and indentation of this line and the one above it."

_TABLE: tuple[tuple[str, str, str], ...] = (
    (
        "mapping values are not allowed",
        "A colon followed by a blank stands where no key can be.",
        "Put the text in quotes, or begin the key on a line of its own.",
    ),
    (
        "sequence entries are not allowed",
        "A list entry (`- `) stands where no list can begin.",
        "Begin the list on a line of its own.",
    ),
    (
        "found unexpected end of stream",
        "A quoted text is never closed.",
        "Add the missing quote.",
    ),
    (
        "found unexpected document separator",
        "A quoted text is never closed.",
        "Add the missing quote.",
    ),
    (
        "found unknown escape character",
        "A double-quoted text holds a backslash that escapes nothing.",
        "Write the backslash twice, or use single quotes.",
    ),
    (
        "but found '<stream end>'",
        "The file ends inside a bracket or brace.",
        "Close what was opened.",
    ),
    (
        "expected ',' or",
        "A list or mapping in brackets is not closed, or a comma is missing.",
        "Add the comma or the closing bracket.",
    ),
    (
        "could not find expected ':'",
        "This line is no `key: value`; the colon is missing.",
        "Write `key: value`, with a blank after the colon.",
    ),
    (
        "expected <block end>",
        "This line does not fit the lines above it.",
        "Give keys that belong together the same indentation.",
    ),
    (
        "expected the node content",
        "A value is missing here.",
        _QUOTES,
    ),
    (
        "that cannot start any token",
        "A value may not begin with this character unless it is quoted.",
        "Put the value in quotes.",
    ),
)


def explain(said: str, lines: list[str], line: int, column: int) -> Told:
    """Return what the parser's complaint at ``line`` and ``column`` (from 0) most likely means."""
    template = _template_near(lines, line)
    if template is not None:
        found_line, found_column = template
        shift = (found_line - line, found_column - column)
        return (TEMPLATE_UNQUOTED, TEMPLATE_MESSAGE, _TEMPLATE_ADVICE, shift)
    here = lines[line] if line < len(lines) else ""
    if here[column : column + 1] == "\t" or "'\\t'" in said or here.lstrip(" ").startswith("\t"):
        message = "A tab stands where YAML wants blanks."
        return ("yaml_tab", message, "Indent with blanks only.", (0, 0))
    if "<block end>" in said and here[:column].rstrip()[-1:] in ("'", '"'):
        message = "The text goes on after its closing quote."
        advice = "Write a quote inside the text twice, or use the other sort around it."
        return ("yaml_broken", message, advice, (0, 0))
    for part, message, advice in _TABLE:
        if part in said:
            return ("yaml_broken", message, advice, (0, 0))
    return ("yaml_broken", "The YAML is broken here.", _QUOTES, (0, 0))


def _template_near(lines: list[str], line: int) -> tuple[int, int] | None:
    """Return where an unquoted template begins in the line or the one above it."""
    for number in (line, line - 1):
        if 0 <= number < len(lines):
            found = _TEMPLATE.search(lines[number])
            if found:
                return number, found.start(1)
    return None


def unquoted_template(place: Place) -> Problems:
    """Return the problem of a value that begins with ``{{`` outside of quotes."""
    problems = Problems()
    problems.error(TEMPLATE_UNQUOTED, TEMPLATE_MESSAGE, place, _TEMPLATE_ADVICE)
    return problems
