"""Calls that the interpreter does not survive, or lets pass: with too few values, or too many."""

from collections.abc import Mapping, Sequence

from kapell.core.definitions.problems import Problems
from kapell.core.policies.linting.builtins import COUNTS
from kapell.core.policies.linting.modules import Module, Statement
from kapell.core.policies.linting.naming import references

_MOST_STARS = 2


def check_calls(module: Module, modules: Sequence[Module], problems: Problems) -> None:
    """Note calls with a wrong number of values, and values that a function never ends with."""
    own = _own(module, modules, problems)
    for rule in module.rules:
        for call in references(rule.all):
            at = call.start + 2 * len(call.parts) - 1
            if not call.calls or call.start == 0:
                continue
            name = ".".join(call.parts)
            values = _values(rule.all, at)
            wanted = own.get(name) if name in own else COUNTS.get(name)
            place = call.at.place(module.path)
            if wanted == 0 and name in own:
                problems.error(
                    "policy_call",
                    f"`{name}` is not a function, so it cannot be given values.",
                    place,
                    f"Write `{name}` alone, or give the rule a parameter.",
                )
            elif wanted is not None and len(values) not in _fitting(name, wanted):
                problems.error(
                    "policy_call",
                    f"`{name}` takes {_count(wanted)}, and is given {len(values) or 'none'}.",
                    place,
                    "Compare what it gives with `==`, or bind it with `:=`.",
                )
            elif name in {"replace", "glob.match"} and name not in own:
                _check_text(name, values, module, problems)


def _fitting(name: str, wanted: int) -> tuple[int, ...]:
    return (1, 2) if name == "walk" else (wanted,)


def _count(wanted: int) -> str:
    return "one value" if wanted == 1 else f"{wanted} values"


def _own(module: Module, modules: Sequence[Module], problems: Problems) -> Mapping[str, int]:
    """Return how many values each rule of a package takes; note those that take this and that."""
    found: dict[str, int] = {}
    for other in modules:
        for rule in other.rules if other.package == module.package else ():
            name = rule.name.text
            takes = len(rule.head) > 2 and rule.head[1].text == "(" and rule.head[1].close
            count = len(_values(rule.head, 1)) if takes else 0
            if found.setdefault(name, count) != count and other is module:
                problems.error(
                    "policy_call",
                    f"`{name}` takes {count or 'no'} values here and {found[name] or 'none'} "
                    "elsewhere.",
                    rule.name.place(module.path),
                    "Give one of the two another name.",
                )
    return found


def _values(words: Statement, opening: int) -> list[Statement]:
    """Return what stands between the commas of a call, ``opening`` being its bracket."""
    depth, start = 0, opening + 1
    values: list[Statement] = []
    for number, word in enumerate(words[opening:], opening):
        depth += word.nesting
        if (depth == 1 and word.text == ",") or depth == 0:
            if number > start:
                values.append(words[start:number])
            start = number + 1
        if depth == 0:
            break
    return values


def _check_text(name: str, values: Sequence[Statement], module: Module, problems: Problems) -> None:
    """Note texts that are looked for and may be empty, and patterns that take for ever."""
    at = values[1 if name == "replace" else 0]
    text = at[0].value if len(at) == 1 and at[0].kind == "text" else None
    if name == "replace" and not text:
        problems.error(
            "policy_call",
            "The text that `replace` looks for has to stand here, for an empty one has no end.",
            at[0].place(module.path),
            'Write it as a text, such as `replace(x, "-", "")`.',
        )
    elif name == "glob.match" and text is not None and text.count("*") > _MOST_STARS:
        problems.error(
            "policy_call",
            f"A pattern with more than {_MOST_STARS} `*` takes forever on a long text.",
            at[0].place(module.path),
            "Take `startswith`, `endswith` and `contains` together.",
        )
