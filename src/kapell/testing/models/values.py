"""Values as a reader of an error makes them: converted, clamped, chosen, found in the prompt."""

import json
import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from kapell.kit.json import Json

_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_FILE = re.compile(r"[\w./~-]*\w\.[a-z]{2,5}\b")
_QUOTED = re.compile(r'"([^"]*)"')
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_BOUND = re.compile(r"(?:minimum|maximum) of (-?\d+(?:\.\d+)?)")
_SAYS = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}


def converted(value: Json, problem: str, schema: Mapping[str, Json], prompt: str) -> Json:
    """Return a value that a problem was found with as it should be; None when nobody can tell."""
    bound = _BOUND.search(problem)
    if bound is not None:
        return _number(bound[1])
    if "is not of type" in problem:
        return _of_type(value, re.findall(r'"(\w+)"', problem))
    if "is not one of" in problem:
        choices = schema.get("enum")
        known = choices if isinstance(choices, list) else re.findall(r'"([^"]+)"', problem)
        return _chosen(value, [str(one) for one in known], prompt)
    pattern = schema.get("pattern")
    if "does not match" in problem and isinstance(value, str) and isinstance(pattern, str):
        return _matching(value, pattern, prompt)
    return None


def filled(name: str, schema: Mapping[str, Json], prompt: str, used: Sequence[Json]) -> Json:
    """Return what the prompt gives for an argument that is missing; None when it gives nothing."""
    kind = schema.get("type")
    choices, pattern = schema.get("enum"), schema.get("pattern")
    if isinstance(choices, list):
        return next((one for one in choices if str(one) in prompt), None)
    if kind in ("integer", "number"):
        return _quantity(_QUOTED.sub("", prompt))
    if kind == "array":
        items = schema.get("items")
        inner = items if isinstance(items, Mapping) else {}
        found = filled(name, inner, prompt, used)
        return None if found is None else [found]
    if schema.get("x-kapell-path") or "path" in name:
        return next(
            (one for one in _FILE.findall(_QUOTED.sub("", prompt)) if one not in used), None
        )
    if isinstance(pattern, str) and pattern.startswith("^[A"):
        return _token(prompt, pattern)
    free = [str(one) for one in _QUOTED.findall(prompt) if one not in used]
    if free:
        # What a text is called is short; the text itself is what is longest.
        return max(free, key=len) if name in ("text", "body") else free[0]
    said = prompt.partition(": ")[2].rstrip(".")
    return said or None


def inside(path: str, prompt: str) -> str:
    """Return a path as one that stays inside: as the prompt has it, or without the way out."""
    name = path.rpartition("/")[2]
    known = _files(prompt)
    for one in known:
        if one.rpartition("/")[2] == name:
            return one
    if ".." not in path and not path.startswith(("/", "~")):
        near = get_close_matches(path, known, 1)
        return near[0] if near else path
    parts = [part for part in path.split("/") if part not in ("", ".", "..", "~")]
    return "/".join(parts)


def _files(text: str) -> list[str]:
    return [str(one) for one in _FILE.findall(text)]


def _of_type(value: Json, kinds: Sequence[str]) -> Json:
    for kind in kinds:
        found = _as(value, kind)
        if found is not None:
            return found
    return None


def _as(value: Json, kind: str) -> Json:
    text = value if isinstance(value, str) else ""
    match kind:
        case "integer" | "number":
            return _quantity(text)
        case "boolean":
            return _SAYS.get(text.lower())
        case "array":
            read = parsed(text)
            if isinstance(read, list):
                return read
            return [part.strip() for part in text.split(",")] if text else [value]
        case "object":
            read = parsed(text)
            return read if isinstance(read, dict) else None
        case "string":
            if isinstance(value, list):
                return ", ".join(str(one) for one in value)
            return None if value is None else str(value)
        case _:
            return None


def parsed(text: str) -> Json:
    """Return the JSON a text is, None when it is none."""
    try:
        found: Json = json.loads(text)
    except ValueError:
        return None
    return found


def _quantity(text: str) -> int | float | None:
    found = _NUMBER.search(text)
    if found is not None:
        return _number(found[0])
    words = (word.strip('.,"').lower() for word in text.split())
    return next((_WORDS.index(word) for word in words if word in _WORDS), None)


def _number(text: str) -> int | float:
    return float(text) if "." in text else int(text)


def _chosen(value: Json, choices: Sequence[str], prompt: str) -> str | None:
    """Return the choice most like a value, or the one that the prompt speaks of."""
    text = str(value).lower()
    for one in choices:
        if one.lower() in text or text in one.lower():
            return one
    near = get_close_matches(text, choices, 1, 0.5)
    if near:
        return near[0]
    return next((one for one in choices if one in prompt.lower()), None)


def _matching(value: str, pattern: str, prompt: str) -> str | None:
    """Return a part of the value, or a word of the prompt, that fits a pattern."""
    parts = [value.strip(), value.strip().lower(), *re.split(r"[\s,;]+", value)]
    found = next((part for part in parts if part and re.search(pattern, part)), None)
    return found or _token(prompt, pattern)


def _token(prompt: str, pattern: str) -> str | None:
    tokens = (token.strip('.,:;"#()') for token in _QUOTED.sub("", prompt).split())
    return next((one for one in tokens if re.search(pattern, one) and re.search(r"\W", one)), None)
