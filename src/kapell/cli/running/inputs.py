"""Inputs and parameters as they are written on a command line."""

from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import msgspec

from kapell.core.definitions.problems import Problems
from kapell.core.definitions.reading import read
from kapell.core.definitions.tree import Node
from kapell.core.workflows.inputs import InputsInvalid, bind
from kapell.core.workflows.values import odd_number
from kapell.core.workflows.version import Version
from kapell.kit.errors import Invalid, Missing
from kapell.kit.json import Json, decode

_FILES = (".yaml", ".yml", ".json")


class Given(msgspec.Struct):
    """The inputs as they were written, and what is wrong in the files that hold them.

    ``refused`` names those whose value could not be read.
    """

    values: dict[str, Json]
    refused: set[str]
    problems: Problems

    def refuse(self, version: Version) -> NoReturn:
        """Tell what is wrong in the files together with what does not fit the workflow.

        Raises:
            InputsInvalid: Always; it is asked for when something is wrong in the files.
        """
        wrong = [
            Invalid(one.message, code=one.code, advice=one.advice, place=one.place)
            for one in self.problems.errors
        ]
        known = version.inputs or {}
        untold = self.refused if version.inputs is None else self.refused & known.keys()
        values = {name: value for name, value in self.values.items() if name not in untold}
        if version.inputs is not None:
            rest = {name: spec for name, spec in known.items() if name not in untold}
            version = msgspec.structs.replace(version, inputs=rest)
        try:
            bind(version, values)
        except InputsInvalid as error:
            wrong += error.errors
        raise InputsInvalid(tuple(wrong))


def pairs_of(given: Sequence[str], option: str) -> dict[str, str]:
    """Return what an option's ``name=value`` texts say.

    Raises:
        Invalid: ``input_broken`` for what is not ``name=value``.
    """
    return dict(_pair(text, option) for text in given)


def inputs_of(given: Sequence[str], params: Sequence[str]) -> Given:
    """Return the inputs of ``--params`` and ``--input``; the latter win.

    Raises:
        Invalid: ``input_broken`` for what is not ``name=value``.
        Missing: ``file_missing`` for a file of parameters that is not there.
        DefinitionInvalid: A file of parameters is no YAML.
    """
    found = Given({}, set(), Problems())
    for text in params:
        for part in _parts(text):
            if part.endswith(_FILES) and "=" not in part:
                for name, (_, node) in _file(part, found.problems).entries.items():
                    found.values[name] = node.plain()
                    if _refused(node):
                        found.refused.add(name)
                    else:
                        found.refused.discard(name)
            else:
                name, value = _pair(part, "--params")
                found.values[name] = value
                found.refused.discard(name)
    pairs = pairs_of(given, "--input")
    found.values.update(pairs)
    found.refused -= pairs.keys()
    return found


def _refused(node: Node) -> bool:
    inner = [*node.items, *(value for _, value in node.entries.values())]
    return node.kind == "refused" or any(map(_refused, inner))


def _parts(text: str) -> list[str]:
    """Return ``a=1 b=2`` as its pairs; a value with blanks is given by itself."""
    parts = text.split()
    return parts if all("=" in part for part in parts) else [text]


def _pair(text: str, option: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        example = ", such as --input tickets=data/tickets.csv" if option == "--input" else ""
        raise Invalid(
            f"`{text}` is not name=value.",
            code="input_broken",
            advice=f"Write {option} name=value{example}.",
        )
    return name, value


def _file(name: str, problems: Problems) -> Node:
    try:
        data = Path(name).read_bytes()
    except FileNotFoundError as error:
        raise Missing(
            f"There is no file `{name}`.", code="file_missing", advice="Check the path."
        ) from error
    return read(data, name, noted=problems)


def json_of(text: str, what: str) -> Json:
    """Return a value written as JSON; a text that is none is the text itself.

    Raises:
        Invalid: ``json_broken`` when it begins like JSON and is not.
    """
    try:
        value = decode(text)
    except Invalid as error:
        if text[:1] in ("{", "[", '"'):
            raise Invalid(
                f"{what} is not JSON.", code="json_broken", advice=error.message
            ) from error
        return text
    if odd_number(value) is not None:
        raise Invalid(
            f"{what} holds a number that does not fit into 64 bits.",
            code="json_broken",
            advice="Write it in quotes if it is text.",
        )
    return value
