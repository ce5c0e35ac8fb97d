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


class RegoJudge:
    """Answers from a bundle; whatever is not plainly an answer is an error.

    Args:
        bundle: The compiled modules.
        entries: The packages that are asked, with the rules of theirs that are read.
        used: The parts of the input that any rule reads; no other is handed over.
    """

    def __init__(self, bundle: Any, entries: Mapping[str, Sequence[str]], used: Used) -> None:
        self._bundle = bundle
        self._entries = entries
        self._used = used
        self._local = threading.local()
        self._answers: OrderedDict[bytes, Mapping[str, Json]] = OrderedDict()
        self._alone = threading.Lock()
        self.packages = frozenset(entries)

    async def evaluate(self, packages: Sequence[str], document: Json) -> Mapping[str, Json]:
        """Return what packages evaluate to for an input document."""
        read = kept(document, self._used)
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
            package: {
                rule: self._answer(interpreter, f"{package}.{rule}")
                for rule in self._entries.get(package, ())
            }
            for package in packages
        }

    def _interpreter(self) -> Any:
        found = getattr(self._local, "interpreter", None)
        if found is None:
            found = self._local.interpreter = new_interpreter()
        return found

    def _answer(self, interpreter: Any, rule: str) -> Json:
        """Return what a rule gives.

        Raises:
            Denied: ``policy_failed``: the interpreter fails open, so anything odd is an error here.
        """
        output = rego_shared.rego_bundle_query_entrypoint(
            interpreter._impl, self._bundle._impl, rule.replace(".", "/")
        )
        if not output:
            raise _failed(rule)
        try:
            is_ok = rego_shared.rego_output_ok(output)
            text = rego_shared.rego_output_string(output)
        finally:
            rego_shared.rego_free_output(output)
        if not is_ok:
            raise _failed(rule)
        return _read(rule, text)


def _key(packages: Sequence[str], read: Json) -> bytes:
    """Return the digest of a question, for its words are nothing to keep; empty: not remembered."""
    question: Any = (tuple(packages), read)
    try:
        # It tells 1 from 1.0 and from true, and takes what JSON has no words for.
        written = marshal.dumps(question, 2)
    except ValueError:
        return b""
    return blake2b(written, digest_size=16).digest()


def _read(rule: str, text: str) -> Json:
    try:
        (value,) = json.loads(text)["expressions"]
    except (ValueError, KeyError, TypeError) as error:
        raise _failed(rule) from error
    found: Json = value
    return found


def _failed(rule: str) -> Denied:
    return Denied(
        f"The rule {rule} could not be evaluated.",
        code="policy_failed",
        advice="It may call a builtin with a value of a wrong type; `kapell policy explain` helps.",
    )
