"""Compiles modules into a bundle, and tells every mistake with its place."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache

from kapell.adapters.policies.rego.judge import RegoJudge, asking, entry, new_interpreter
from kapell.adapters.policies.rego.vendor import RegoError
from kapell.core.definitions.problems import DefinitionInvalid, Problem, Problems
from kapell.core.policies.builtin import OWN, TEXTS, is_known
from kapell.core.policies.linting.linter import entries, lint
from kapell.core.policies.linting.reading import may_use, used_by
from kapell.kit.errors import Place
from kapell.services.policies.ports import Sources


def compiled(
    sources: Sources, trial: Callable[[Sources], Sequence[Problem]] | None = None
) -> RegoJudge:
    """Return who judges by modules.

    Args:
        sources: The modules.
        trial: Tells what the interpreter would not survive; None where they are known to be good.

    Raises:
        DefinitionInvalid: With everything that is wrong in them.
    """
    problems = Problems()
    for problem in lint(sources):
        problems.error(problem.code, problem.message, problem.place, problem.advice)
    tried = () if trial is None else trial(sources)
    if tried:
        # What was found without it says better what to do; the interpreter sees none of it.
        problems.raise_errors()
        raise DefinitionInvalid(tuple(tried))
    for path, text in sources.items():
        problems.take(_syntax(path, text))
    problems.raise_errors()
    asked = entries(sources)
    interpreter = new_interpreter()
    try:
        for path, text in sources.items():
            interpreter.add_module(path, text)
        interpreter.add_module(*asking(asked))
        bundle = interpreter.build(None, [entry(package) for package in asked])
    except RegoError as error:
        problems.take(_problems(str(error), sources))
        problems.raise_errors()
        raise
    own = {path: text for path, text in sources.items() if path not in TEXTS}
    # Rules of a workspace that use the built-in ones read what those read.
    read = used_by(sources if may_use(own, OWN) else own)
    return RegoJudge(bundle, frozenset(asked), used_by(sources), read, known=is_known(sources))


def _syntax(path: str, text: str) -> Problems:
    """Return what is wrong in the writing of one module, whatever is wrong in others."""
    try:
        new_interpreter().add_module(path, text)
    except RegoError as error:
        return _problems(str(error), {path: text})
    return Problems()


@cache
def _error() -> re.Pattern[str]:
    return re.compile(
        r"\(error \d+:([^|\n]{1,500})\|(\d+)\|\d+\s+\(errormsg \d+:([^)\n]{0,500})\)", re.MULTILINE
    )


def _problems(said: str, sources: Mapping[str, str]) -> Problems:
    """Return what the compiler says, with lines and columns."""
    found = [(m[1], int(m[2]), m[3]) for m in _error().finditer(said)]
    problems = Problems()
    for path, offset, message in _telling(found):
        text = sources.get(path, "")
        problems.error(
            "policy_syntax",
            f"This is not valid Rego: {message[:1].lower()}{message[1:]}.",
            _place(path, text, offset),
            "Correct it; docs/how-to/write-a-policy.md shows the forms that are understood.",
        )
    if not found:
        path = next(iter(sources), "policies")
        problems.error(
            "policy_syntax",
            "The modules cannot be compiled together.",
            Place(file=path, line=1, column=1),
            "Take the last change back, and make it again bit by bit.",
        )
    return problems


def _telling(found: Iterable[tuple[str, int, str]]) -> list[tuple[str, int, str]]:
    """Leave out what only follows: that the whole file is unclosed when a bracket in it is."""
    inner = [one for one in found if one[1] > 0]
    return inner or list(found)


def _place(path: str, text: str, offset: int) -> Place:
    # The interpreter counts bytes.
    before = text.encode()[:offset].decode("utf-8", "ignore")
    line = before.count("\n") + 1
    column = len(before) - (before.rfind("\n") + 1) + 1
    return Place(file=path, line=line, column=column)
