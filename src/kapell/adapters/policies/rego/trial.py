"""The child process of a trial: compiles modules and asks them, and says how far it came.

What the interpreter does not survive, only this process dies of.
"""

import resource
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from kapell.adapters.policies.rego.encoding import give_input
from kapell.adapters.policies.rego.judge import new_interpreter, queried
from kapell.adapters.policies.rego.vendor import RegoError
from kapell.kit.errors import Denied
from kapell.kit.json import Json


class Task(msgspec.Struct, frozen=True):
    """What is to be tried.

    ``entries`` are the packages that are asked, with the rules of theirs that are read.
    ``questions`` are put to a package, and each rule has to answer; on ``others`` it may fail, as
    long as it comes to an end. ``seconds`` of computing is all it may take.
    """

    modules: Mapping[str, str]
    entries: Mapping[str, Sequence[str]]
    questions: Mapping[str, Sequence[Json]]
    others: Mapping[str, Sequence[Json]]
    seconds: int


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """A step that begins: reading a ``file``, compiling, asking a ``rule``; or what came of it."""

    doing: str
    file: str = ""
    rule: str = ""


def main() -> None:
    """Carry out the trial that is described on standard input."""
    task = msgspec.json.decode(sys.stdin.buffer.read(), type=Task)
    resource.setrlimit(resource.RLIMIT_CPU, (task.seconds, task.seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    interpreter = new_interpreter()
    points = [f"{package}.{rule}" for package, rules in task.entries.items() for rule in rules]
    try:
        for path, text in task.modules.items():
            _tell(Step("read", file=path))
            interpreter.add_module(path, text)
        _tell(Step("compile"))
        bundle = interpreter.build(None, [_point(rule) for rule in points])
    except RegoError:
        # Who asked compiles them too, and tells the mistakes with their places.
        _tell(Step("refused"))
        return
    for questions, has_to in ((task.questions, True), (task.others, False)):
        for rule in points:
            for document in questions.get(rule.rpartition(".")[0], ()):
                _ask(bundle, rule, document, has_to=has_to)
    _tell(Step("passed"))


def _ask(bundle: Any, rule: str, document: Json, *, has_to: bool) -> None:
    _tell(Step("ask", rule=rule))
    interpreter = new_interpreter()
    give_input(interpreter._impl, document)
    try:
        queried(interpreter, bundle, _point(rule), f"rule {rule}")
    except Denied:
        if has_to:
            _tell(Step("failed", rule=rule))


def _point(rule: str) -> str:
    return rule.replace(".", "/")


def _tell(step: Step) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(step) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
