"""What rules give: the keys of the object, and the values that some of them must have."""

from collections.abc import Iterator, Mapping

from kapell.core.definitions.nearest import hint
from kapell.core.definitions.problems import Problems
from kapell.core.policies.answers import Answer
from kapell.core.policies.kinds import RULES
from kapell.core.policies.linting.modules import Module, Rule, Statement
from kapell.core.policies.linting.tokens import Token

_COMMON = ("rule", "reason")
KEYS: Mapping[str, tuple[str, ...]] = {
    "deny": _COMMON,
    "allow": (*_COMMON, "untrusted"),
    "ask": tuple(name for name in Answer.__struct_fields__ if name != "untrusted"),
}
"""What an object of a rule may hold."""

_VALUES: Mapping[str, tuple[str, ...]] = {
    "risk": ("low", "medium", "high"),
    "on_expiry": ("reject", "fail"),
}


def check_answers(module: Module, problems: Problems) -> None:
    """Note objects of rules of which no answer can be made."""
    if not module.package.startswith("kapell."):
        return
    for rule in module.rules:
        if rule.name.text in RULES and rule.adds:
            _check(rule, module, problems)


def _check(rule: Rule, module: Module, problems: Problems) -> None:
    given = _object(rule.head)
    if given is None:
        return
    known, keys = KEYS[rule.name.text], set()
    for key, value in _entries(given):
        keys.add(key.value)
        if key.value not in known:
            problems.error(
                "policy_answer",
                f"What `{rule.name.text}` gives has no key `{key.value}`.",
                key.place(module.path),
                hint(key.value, known, "Its keys"),
            )
        elif value.kind == "text" and key.value in _VALUES:
            _check_value(key, value, module, problems)
    for needed in ("rule",) if rule.name.text == "allow" else _COMMON:
        if needed not in keys:
            problems.error(
                "policy_answer",
                f"What `{rule.name.text}` gives lacks `{needed}`.",
                rule.name.place(module.path),
                "`rule` names it in the log, `reason` tells people why.",
            )


def _check_value(key: Token, value: Token, module: Module, problems: Problems) -> None:
    known = _VALUES[key.value]
    if value.value not in known:
        problems.error(
            "policy_answer",
            f"`{key.value}` is never {value.text}.",
            value.place(module.path),
            hint(value.value, known, "Its values"),
        )


def _object(head: Statement) -> Statement | None:
    """Return the words within the braces after ``contains``, None for anything but an object."""
    at = next((n for n, one in enumerate(head) if one.text == "contains"), None)
    if at is None or len(head) < at + 3 or head[at + 1].text != "{" or head[-1].text != "}":
        return None
    return head[at + 2 : -1]


def _entries(words: Statement) -> Iterator[tuple[Token, Token]]:
    """Yield each key of an object that is a text, with the first word of its value."""
    depth = 0
    for number, word in enumerate(words[:-2]):
        if depth == 0 and word.kind == "text" and words[number + 1].text == ":":
            yield word, words[number + 2]
        depth += (word.text in "([{") - (word.text in ")]}")
