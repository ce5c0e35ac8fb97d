"""How a call is mended by what was said of it: names, then values, then what is missing."""

import ast
import json
import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher, get_close_matches

from kapell.core.gateway.calls import ToolAsk, ToolOffer
from kapell.kit.json import Json
from kapell.testing.models.values import converted, filled, inside

_NO_TOOL = re.compile(r"There is no tool '([^']*)'")
_MEANT = re.compile(r"[Dd]id you mean ['\"`]([^'\"`]+)['\"`]\?")
_LISTED = re.compile(r"Use one of: (.+)\.")
_UNKNOWN = re.compile(r"'([^']+)' is unknown(?: \(did you mean '([^']+)'\?\))?")
_MISSING = re.compile(r"'([^']+)' is missing")
_WRONG = re.compile(r"'([^']+)': (the value [^;\n]+)")
_PATH = re.compile(r"The path '([^']*)' is refused")
_TAKES = re.compile(r"^- '([^']+)' takes (\{.*\})$", re.MULTILINE)
_SCHEMA = re.compile(r"^It takes: (\{.*\})$", re.MULTILINE)
_NO_SUCH = re.compile(r"\b(?:file|path|table|name) ['\"`]?([\w./~-]+)")


def mended(ask: ToolAsk, said: str, offers: Sequence[ToolOffer], prompt: str) -> ToolAsk | None:
    """Return the call as the observation suggests it, None when it suggests nothing.

    Args:
        ask: The call that failed.
        said: What was said of it.
        offers: The tools there are.
        prompt: What was asked in the first place.
    """
    if _NO_TOOL.search(said):
        return _other_tool(ask, said, offers)
    if "no JSON object" in said:
        args = _repaired(ask.broken)
        return None if args is None else ToolAsk(ask.id, ask.tool, args)
    args = dict(ask.args) if isinstance(ask.args, Mapping) else {}
    changed = _put_right(_named(args, said, prompt), said, prompt)
    if changed == args:
        changed = _meant(args, said, prompt)
    return None if changed == args else ToolAsk(ask.id, ask.tool, changed)


def _other_tool(ask: ToolAsk, said: str, offers: Sequence[ToolOffer]) -> ToolAsk | None:
    """Take the tool that was suggested, or of those listed the one most like it."""
    meant, listed = _MEANT.search(said), _LISTED.search(said)
    names = listed[1].split(", ") if listed else []
    if not names:
        return ToolAsk(ask.id, meant[1], ask.args) if meant else None
    given = set(ask.args) if isinstance(ask.args, Mapping) else set()
    offered = {one.name: one for one in offers}

    def likeness(name: str) -> float:
        schema = offered[name].args if name in offered else None
        fits = 0.0
        if isinstance(schema, Mapping):
            known, needed = schema.get("properties"), schema.get("required")
            taken = set(known) if isinstance(known, Mapping) else set()
            wanted = set(needed) if isinstance(needed, Sequence) else set()
            fits = len(given & taken) / max(len(given | wanted), 1)
        words = set(re.split(r"[._]", name)) & set(re.split(r"[._]", ask.tool))
        alike = SequenceMatcher(None, name, ask.tool).ratio()
        suggested = meant is not None and name == meant[1]
        return alike + 0.5 * len(words) + fits + 0.5 * suggested

    return ToolAsk(ask.id, max(names, key=likeness), ask.args)


def _repaired(text: str) -> Json:
    """Return what JSON was meant: quotes and commas as Python takes them, brackets closed."""
    for ending in ("", "}", '"}', "]}", '"]}'):
        for read in (json.loads, ast.literal_eval):
            try:
                found: Json = read(text.strip() + ending)
            except (ValueError, SyntaxError):
                continue
            return found
    return None


