"""Judges by a compiled bundle: one interpreter for each thread, all on the same bundle."""

import json
import marshal
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

from kapell.adapters.policies.rego.encoding import give_input
from kapell.adapters.policies.rego.vendor import rego_shared, regopy
from kapell.core.policies.asking.documents import Asked, Document
from kapell.core.policies.builtin import answered
from kapell.core.policies.linting.reading import Used, kept
from kapell.kit.errors import Denied
from kapell.kit.json import Json

_REMEMBERED = 2_000
"""Answers that are at hand. Nothing a policy may call draws lots or reads a clock, so that the
same question has the same answer as long as the policies are the same."""


def new_interpreter() -> Any:
    """Return an interpreter that keeps no error to itself."""
    interpreter = regopy.Interpreter()
    interpreter.log_level = regopy.LogLevel.NONE
    interpreter.strict_built_in_errors = True
    return interpreter


_ASKING = "kapell.asking"


def asking(entries: Mapping[str, Sequence[str]]) -> tuple[str, str]:
    """Return a module that asks all rules of a package at once: each question costs by itself."""
    asked = []
    for package, rules in entries.items():
        given = ", ".join(f'"{one}": data.{package}.{one}' for one in rules)
        asked.append(f"{_name(package)} := {{{given}}}")
    return "asking.rego", "\n\n".join([f"package {_ASKING}", "import rego.v1", *asked])


def entry(package: str) -> str:
    """Return where the rules of a package are asked."""
    return f"{_ASKING.replace('.', '/')}/{_name(package)}"


def _name(package: str) -> str:
    return package.replace(".", "_")


class RegoJudge:
    """Answers from a bundle; whatever is not plainly an answer is an error.

    Args:
        bundle: The compiled modules, with the one that asks them.
        packages: The packages that are asked.
        used: The parts of the input that any rule reads; no other is handed over.
        own: Those of them that rules of the workspace read.
        known: Whether the built-in rules are answered without the interpreter.
    """

    def __init__(
        self, bundle: Any, packages: frozenset[str], used: Used, own: Used, *, known: bool
    ) -> None:
        self._bundle = bundle
        self._used = used
        self._own = own
        self._known = known
        self._local = threading.local()
        self._answers: OrderedDict[bytes, Mapping[str, Json]] = OrderedDict()
        self._alone = threading.Lock()
        self.packages = packages
        self.reads = None if used is None else frozenset(used)

    async def evaluate(
        self, packages: Sequence[str], document: Document | Json
    ) -> Mapping[str, Json]:
        """Return what packages evaluate to for an input document."""
        if not self._known or not isinstance(document, Asked):
            return self._judged(packages, kept(document, self._used))
        found = answered(packages, document)
        others = [one for one in packages if one not in found]
        if not others:
            return found
        return {**self._judged(others, kept(document, self._own)), **found}

    def _judged(self, packages: Sequence[str], read: Json) -> Mapping[str, Json]:
        key = _key(packages, read)
        with self._alone:
            known = self._answers.get(key)
            if known is not None:
                self._answers.move_to_end(key)
                return known
        found = self._evaluated(packages, read)
        if key:
            with self._alone:
                self._answers[key] = found
                if len(self._answers) > _REMEMBERED:
                    self._answers.popitem(last=False)
        return found

    def _evaluated(self, packages: Sequence[str], read: Json) -> Mapping[str, Json]:
        interpreter = self._interpreter()
        give_input(interpreter._impl, read)
        return {
            package: queried(interpreter, self._bundle, entry(package), f"rules of {package}")
            if package in self.packages
            else {}
            for package in packages
        }

    def _interpreter(self) -> Any:
        found = getattr(self._local, "interpreter", None)
        if found is None:
            found = self._local.interpreter = new_interpreter()
        return found


def queried(interpreter: Any, bundle: Any, point: str, what: str) -> Json:
    """Return what a point of a bundle gives for the input of an interpreter.

    Raises:
        Denied: ``policy_failed``: the interpreter fails open, so anything odd is an error here.
    """
    output = rego_shared.rego_bundle_query_entrypoint(interpreter._impl, bundle._impl, point)
    if not output:
        raise _failed(what)
    try:
        is_ok = rego_shared.rego_output_ok(output)
        text = rego_shared.rego_output_string(output)
    finally:
        rego_shared.rego_free_output(output)
    if not is_ok:
        raise _failed(what)
    return _read(what, text)


def _key(packages: Sequence[str], read: Json) -> bytes:
    """Return the digest of a question, for its words are nothing to keep; empty: not remembered."""
    question: Any = (tuple(packages), read)
    try:
        # It tells 1 from 1.0 and from true, and takes what JSON has no words for.
        written = marshal.dumps(question, 2)
    except ValueError:
        return b""
    return blake2b(written, digest_size=16).digest()


def _read(what: str, text: str) -> Json:
    try:
        (value,) = json.loads(text)["expressions"]
    except (ValueError, KeyError, TypeError) as error:
        raise _failed(what) from error
    found: Json = value
    return found


def _failed(what: str) -> Denied:
    return Denied(
        f"The {what} could not be evaluated.",
        code="policy_failed",
        advice="It may call a function with a value of the wrong type; `kapell policy explain` "
        "shows which rule it is about.",
    )
