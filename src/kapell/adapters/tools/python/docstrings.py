"""Docstrings taken apart: what a function does, and what is said of each argument."""

import inspect
import re
from typing import NamedTuple

_SECTION = re.compile(
    r"^(Args|Arguments|Parameters|Params|Returns?|Yields?|Raises|Examples?|Notes?|Attributes"
    r"|See Also|Warnings?|Todo):?\s*$"
)
_ARGUMENTS = frozenset({"Args", "Arguments", "Parameters", "Params"})
_GOOGLE = re.compile(r"^(\s*)\*{0,2}(\w+)\s*(?:\([^)]*\))?\s*:\s*(.*)$")
_NUMPY = re.compile(r"^(\w+)\s*(?::\s*.*)?$")
_FIELD = re.compile(r"^:(?:param|parameter|arg|argument)\s+(?:[^:]*\s)?(\w+)\s*:\s*(.*)$")
_OTHER_FIELD = re.compile(r"^:\w+[^:]*:")
_RULED = re.compile(r"^-{3,}\s*$")


class Docstring(NamedTuple):
    """What a docstring says; ``arguments`` by name."""

    text: str
    arguments: dict[str, str]


def docstring_of(target: object) -> Docstring:
    """Return the docstring of a function, Google's, numpy's or Sphinx's way of writing it."""
    lines = inspect.cleandoc(getattr(target, "__doc__", None) or "").splitlines()
    text: list[str] = []
    sections: dict[str, list[str]] = {}
    fields: dict[str, list[str]] = {}
    open_section: list[str] | None = text
    for line in lines:
        section, field = _SECTION.match(line), _FIELD.match(line)
        if section:
            open_section = sections.setdefault(section[1], [])
        elif field:
            open_section = fields.setdefault(field[1], [])
            open_section.append(field[2])
        elif _OTHER_FIELD.match(line):
            open_section = None
        elif open_section is not None and not _RULED.match(line):
            open_section.append(line)
    arguments = {name: _joined(said) for name, said in fields.items()}
    for name, said in sections.items():
        if name in _ARGUMENTS:
            arguments.update(_arguments(said))
    return Docstring(_paragraphs(text), arguments)


def _arguments(lines: list[str]) -> dict[str, str]:
    """Return the arguments of a section, indented (Google) or with indented texts (numpy)."""
    found: dict[str, list[str]] = {}
    current: list[str] = []
    depth = next((_depth(line) for line in lines if line.strip()), 0)
    for line in lines:
        google = _GOOGLE.match(line) if depth else None
        numpy = _NUMPY.match(line) if not depth else None
        if google and len(google[1]) == depth:
            current = found.setdefault(google[2], [])
            current.append(google[3])
        elif numpy:
            current = found.setdefault(numpy[1], [])
        elif line.strip():
            current.append(line)
    return {name: _joined(said) for name, said in found.items()}


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _joined(lines: list[str]) -> str:
    return " ".join(" ".join(lines).split())


def _paragraphs(lines: list[str]) -> str:
    """Return the text with each paragraph on one line."""
    paragraphs = "\n".join(line.strip() for line in lines).strip().split("\n\n")
    return "\n".join(" ".join(one.split()) for one in paragraphs if one.strip())
