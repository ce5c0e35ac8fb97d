"""robots.txt as RFC 9309 has it: the group that names us, the longest rule that fits."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from urllib.parse import quote, unquote

LARGEST = 512 * 1024
"""Bytes of a robots.txt that are read; the RFC asks for 500 KiB."""

_RULES_READ = 5_000
_LONGEST = 2_000
_LINE = re.compile(r"\s*([A-Za-z-]+)\s*:\s*([^#]*)")
_SAFE = "/?&=:@!$'()*+,;~-._%"


class Rule(NamedTuple):
    """Whether paths of a form may be visited."""

    allow: bool
    pattern: str


def rules_for(agent: str, text: str) -> Sequence[Rule]:
    """Return the rules for a visitor whose name begins with the product name ``agent``."""
    ours: list[Rule] = []
    everyone: list[Rule] = []
    named = False
    product = agent.split("/")[0].split()[0].lower() if agent.split() else ""
    for agents, rules in _groups(text):
        if product and product in agents:
            named = True
            ours += rules
        if "*" in agents:
            everyone += rules
    return ours if named else everyone


def may_visit(rules: Sequence[Rule], path: str) -> bool:
    """Tell whether the path (with its query) may be visited; of equal rules the kinder one wins."""
    wanted = _normal(path)[:_LONGEST]
    fitting = [rule for rule in rules if _fits(rule.pattern, wanted)]
    if not fitting:
        return True
    return max(fitting, key=lambda rule: (len(rule.pattern), rule.allow)).allow


def _groups(text: str) -> Iterator[tuple[set[str], list[Rule]]]:
    agents: set[str] = set()
    rules: list[Rule] = []
    count, naming = 0, True
    for line in text.splitlines():
        found = _LINE.match(line[:_LONGEST])
        if found is None:
            continue
        key, value = found[1].lower(), found[2].strip()
        if key == "user-agent":
            if not naming:
                yield agents, rules
                agents, rules = set(), []
            naming = True
            agents.add(value.split("/")[0].strip().lower())
        elif key in {"allow", "disallow"}:
            naming = False
            count += 1
            if value and count <= _RULES_READ:
                rules.append(Rule(key == "allow", _normal(value)))
    yield agents, rules


def _normal(path: str) -> str:
    """Return a path in one spelling of its escapes."""
    return quote(unquote(path, errors="replace"), safe=_SAFE)


def _fits(pattern: str, path: str) -> bool:
    """Tell whether a pattern with ``*`` and a final ``$`` fits; it never goes back."""
    ends = pattern.endswith("$")
    first, *rest = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    at = len(first)
    if ends and not rest:
        return at == len(path)
    last = rest.pop() if ends else ""
    for part in rest:
        found = path.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return not ends or (len(path) - len(last) >= at and path.endswith(last))
