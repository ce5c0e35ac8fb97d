"""As much of GraphQL as the loopback GitHub needs: a query is parsed and answered field by field.

What a query does not ask for is not sent, and what does not exist is an error, as with the real
one; so a query that is wrong is found here.
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

_TOKEN = re.compile(r'[\s,]*(\.\.\.|[{}()\[\]:!$=]|[A-Za-z_]\w*|-?\d+|"[^"]*")')


class Wanted(msgspec.Struct):
    """A field with its arguments and fields of its own, or, with ``on``, a fragment."""

    name: str
    args: dict[str, Any] = {}
    inner: list["Wanted"] = []
    on: str = ""


class QueryError(Exception):
    """The query cannot be answered; what is raised is what is sent."""

    def __init__(self, message: str, kind: str = "", code: str = "") -> None:
        super().__init__(message)
        self.told = {"message": message}
        if kind:
            self.told["type"] = kind
        if code:
            self.told["extensions"] = {"code": code}  # type: ignore[assignment]  # as it is sent


def answered(query: str, variables: Mapping[str, Any], root: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data of a query over a tree of mappings; functions in it get their arguments.

    Raises:
        QueryError: the query is broken, or asks for what is not there.
    """
    reader = _Reader(query, variables)
    selection, fragments = reader.document()
    return _picked(root, selection, fragments)


class _Reader:
    def __init__(self, query: str, variables: Mapping[str, Any]) -> None:
        self._tokens = _TOKEN.findall(query)
        self._at = 0
        self._variables = variables

    def document(self) -> tuple[list[Wanted], dict[str, Wanted]]:
        fragments: dict[str, Wanted] = {}
        selection: list[Wanted] = []
        while self._at < len(self._tokens):
            word = self._next()
            if word == "fragment":
                name = self._next()
                self._expect("on")
                on = self._next()
                fragments[name] = Wanted(name, inner=self._selection(), on=on)
            else:
                while self._peek() != "{":
                    self._next()
                selection = self._selection()
        return selection, fragments

    def _selection(self) -> list[Wanted]:
        self._expect("{")
        found = []
        while self._peek() != "}":
            found.append(self._wanted())
        self._next()
        return found

    def _wanted(self) -> Wanted:
        word = self._next()
        if word == "...":
            if self._peek() == "on":
                self._next()
                on = self._next()
                return Wanted("", inner=self._selection(), on=on)
            return Wanted(self._next(), on="*")
        args = {}
        if self._peek() == "(":
            self._next()
            while self._peek() != ")":
                name = self._next()
                self._expect(":")
                args[name] = self._value()
            self._next()
        inner = self._selection() if self._peek() == "{" else []
        return Wanted(word, args, inner)

    def _value(self) -> Any:
        word = self._next()
        if word == "$":
            name = self._next()
            if name not in self._variables:
                raise QueryError(f"Variable ${name} was provided no value")
            return self._variables[name]
        return word.strip('"') if word.startswith('"') else int(word)

    def _peek(self) -> str:
        if self._at >= len(self._tokens):
            raise QueryError("Expected more, actual: (none)")
        return str(self._tokens[self._at])

    def _next(self) -> str:
        word = self._peek()
        self._at += 1
        return word

    def _expect(self, word: str) -> None:
        if (found := self._next()) != word:
            raise QueryError(f"Expected {word}, actual: {found}")


def _picked(
    value: Mapping[str, Any], selection: list[Wanted], fragments: Mapping[str, Wanted]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    kind = value.get("__typename", "")
    for wanted in selection:
        if wanted.on:
            fragment = fragments[wanted.name] if wanted.on == "*" else wanted
            if fragment.on == kind:
                found |= _picked(value, fragment.inner, fragments)
            continue
        if wanted.name not in value:
            raise QueryError(
                f"Field '{wanted.name}' doesn't exist on type '{kind}'", code="undefinedField"
            )
        inner = value[wanted.name]
        found[wanted.name] = _shaped(
            inner(**wanted.args) if callable(inner) else inner, wanted, fragments
        )
    return found


def _shaped(value: Any, wanted: Wanted, fragments: Mapping[str, Wanted]) -> Any:
    if isinstance(value, list):
        return [_shaped(one, wanted, fragments) for one in value]
    if isinstance(value, Mapping):
        return _picked(value, wanted.inner, fragments)
    return value
