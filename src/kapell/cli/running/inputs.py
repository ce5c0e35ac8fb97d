"""Inputs and parameters as they are written on a command line."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from kapell.core.definitions.reading import read
from kapell.core.workflows.values import odd_number
from kapell.kit.errors import Invalid, Missing
from kapell.kit.json import Json, decode

_FILES = (".yaml", ".yml", ".json")


def pairs_of(given: Sequence[str], option: str) -> dict[str, str]:
    """Return what an option's ``name=value`` texts say.

    Raises:
        Invalid: ``input_broken`` for what is not ``name=value``.
    """
    return dict(_pair(text, option) for text in given)


def inputs_of(given: Sequence[str], params: Sequence[str]) -> dict[str, Json]:
    """Return the inputs of ``--params`` and ``--input``; the latter win.

    Raises:
        Invalid: ``input_broken`` for what is not ``name=value``.
        Missing: ``file_missing`` for a file of parameters that is not there.
    """
    found: dict[str, Json] = {}
    for text in params:
        for part in _parts(text):
            if part.endswith(_FILES) and "=" not in part:
                found.update(_file(part))
            else:
                name, value = _pair(part, "--params")
                found[name] = value
    found.update(pairs_of(given, "--input"))
    return found


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


def _file(name: str) -> Mapping[str, Json]:
    try:
        data = Path(name).read_bytes()
    except FileNotFoundError as error:
        raise Missing(
            f"There is no file `{name}`.", code="file_missing", advice="Check the path."
        ) from error
    value = read(data, name).plain()
    assert isinstance(value, Mapping)  # noqa: S101 - the reader gives a mapping or raises
    return value


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
