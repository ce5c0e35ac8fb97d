"""Judges by a compiled bundle: one interpreter for each thread, all on the same bundle."""

import json
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import regopy
from regopy import rego_shared

from kapell.adapters.policies.rego.encoding import give_input
from kapell.core.policies.linting.reading import Used, kept
from kapell.kit.errors import Denied
from kapell.kit.json import Json


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
        self.packages = frozenset(entries)

    async def evaluate(self, packages: Sequence[str], document: Json) -> Mapping[str, Json]:
        """Return what packages evaluate to for an input document."""
        interpreter = self._interpreter()
        give_input(interpreter._impl, kept(document, self._used))
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
