"""Texts that the interpreter would write with quotes around them.

What some functions give keeps its quotes when it goes through ``sprintf``, so that a comparison
with it is never true: there, ``concat`` does the work.
"""

from kapell.core.definitions.problems import Problems
from kapell.core.policies.linting.modules import Module, Rule, Statement
from kapell.core.policies.linting.naming import Reference, references

_QUOTING = frozenset(
    {
        "concat",
        "format_int",
        "glob.quote_meta",
        "lower",
        "regex.find_n",
        "regex.replace",
        "replace",
        "upper",
        "urlquery.decode",
    }
)


def check_quoting(module: Module, problems: Problems) -> None:
    """Note what these functions give within ``sprintf``, there itself or by a variable."""
    for rule in module.rules:
        found = tuple(references(rule.all))
        bound = {name for one in found if _quotes(one) for name in _name_of(rule, one)}
        for call in found:
            if call.calls and call.parts == ("sprintf",):
                within = _until_closed(rule.all, call.start + 1)
                for inner in references(within):
                    if _quotes(inner) or (inner.parts[0] in bound and not inner.calls):
                        problems.error(
                            "policy_sprintf",
                            f"`{'.'.join(inner.parts)}` would stand in quotes here.",
                            inner.at.place(module.path),
                            'Use `concat("", [...])` in place of `sprintf`.',
                        )


def _quotes(one: Reference) -> bool:
    return one.calls and ".".join(one.parts) in _QUOTING


def _name_of(rule: Rule, call: Reference) -> tuple[str, ...]:
    """Return the variable that a call is given to, if it is given to one."""
    before = rule.all[max(call.start - 2, 0) : call.start]
    if len(before) == 2 and before[1].text == ":=" and before[0].kind == "name":
        return (before[0].text,)
    return ()


def _until_closed(words: Statement, start: int) -> Statement:
    """Return the words from an opening bracket to the one that closes it."""
    depth = 0
    for number, word in enumerate(words[start:], start):
        depth += (word.text == "(") - (word.text == ")")
        if depth == 0:
            return words[start:number]
    return words[start:]
