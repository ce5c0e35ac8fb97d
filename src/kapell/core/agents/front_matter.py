"""Markdown with front matter: what stands above, what stands below, and where."""

import json
import re

from kapell.core.definitions.problems import DefinitionInvalid, Problems
from kapell.core.definitions.reading import read
from kapell.core.definitions.tree import Node
from kapell.kit.errors import Place

_LINE = re.compile(r"([A-Za-z_][\w-]*):[ \t]+(\S.*?)[ \t]*")
_PLAIN_START = re.compile(r"[^\"'\[\]{}|>&*!%@`#,?-]")


def parts_of(text: str, file: str) -> tuple[str, str, int]:
    """Return front matter, the text under it, and the line at which that text begins."""
    lines = text.split("\n")
    start = Place(file=file, line=1, column=1)
    example = "Begin the file with `---`, `name: ...`, `---`."
    problems = Problems()
    if lines[0].rstrip() != "---":
        problems.error("front_matter_missing", "The file has no front matter.", start, example)
    else:
        for number, line in enumerate(lines[1:], start=1):
            if line.rstrip() == "---":
                front = "\n".join(lines[1:number])
                return front, "\n".join(lines[number + 1 :]), number + 2
        message = "The front matter is never closed."
        problems.error("front_matter_open", message, start, "Add a line `---` after its last key.")
    raise DefinitionInvalid(problems.errors)


def front_matter(text: str, file: str, problems: Problems) -> Node:
    """Return the front matter's tree, mended when its texts are not quoted as YAML wants."""
    try:
        return read(text, file, first_line=2, noted=problems)
    except DefinitionInvalid as error:
        mended = "\n".join(_quoted(line) for line in text.split("\n"))
        if mended == text:
            raise
        try:
            root = read(mended, file, first_line=2, noted=problems)
        except DefinitionInvalid:
            raise error from None
        place = error.problems[0].place
        message = "The text is no YAML as it stands and was read as if it were quoted."
        problems.warn("front_matter_mended", message, place, "Put the value in quotes.")
        return root


def _quoted(line: str) -> str:
    """Return ``key: some: text`` with its text in quotes; other lines as they are."""
    found = _LINE.fullmatch(line)
    if found is None:
        return line
    key, value = found.groups()
    if _PLAIN_START.match(value) and (": " in value or " #" in value or value.endswith(":")):
        # Such files write line breaks as \n, which a quoted text keeps.
        quoted = json.dumps(value, ensure_ascii=False).replace("\\\\n", "\\n")
        return f"{key}: {quoted}"
    return line
