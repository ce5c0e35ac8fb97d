"""Fields of ``input`` that are not there, and values they never have."""

from collections.abc import Iterator

import msgspec

from kapell.core.definitions.nearest import hint
from kapell.core.definitions.problems import Problems
from kapell.core.policies.linting.inputs import choices, documents_of, is_number, wrong_path
from kapell.core.policies.linting.modules import Module, Statement
from kapell.core.policies.linting.tokens import Token

_SAME = frozenset({"==", "!=", "="})
_COMPARING = _SAME | {"<", "<=", ">", ">="}


class Path(msgspec.Struct, frozen=True):
    """A path below ``input``: its names, and where it begins and ends among the words."""

    names: tuple[str, ...]
    at: Token
    start: int
    end: int


def check_inputs(module: Module, problems: Problems) -> None:
    """Note paths below ``input`` that lead nowhere, and texts that are none of their values."""
    documents = documents_of(module.package)
    for rule in module.rules:
        for path in paths(rule.all):
            wrong = wrong_path(documents, path.names)
            if wrong is not None:
                problems.error(
                    "policy_input",
                    f"`{wrong.above}` has no field `{wrong.name}`, so this is never true.",
                    path.at.place(module.path),
                    hint(wrong.name, wrong.known, "Its fields"),
                )
                continue
            _check_sort(rule.all, path, is_number(documents, path.names), module, problems)
            known = choices(documents, path.names)
            for text in _compared(rule.all, path) if known else ():
                if text.value not in known:
                    problems.error(
                        "policy_value",
                        f"`input.{'.'.join(path.names)}` is never {text.text}.",
                        text.place(module.path),
                        hint(text.value, known, "Its values"),
                    )


def _check_sort(
    words: Statement, path: Path, number: bool | None, module: Module, problems: Problems
) -> None:
    """Note a number that is compared with a text, or a text with a number: neither is the other."""
    after = words[path.end : path.end + 2]
    before = words[max(path.start - 2, 0) : path.start]
    for other in (
        *(after[1:] if len(after) == 2 and after[0].text in _COMPARING else ()),
        *(before[:1] if len(before) == 2 and before[1].text in _COMPARING else ()),
    ):
        if number is not None and other.kind == ("text" if number else "number"):
            is_, not_ = ("number", "text") if number else ("text", "number")
            bare = other.value if number else f'"{other.text}"'
            problems.error(
                "policy_value",
                f"`input.{'.'.join(path.names)}` is a {is_}, and {other.text} is a {not_}.",
                other.place(module.path),
                f"Write `{bare}`.",
            )


def paths(words: Statement) -> Iterator[Path]:
    """Yield the paths below ``input`` among words."""
    for start, word in enumerate(words):
        if word.text != "input" or word.kind != "name" or _is_part(words, start):
            continue
        names: list[str] = []
        at = start + 1
        while at + 1 < len(words) and words[at].close:
            if words[at].text == "." and words[at + 1].kind == "name":
                names.append(words[at + 1].text)
                at += 2
            elif _is_key(words, at):
                names.append(words[at + 1].value)
                at += 3
            else:
                break
        yield Path(tuple(names), word, start, at)


def _is_part(words: Statement, start: int) -> bool:
    return start > 0 and words[start - 1].text == "." and words[start].close


def _is_key(words: Statement, at: int) -> bool:
    return (
        words[at].text == "["
        and words[at + 1].kind == "text"
        and at + 2 < len(words)
        and words[at + 2].text == "]"
    )


def _compared(words: Statement, path: Path) -> Iterator[Token]:
    """Yield the texts with which a path is compared, or of which it should be one."""
    after = words[path.end : path.end + 2]
    before = words[max(path.start - 2, 0) : path.start]
    if len(after) == 2 and after[0].text in _SAME and after[1].kind == "text":
        yield after[1]
    if len(before) == 2 and before[1].text in {*_SAME, "in"} and before[0].kind == "text":
        yield before[0]
    if len(after) == 2 and after[0].text == "in" and after[1].text in {"{", "["}:
        for word in words[path.end + 2 :]:
            if word.text in {"}", "]"}:
                return
            if word.kind == "text":
                yield word
