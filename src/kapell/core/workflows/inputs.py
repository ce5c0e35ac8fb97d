"""Binds what a run is given to what its workflow declares."""

from collections.abc import Mapping

from kapell.core.definitions.nearest import hint
from kapell.core.guardrails.labels import WEB, Label, Mask, labels_of
from kapell.core.workflows.values import fits, odd_number, sort_of
from kapell.core.workflows.version import InputSpec, Version
from kapell.kit.errors import Invalid
from kapell.kit.json import Json, decode, encode

_NAMES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "a JSON object",
    "array": "a JSON list",
    "file": "the path of a file",
}
_BOOLEANS = {"true": True, "yes": True, "false": False, "no": False}


class InputsInvalid(Invalid):
    """Inputs do not fit the workflow; ``errors`` holds each with its name."""

    default_code = "inputs_invalid"

    def __init__(self, errors: tuple[Invalid, ...]) -> None:
        first = errors[0]
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        super().__init__(f"{first.message}{more}", advice=first.advice)
        self.errors = errors


def bind(version: Version, given: Mapping[str, Json]) -> dict[str, Json]:
    """Return the inputs of a run: texts made into the declared types, defaults filled in.

    A workflow that declares no inputs accepts any. ``file`` inputs stay the path that was given.

    Raises:
        InputsInvalid: With everything that does not fit.
    """
    if version.inputs is None:
        return {name: _storable(name, value) for name, value in given.items()}
    errors: list[Invalid] = []
    bound: dict[str, Json] = {}
    for name in given:
        if name not in version.inputs:
            message = f"`{version.name}` has no input `{name}`."
            advice = hint(name, version.inputs, "Its inputs") or "It takes no inputs."
            errors.append(Invalid(message, code="input_unknown", advice=advice))
    for name, spec in version.inputs.items():
        if name not in given:
            if spec.required:
                message = f"The input `{name}` is missing: {_wanted(spec)}."
                advice = f"Give it with --input {name}=..."
                errors.append(Invalid(message, code="input_missing", advice=advice))
            else:
                bound[name] = spec.default
            continue
        try:
            bound[name] = _value(name, spec, given[name])
        except Invalid as error:
            errors.append(error)
    if errors:
        raise InputsInvalid(tuple(errors))
    return bound


def given_labels(
    version: Version, bound: Mapping[str, Json], masks: Mapping[str, Mask]
) -> dict[str, Label]:
    """Return the labels of bound inputs: of who gave them, and of strangers where declared so.

    ``masks`` are by the name of the input; what stands under the empty name holds for all.
    """
    every = masks.get("", 0)
    declared = version.inputs or {}
    found: dict[str, Mask] = {}
    for name in bound:
        spec = declared.get(name)
        mask = masks.get(name, 0) | every
        found[name] = mask | WEB if spec is not None and spec.trust == "untrusted" else mask
    return labels_of(found)


def _wanted(spec: InputSpec) -> str:
    if spec.enum is not None:
        return f"one of {', '.join(encode(one).decode() for one in spec.enum)}"
    return spec.description or _NAMES.get(spec.type, "any value")


def _value(name: str, spec: InputSpec, given: Json) -> Json:
    """Return one input as its declared type.

    Raises:
        Invalid: ``input_wrong``.
    """
    value = _typed(spec, given) if isinstance(given, str) else given
    if value is None and not spec.required:
        return spec.default
    if not fits(value, spec.type):
        raise Invalid(
            f"The input `{name}` must be {_NAMES[spec.type]}, not {_shown(given)}.",
            code="input_wrong",
            advice=f"It takes {_wanted(spec)}.",
        )
    if spec.type == "integer" and isinstance(value, float):
        value = int(value)
    if spec.enum is not None and not any(_same(value, one) for one in spec.enum):
        raise Invalid(
            f"The input `{name}` must be {_wanted(spec)}, not {_shown(given)}.",
            code="input_wrong",
            advice=hint(str(value), [str(one) for one in spec.enum], "It takes"),
        )
    # The path of a file is never stored, and file names need not be UTF-8.
    return value if spec.type == "file" else _storable(name, value)


def unfit(name: str, spec: InputSpec, value: Json) -> str | None:
    """Return what is wrong with a value for an input, None when it fits."""
    try:
        _value(name, spec, value)
    except Invalid as error:
        return error.message
    return None


def _storable(name: str, value: Json) -> Json:
    odd = odd_number(value)
    if odd is not None:
        raise Invalid(
            f"The input `{name}` holds {_digits(odd)}, which does not fit into 64 bits.",
            code="input_wrong",
            advice="Give a smaller number; declare the input a string if it is text.",
        )
    try:
        encode({name: value})
    except Invalid as error:
        raise Invalid(
            f"The input `{name}` holds characters that cannot be stored.",
            code="input_wrong",
            advice="Write it in UTF-8, without NUL characters.",
        ) from error
    return value


def _digits(number: float) -> str:
    if isinstance(number, int) and number.bit_length() > 128:
        return f"a number of {number.bit_length()} bits"
    return str(number)


def _same(value: Json, other: Json) -> bool:
    return value == other and isinstance(value, bool) == isinstance(other, bool)


def _shown(given: Json) -> str:
    if isinstance(given, str):
        return f"`{given}`" if len(given) <= 60 else f"`{given[:60]}…`"
    return sort_of(given)


def _typed(spec: InputSpec, text: str) -> Json:
    """Return a text from the command line as the declared type, or as it is when it is none."""
    wanted = spec.type
    if wanted == "any" and spec.enum is not None and text not in spec.enum:
        return next((one for one in spec.enum if encode(one).decode() == text.strip()), text)
    if wanted == "boolean":
        return _BOOLEANS.get(text.strip().casefold(), text)
    if wanted in ("integer", "number", "object", "array"):
        try:
            value = decode(text.strip())
        except Invalid:
            return text
        return text if isinstance(value, str) else value
    return text
