"""What rules give: the keys of the object, and the values that some of them must have."""

from collections.abc import Iterator, Mapping

from kapell.core.approvals.approvers import ROLE, subject
from kapell.core.definitions.nearest import hint
from kapell.core.definitions.problems import Problems
from kapell.core.policies.answers import Answer
from kapell.core.policies.kinds import RULES
from kapell.core.policies.linting.modules import Module, Rule, Statement
from kapell.core.policies.linting.tokens import Token
from kapell.kit.clock import span
from kapell.kit.errors import Invalid

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

_SPANS = frozenset({"expires", "remind", "escalate_after"})
_ODD = frozenset({"[", "{", "true", "false", "null", "-"})
"""What the value of such a key never begins with."""


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
        last = rule.head[-1]
        if last.kind in ("text", "number") and rule.head[-2].text == "contains":
            problems.error(
                "policy_answer",
                f"`{rule.name.text}` gives an object, not {last.text}.",
                last.place(module.path),
                'Give one such as {"rule": "no-mail", "reason": "..."}.',
            )
        return
    known, keys = KEYS[rule.name.text], set()
    for key, value in _entries(given):
        twice = key.value in keys
        keys.add(key.value)
        if twice:
            problems.error(
                "policy_answer",
                f"What `{rule.name.text}` gives has the key `{key.value}` twice.",
                key.place(module.path),
                "Keep one of the two.",
            )
        elif key.value not in known:
            problems.error(
                "policy_answer",
                f"What `{rule.name.text}` gives has no key `{key.value}`.",
                key.place(module.path),
                hint(key.value, known, "Its keys"),
            )
        elif value is not None:
            _check_value(key, value, module, problems)
    _check_need(rule, given, module, problems)
    _check_spans(given, module, problems)
    for needed in ("rule",) if rule.name.text == "allow" else _COMMON:
        if needed not in keys:
            problems.error(
                "policy_answer",
                f"What `{rule.name.text}` gives lacks `{needed}`.",
                rule.name.place(module.path),
                "`rule` names it in the log, `reason` tells people why.",
            )


def _check_need(rule: Rule, given: Statement, module: Module, problems: Problems) -> None:
    """Note that more people have to agree than are named, where people alone are."""
    said = {key.value: value for key, value in _entries(given)}
    need, people = said.get("need"), _people(given)
    if need is None or not people or not need.text.isdecimal() or int(need.text) <= len(people):
        return
    if not any(one.startswith(ROLE) for one in people) and "escalate_to" not in said:
        problems.error(
            "policy_nobody",
            f"{need.text} must agree, and {len(people)} may answer.",
            need.place(module.path),
            "Name more `approvers`, or a role.",
        )


def _check_spans(given: Statement, module: Module, problems: Problems) -> None:
    """Note what would happen only after the question has expired."""
    said = {key.value: value for key, value in _entries(given) if value is not None}
    ends = said.get("expires")
    if ends is None or ends.kind not in ("text", "number") or not _is_span(ends):
        return
    for name in ("remind", "escalate_after"):
        value = said.get(name)
        late = value is not None and value.kind in ("text", "number") and _is_span(value)
        if value is not None and late and _seconds(value) >= _seconds(ends):
            problems.error(
                "policy_answer",
                f"`{name}` is {value.text}, and the question expires after {ends.text}.",
                value.place(module.path),
                f"Give `{name}` a shorter span, or `expires` a longer one.",
            )


def _people(given: Statement) -> frozenset[str]:
    """Return who is named as approver, nobody where that is worked out."""
    for number, word in enumerate(given):
        if word.text == '"approvers"' and [one.text for one in given[number + 1 : number + 3]] == [
            ":",
            "[",
        ]:
            named: list[str] = []
            for one in given[number + 3 :]:
                if one.text == "]":
                    return frozenset(named)
                if one.kind == "text":
                    named.append(subject(one.value))
                elif one.text != ",":
                    break
    return frozenset()


def _check_value(key: Token, value: Token, module: Module, problems: Problems) -> None:
    """Note a value that the key can never have; one that is computed is judged when it is given."""
    advice = _wrong(key.value, value)
    if advice:
        problems.error(
            "policy_answer",
            f"`{key.value}` is never {value.text}.",
            value.place(module.path),
            advice,
        )


def _wrong(name: str, value: Token) -> str:
    """Return what to write in place of a value, empty when it may be right."""
    odd = value.text in _ODD
    if name in _VALUES:
        wrong = odd or value.kind == "number" or _is_text_of_none(value, _VALUES[name])
        return hint(value.value, _VALUES[name], "Its values") if wrong else ""
    if name == "need":
        wrong = odd or value.kind == "text" or _is_no_count(value)
        return "Give a whole number, at least 1." if wrong else ""
    if name in _SPANS:
        wrong = odd or (value.kind in ("text", "number") and not _is_span(value))
        return "Give seconds, or a span such as `90s`, `4h` or `2d`." if wrong else ""
    if name == "approvers" and value.kind in ("text", "number"):
        return 'Give a list such as ["role:office", "user:anna"].'
    return ""


def _is_text_of_none(value: Token, known: tuple[str, ...]) -> bool:
    return value.kind == "text" and value.value not in known


def _is_no_count(value: Token) -> bool:
    return value.kind == "number" and not (value.text.isdecimal() and int(value.text) > 0)


def _is_span(value: Token) -> bool:
    try:
        return _seconds(value) > 0
    except (Invalid, ValueError):
        return False


def _seconds(value: Token) -> float:
    return span(float(value.text) if value.kind == "number" else value.value)


def _object(head: Statement) -> Statement | None:
    """Return the words within the braces after ``contains``, None for anything but an object."""
    at = next((n for n, one in enumerate(head) if one.text == "contains"), None)
    if at is None or len(head) < at + 3 or head[at + 1].text != "{" or head[-1].text != "}":
        return None
    return head[at + 2 : -1]


def _entries(words: Statement) -> Iterator[tuple[Token, Token | None]]:
    """Yield each key of an object that is a text, with its value: None for one that is computed.

    Of a list or an object the first word stands for all of it.
    """
    depth = 0
    for number, word in enumerate(words[:-2]):
        if depth == 0 and word.kind == "text" and words[number + 1].text == ":":
            value, after = words[number + 2], words[number + 3 : number + 4]
            alone = not after or after[0].text == "," or value.text in _ODD
            yield word, value if alone else None
        depth += word.nesting
