"""Conditions that cannot hold together, rules that another one outdoes, names with two values."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import combinations
from math import inf

import msgspec

from kapell.core.definitions.problems import Problems
from kapell.core.policies.kinds import PACKAGES, RULES
from kapell.core.policies.linting.modules import Module, Rule, Statement

_TURNED: Mapping[str, str] = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "=="}
_GIVES = frozenset({":=", "="})
_ANSWERS = PACKAGES["approval"]
_YES = frozenset({'input.approval.answer == "approve"'})
"""What is true of every answer that lets a call through."""


class Case(msgspec.Struct, frozen=True):
    """A rule under one set of conditions, written in one way."""

    ruling: str
    package: str
    path: str
    rule: Rule
    conditions: frozenset[str]


def check_conditions(modules: Sequence[Module], problems: Problems) -> None:
    """Note rules that can never fire, and rules that never decide because another one does."""
    cases = [case for module in modules for case in _cases(module)]
    for case in cases:
        _check_possible(case, problems)
        _check_answerable(case, problems)
    for grave in cases:
        for mild in cases:
            outdone = RULES.index(grave.ruling) < RULES.index(mild.ruling)
            if outdone and grave.package == mild.package and grave.conditions <= mild.conditions:
                _note(grave, mild, problems)


def _check_answerable(case: Case, problems: Problems) -> None:
    """Note a rule about answers that lets nobody's count: what waits for one waits for ever."""
    if case.package == _ANSWERS and case.ruling != "allow" and case.conditions <= _YES:
        problems.error(
            "policy_nobody",
            f"`{case.ruling}` here lets nobody agree, so what waits for people waits forever.",
            case.rule.name.place(case.path),
            "Give it a condition, such as `input.approval.by == input.subject`.",
        )


def _note(grave: Case, mild: Case, problems: Problems) -> None:
    same = grave.conditions == mild.conditions
    where = "under the same conditions" if same else "whenever this one would"
    line = f"{grave.path}:{grave.rule.name.line}"
    problems.error(
        "policy_contradiction",
        f"`{mild.ruling}` here never decides: `{grave.ruling}` in {line} fires {where}.",
        mild.rule.name.place(mild.path),
        "Take one of the two away, or give the graver one a condition that tells them apart.",
    )


def _check_possible(case: Case, problems: Problems) -> None:
    values: dict[str, str] = {}
    for one in sorted(case.conditions):
        left, same, right = one.partition(" == ")
        clash = one == "false" or (bool(same) and _are_two(left, right))
        clash = clash or f"not {one}" in case.conditions
        clash = clash or f"{left} != {right}" in case.conditions if same else clash
        if same and right.startswith('"') and values.setdefault(left, right) != right:
            clash = True
        if clash:
            problems.error(
                "policy_contradiction",
                f"`{case.ruling}` here never fires: `{one}` cannot hold with its other conditions.",
                case.rule.name.place(case.path),
                "Write two rules when either condition is enough.",
            )
            return
    _check_numbers(case, problems)


def _are_two(left: str, right: str) -> bool:
    """Tell whether both sides of ``==`` are written out, and are not the same."""
    return left != right and all(_constant().fullmatch(one) for one in (left, right))


@cache
def _constant() -> re.Pattern[str]:
    return re.compile(r'\d{1,15}|"[^"\\]*"')


def _check_numbers(case: Case, problems: Problems) -> None:
    """Note what no number can be: over one bound and under another, or no hour of a day."""
    spans: dict[str, _Span] = {}
    for one in sorted(case.conditions):
        found = _compared().fullmatch(one)
        if found is None:
            continue
        left = found[1].replace(" ", "")
        span = spans.setdefault(left, _Span(*_KNOWN.get(left, (-inf, inf))))
        span.narrow(found[2], float(found[3]))
        if span.empty:
            told = "".join(one.split(" ")) if " . " in one else one
            problems.error(
                "policy_contradiction",
                f"`{case.ruling}` here never fires: `{told}` leaves no number for `{left}`.",
                case.rule.name.place(case.path),
                "Write two rules when either condition is enough.",
            )
            return


class _Span:
    """The numbers that conditions leave: from ``low`` to ``high``, without those ends if open."""

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = (low, 0), (high, 0)

    def narrow(self, sign: str, value: float) -> None:
        """Leave only what a comparison lets be."""
        if sign in {">", ">=", "=="}:
            self.low = max(self.low, (value, int(sign == ">")))
        if sign in {"<", "<=", "=="}:
            self.high = min(self.high, (value, -int(sign == "<")))

    @property
    def empty(self) -> bool:
        """Tell whether no number is left."""
        (low, after), (high, before) = self.low, self.high
        return low > high or (low == high and bool(after or before))


_KNOWN: Mapping[str, tuple[float, float]] = {
    "input.time.hour": (0, 23),
    "input.time.minute": (0, 59),
}


@cache
def _compared() -> re.Pattern[str]:
    return re.compile(r"([a-z][\w .]{0,200}?) (==|<=|>=|<|>) (\d{1,15}(?:\.\d{1,9})?)")


def _cases(module: Module) -> Iterator[Case]:
    for rule in module.rules:
        if rule.name.text in RULES and rule.adds:
            for body in rule.bodies:
                found = frozenset(_written(one) for one in body.statements)
                yield Case(rule.name.text, module.package, module.path, rule, found)


def _written(statement: Statement) -> str:
    """Return a condition in one way of writing it: what is compared with stands last."""
    words = [one.text for one in statement]
    if len(words) > 2 and words[1] in {"==", "!="} and words[0][:1] in '"`':
        words = [*words[2:], words[1], words[0]]
    turned = len(words) > 2 and words[1] in _TURNED and words[0][:1].isdigit()
    if turned and not words[-1][:1].isdigit():
        words = [*words[2:], _TURNED[words[1]], words[0]]
    text = "".join(words[:-2]) if len(words) > 2 and words[-2] in {"==", "!="} else ""
    return f"{text} {words[-2]} {words[-1]}" if text else " ".join(words)


class Value(msgspec.Struct, frozen=True):
    """What a rule gives under its first conditions: ``key`` is its name with what it takes."""

    key: str
    value: str
    conditions: frozenset[str]
    path: str
    rule: Rule


def check_values(modules: Sequence[Module], problems: Problems) -> None:
    """Note two rules of one name with different values, when one holds whenever the other does."""
    found: dict[str, list[Value]] = {}
    for module in modules:
        for one in _values(module):
            found.setdefault(f"{module.package} {one.key}", []).append(one)
    for values in found.values():
        for first, second in combinations(values, 2):
            nested = first.conditions <= second.conditions or second.conditions <= first.conditions
            if nested and first.value != second.value:
                problems.error(
                    "policy_contradiction",
                    f"`{second.rule.name.text}` is {second.value} here and {first.value} in "
                    f"{first.path}:{first.rule.name.line}, and both can hold at once.",
                    second.rule.name.place(second.path),
                    "Write the second as `else := ...`, or give each a condition that rules out "
                    "the other.",
                )


def _values(module: Module) -> Iterator[Value]:
    for rule in module.rules:
        head = rule.head
        # A default holds only where no other rule does; `contains` and `name[key]` add to a set.
        at = next((n for n, one in enumerate(head) if one.text in _GIVES), len(head))
        key = _plain(head[:at])
        if rule.is_default or rule.adds or "[" in key:
            continue
        value = _plain(head[at + 1 :]) or "true"
        body = frozenset(_written(one) for one in rule.bodies[0].statements)
        yield Value(key, value, body, module.path, rule)


def _plain(words: Statement) -> str:
    return " ".join(one.text for one in words)
