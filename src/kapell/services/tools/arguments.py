"""Arguments held against a tool's schema, with every wrong one named at once."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

import jsonschema_rs

from kapell.core.tools.spec import ToolSpec
from kapell.kit.errors import Bug, Invalid
from kapell.kit.json import Json

_SHOWN = 10


class Arguments:
    """The compiled schemas of the tools this process has called."""

    def __init__(self) -> None:
        self._validators: dict[str, jsonschema_rs.Validator] = {}

    def check(self, spec: ToolSpec, args: Json) -> None:
        """Accept the arguments or say what is wrong with each.

        Raises:
            Invalid: ``tool_arguments``.
            Bug: ``tool_schema`` when the tool's own schema is none.
        """
        validator = self._validators.get(spec.name)
        if validator is None:
            validator = self._validators[spec.name] = _compiled(spec)
        try:
            if validator.is_valid(args):
                return
            problems = list(dict.fromkeys(_problems(validator, spec, args)))
        except ValueError as error:
            problems = [f"a value has no form in JSON ({error})"]
        more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        raise Invalid(
            f"The arguments of {spec.name!r} do not fit: {'; '.join(problems[:_SHOWN])}{more}.",
            code="tool_arguments",
            advice=f"Mend them under `with:`; `kapell tools show {spec.name}` lists what it takes.",
        )


def _compiled(spec: ToolSpec) -> jsonschema_rs.Validator:
    """Return the schema's validator; values are masked, for they may be secrets."""
    schema = spec.args if isinstance(spec.args, Mapping) else {"type": "object"}
    try:
        return jsonschema_rs.validator_for(dict(schema), mask="the value", offline=True)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        raise Bug(
            f"The schema of the tool {spec.name!r} is not a JSON Schema: {error}.",
            code="tool_schema",
            advice="Mend the schema where the tool is defined.",
        ) from error


def _problems(validator: jsonschema_rs.Validator, spec: ToolSpec, args: Json) -> Iterator[str]:
    for error in validator.iter_errors(args):
        place = ".".join(str(part) for part in error.instance_path)
        kind = error.kind
        if isinstance(kind, jsonschema_rs.ValidationErrorKind.Required):
            yield f"{_below(place, kind.property)} is missing"
        elif isinstance(kind, jsonschema_rs.ValidationErrorKind.AdditionalProperties):
            for name in kind.unexpected:
                yield f"{_below(place, name)} is unknown{'' if place else _nearest(spec, name)}"
        elif place:
            yield f"{place!r}: {error.message}"
        else:
            yield error.message


def _below(place: str, name: str) -> str:
    return repr(f"{place}.{name}" if place else name)


def _nearest(spec: ToolSpec, name: str) -> str:
    known = spec.args.get("properties") if isinstance(spec.args, Mapping) else None
    names = list(known) if isinstance(known, Mapping) else []
    close = get_close_matches(name, names, 1)
    return f" (did you mean {close[0]!r}?)" if close else ""
