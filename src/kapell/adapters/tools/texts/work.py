"""What the tools for texts do, off the event loop."""

import difflib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from kapell.adapters.tools.texts.patterns import Match, Pattern
from kapell.adapters.tools.threads import Stop
from kapell.kit.errors import Invalid
from kapell.kit.json import Json

LARGEST = 10_000_000
"""Characters of a text that comes out."""

_MOST_LINES = 20_000
_EFFORT = 8_000_000
_PARAGRAPH = re.compile(r"\n[^\S\n]*\n\s*")
_NEAR = 40


def split(args: Mapping[str, Json], stop: Stop) -> Json:
    """Return ``{parts, count}``."""
    text, by = str(args["text"]), str(args.get("by") or "lines")
    if by == "lines":
        parts = text.splitlines()
    elif by == "words":
        parts = text.split()
    elif by == "paragraphs":
        parts = [part.strip() for part in _PARAGRAPH.split(text) if part.strip()]
    elif by == "separator":
        parts = text.split(str(_needed(args, "separator")))
    else:
        parts = _pieces(text, args)
    stop.check()
    return {"parts": parts, "count": len(parts)}


def replace(args: Mapping[str, Json], stop: Stop) -> Json:
    """Return ``{text, count}``."""
    text, by = str(args["text"]), str(args["replace"])
    is_regex, ignore_case = args.get("regex") is True, args.get("ignore_case") is True
    pattern = Pattern(str(args["find"]), ignore_case=ignore_case, literal=not is_regex)
    template = by if is_regex else by.replace("\\", "\\\\")
    made = pattern.replacement(template)
    limit = _whole(args.get("limit"), 10_000)
    parts: list[str] = []
    at = size = count = 0
    for match in pattern.matches(text, stop):
        if count == limit:
            break
        parts += [text[at : match.start], made(match)]
        at, count = match.end, count + 1
        size += len(parts[-1]) + len(parts[-2])
        if size > LARGEST:
            raise _too_large("The text would have more than {:,} characters.", LARGEST)
    return {"text": "".join([*parts, text[at:]]), "count": count}


def extract(args: Mapping[str, Json], stop: Stop) -> Json:
    """Return ``{matches, count, more}``."""
    text, limit = str(args["text"]), _whole(args.get("limit"), 100)
    pattern = Pattern(str(args["pattern"]), ignore_case=args.get("ignore_case") is True)
    found: list[Json] = []
    size = 0
    for match in pattern.matches(text, stop):
        if len(found) == limit:
            return {"matches": found, "count": len(found), "more": True}
        found.append(_told(text, match))
        size += (match.end - match.start) + sum(len(group or "") for group in match.groups)
        if size > LARGEST:
            raise _too_large("What was found has more than {:,} characters.", LARGEST)
    return {"matches": found, "count": len(found), "more": False}


def truncate(args: Mapping[str, Json], stop: Stop) -> Json:
    """Return ``{text, truncated}``."""
    del stop
    text, length = str(args["text"]), _whole(args["length"], 1)
    ending = str(args["ending"]) if args.get("ending") is not None else "\u2026"
    if args.get("unit") == "words":
        words = list(re.finditer(r"\S+", text))
        if len(words) <= length:
            return {"text": text, "truncated": False}
        return {"text": text[: words[length - 1].end()] + ending, "truncated": True}
    if len(text) <= length:
        return {"text": text, "truncated": False}
    kept = text[: max(0, length - len(ending))]
    if text[len(kept)].isalnum():
        space = max(kept.rfind(" "), kept.rfind("\n"))
        kept = kept[:space] if space >= max(1, len(kept) - _NEAR) else kept
    return {"text": (kept.rstrip() + ending)[:length], "truncated": True}


def diff(args: Mapping[str, Json], stop: Stop) -> Json:
    """Return ``{diff, added, removed, equal}``."""
    before, after = (str(args[key]).splitlines(keepends=True) for key in ("before", "after"))
    if max(len(before), len(after)) > _MOST_LINES:
        raise _too_large("Texts of more than {:,} lines are not compared.", _MOST_LINES)
    watched = _Watched(before, after, stop)
    name = str(args.get("name") or "text")
    context = _whole(args.get("context"), 3)
    lines = []
    for line in difflib.unified_diff(watched, after, f"{name} before", f"{name} after", n=context):
        stop.check()
        lines.append(line if line.endswith("\n") else f"{line}\n\\ No newline at end of text\n")
    changes = lines[2:]
    return {
        "diff": "".join(lines),
        "added": sum(line.startswith("+") for line in changes),
        "removed": sum(line.startswith("-") for line in changes),
        "equal": before == after,
    }


def count(args: Mapping[str, Json], stop: Stop) -> Json:
    """Return ``{characters, words, lines, bytes, found}``."""
    text = str(args["text"])
    ignore_case = args.get("ignore_case") is True
    looked, found = text.casefold() if ignore_case else text, {}
    words = args.get("find") or ()
    for word in words if isinstance(words, Sequence) else ():
        stop.check()
        wanted = str(word).casefold() if ignore_case else str(word)
        found[str(word)] = looked.count(wanted)
    return {
        "characters": len(text),
        "words": len(text.split()),
        "lines": len(text.splitlines()),
        "bytes": len(text.encode("utf-8", "surrogatepass")),
        "found": found,
    }


class _Watched(list[str]):
    """Lines of which each look at one is paid for by the lines it is compared with.

    The comparison itself knows no end: of many lines that are equal it takes hours.
    """

    def __init__(self, lines: Sequence[str], others: Sequence[str], stop: Stop) -> None:
        super().__init__(lines)
        self._often = Counter(others)
        self._left = _EFFORT
        self._stop = stop

    def __getitem__(self, place: Any) -> Any:
        line = super().__getitem__(place)
        if isinstance(line, str):
            self._left -= 1 + self._often[line]
            self._stop.check()
            if self._left < 0:
                raise Invalid(
                    "The texts have too many equal lines to be compared.",
                    code="text_too_large",
                    advice="Take a smaller part of the text at a time.",
                )
        return line


def _pieces(text: str, args: Mapping[str, Json]) -> list[str]:
    length, overlap = _whole(_needed(args, "length"), 1), _whole(args.get("overlap"), 0)
    if overlap >= length:
        raise Invalid(
            "The pieces would overlap by as much as they are long.",
            code="tool_arguments",
            advice="Give an `overlap` smaller than `length`.",
        )
    step = length - overlap
    if length * (len(text) // step + 1) > LARGEST:
        raise _too_large("The pieces would have more than {:,} characters.", LARGEST)
    last = max(len(text) - overlap, 1)
    return [text[at : at + length] for at in range(0, last, step)] if text else []


def _needed(args: Mapping[str, Json], name: str) -> Json:
    value = args.get(name)
    if value is None:
        raise Invalid(
            f"To split by {args.get('by')!r} there must be {name!r}.",
            code="tool_arguments",
            advice=f"Give `{name}` too.",
        )
    return value


def _told(text: str, match: Match) -> Json:
    return {
        "text": text[match.start : match.end],
        "start": match.start,
        "end": match.end,
        "groups": list(match.groups),
        "named": dict(match.named),
    }


def _whole(value: Json, default: int) -> int:
    return value if isinstance(value, int) else default


def _too_large(said: str, limit: int) -> Invalid:
    return Invalid(
        said.format(limit),
        code="text_too_large",
        advice="Take a smaller part of the text at a time.",
    )