def _named(args: Mapping[str, Json], said: str, prompt: str) -> dict[str, Json]:
    """Give what is unknown its right name, or drop it; fill in what is missing."""
    changed = dict(args)
    missing = [one for one in dict.fromkeys(_MISSING.findall(said)) if "." not in one]
    takes = _takes(said)
    loose: list[str] = []
    for name, hint in dict.fromkeys(_UNKNOWN.findall(said)):
        if name not in changed:
            continue
        if hint and hint not in changed:
            changed[hint] = changed.pop(name)
            missing = [one for one in missing if one != hint]
        else:
            loose.append(name)
    for name in loose:
        value = changed.pop(name)
        to = next((one for one in missing if _suits(value, takes.get(one, {}))), None)
        if to is None:
            to = _home(value, takes, changed)
        if to is not None:
            changed[to] = value
            missing = [one for one in missing if one != to]
    for name in missing:
        value = filled(name, takes.get(name, {}), prompt, [*changed.values()])
        if value is not None:
            changed[name] = value
    return changed


def _home(
    value: Json, takes: Mapping[str, Mapping[str, Json]], taken: Mapping[str, Json]
) -> str | None:
    """Return the one free argument whose choices hold a value."""
    for name, schema in takes.items():
        choices = schema.get("enum")
        if name not in taken and isinstance(choices, Sequence) and value in choices:
            return name
    return None


def _suits(value: Json, schema: Mapping[str, Json]) -> bool:
    kinds = {"string": str, "integer": int, "array": list, "object": dict, "boolean": bool}
    wanted = schema.get("type")
    names = [wanted] if isinstance(wanted, str) else wanted if isinstance(wanted, list) else []
    return not names or any(isinstance(value, kinds.get(str(name), object)) for name in names)


def _put_right(args: dict[str, Json], said: str, prompt: str) -> dict[str, Json]:
    """Convert, clamp or choose each value that was found wrong; take paths inside."""
    takes = _takes(said)
    for place, problem in _WRONG.findall(said):
        value = _at(args, place)
        right = converted(value, problem, takes.get(place, {}), prompt)
        if right is None and "." not in place:
            args.pop(place, None)
        elif right is not None:
            args = _with(args, place, right)
    for path in _PATH.findall(said):
        args = _replaced(args, path, inside(path, prompt))
    return args


def _meant(args: Mapping[str, Json], said: str, prompt: str) -> dict[str, Json]:
    """Take a name that was suggested, or of the prompt, for one that is not there."""
    meant = _MEANT.search(said)
    for wrong in _NO_SUCH.findall(said):
        near = get_close_matches(wrong, [inside(wrong, prompt)], 1, 0.5)
        right = meant[1] if meant else next(iter(near), None)
        if right is not None and right != wrong:
            changed = _replaced(dict(args), wrong, right)
            if changed != args:
                return changed
    return dict(args)


def _takes(said: str) -> dict[str, Mapping[str, Json]]:
    """Return what the observation says each argument takes."""
    found: dict[str, Mapping[str, Json]] = {}
    schema = _SCHEMA.search(said)
    if schema:
        known = json.loads(schema[1]).get("properties", {})
        found = {name: one for name, one in known.items() if isinstance(one, dict)}
    for name, text in _TAKES.findall(said):
        found[name] = json.loads(text)
    return found


def _at(args: Json, place: str) -> Json:
    for part in place.split("."):
        if isinstance(args, Mapping):
            args = args.get(part)
        elif isinstance(args, list) and part.isdigit() and int(part) < len(args):
            args = args[int(part)]
        else:
            return None
    return args


def _with(args: dict[str, Json], place: str, value: Json) -> dict[str, Json]:
    first, _, rest = place.partition(".")
    inner = args.get(first)
    if not rest:
        return {**args, first: value}
    if isinstance(inner, dict):
        return {**args, first: _with(inner, rest, value)}
    if isinstance(inner, list) and rest.isdigit():
        return {**args, first: [value if str(n) == rest else one for n, one in enumerate(inner)]}
    return args


def _replaced(args: dict[str, Json], wrong: str, right: str) -> dict[str, Json]:
    """Replace a text wherever it stands: as a whole, or as a word of a longer one."""

    def change(value: Json) -> Json:
        if isinstance(value, str):
            return re.sub(rf"(?<![\w./-]){re.escape(wrong)}(?![\w/-])", lambda _: right, value)
        if isinstance(value, Mapping):
            return {name: change(one) for name, one in value.items()}
        if isinstance(value, list):
            return [change(one) for one in value]
        return value

    return {name: change(one) for name, one in args.items()}
