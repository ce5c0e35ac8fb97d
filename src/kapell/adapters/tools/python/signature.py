"""A function's signature as a tool's description, and JSON arguments as those it takes."""

import inspect
import typing
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from kapell.adapters.tools.python.docstrings import docstring_of
from kapell.adapters.tools.python.shapes import (
    ShapeBroken,
    Shapes,
    as_json,
    described,
    returned_schema,
)
from kapell.core.tools.declaring import Declaration, Secret, ToolContext, reaches
from kapell.core.tools.paths import holds_paths
from kapell.core.tools.spec import ToolSpec
from kapell.kit.errors import Invalid
from kapell.kit.json import Json
from kapell.kit.money import nano

_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


class Signature(NamedTuple):
    """What a function takes.

    Attributes:
        spec: The tool as data.
        readers: What makes each argument out of JSON.
        secrets: Parameters that take the secret of their name.
        contexts: Parameters that take what is known of the call.
    """

    spec: ToolSpec
    readers: Mapping[str, Callable[[Json], object]]
    secrets: tuple[str, ...]
    contexts: tuple[str, ...]


def signature_of(function: Callable[..., object], declaration: Declaration) -> Signature:
    """Return what a declared function takes, as its signature and docstring say it.

    Raises:
        Invalid: ``tool_signature`` when a parameter has no type, or one that JSON has no form for.
    """
    name = declaration.name or str(getattr(function, "__name__", type(function).__name__))
    hints, parameters = _hints(function, name)
    docstring = docstring_of(function)
    shapes, readers = Shapes(), {}
    said: dict[str, str] = {}
    secrets: list[str] = []
    contexts: list[str] = []
    required: list[str] = []
    for parameter in parameters:
        annotation = hints.get(parameter.name, parameter.annotation)
        if annotation is Secret:
            secrets.append(parameter.name)
        elif annotation is ToolContext:
            contexts.append(parameter.name)
        else:
            try:
                readers[parameter.name] = shapes.add(
                    parameter.name, _typed(annotation, parameter, name)
                )
            except ShapeBroken as broken:
                raise _wrong(name, f"`{parameter.name}`: {broken}") from broken
            said[parameter.name] = _said(annotation) or docstring.arguments.get(parameter.name, "")
            if parameter.default is inspect.Parameter.empty:
                required.append(parameter.name)
    try:
        schemas, definitions = shapes.schemas()
    except ShapeBroken as broken:
        raise _wrong(name, str(broken)) from broken
    properties = {
        parameter.name: _with_default(
            described(schemas[parameter.name], said[parameter.name]), parameter.default
        )
        for parameter in parameters
        if parameter.name in schemas
    }
    args = _object(properties, required, definitions)
    text = declaration.description or docstring.text or name.replace("_", " ")
    spec = spec_of(name, text, args, returned_schema(hints.get("return", Any)), declaration)
    if secrets:
        spec = ToolSpec(**{**_fields(spec), "secrets": (*spec.secrets, *secrets)})
    return Signature(spec, readers, tuple(secrets), tuple(contexts))


def spec_of(
    name: str, description: str, args: Json, returns: Json, declaration: Declaration
) -> ToolSpec:
    """Return a tool as data, with what was declared of it."""
    said = declaration.repeatable
    return ToolSpec(
        name=name,
        description=description,
        args=args,
        returns=returns,
        effects=declaration.effects,
        repeatable=declaration.effects == "read" if said is None else said,
        trust=declaration.trust,
        reaches=reaches(declaration),
        accepts=declaration.accepts,
        cost=nano(declaration.cost),
        timeout=declaration.timeout,
        secrets=declaration.secrets,
        folder=declaration.folder or holds_paths(args),
    )


def _hints(
    function: Callable[..., object], name: str
) -> tuple[dict[str, Any], list[inspect.Parameter]]:
    target = function if inspect.isroutine(function) else type(function).__call__
    try:
        hints = typing.get_type_hints(target, include_extras=True)
        parameters = list(inspect.signature(function).parameters.values())
    except (NameError, TypeError, ValueError, AttributeError) as error:
        raise _wrong(name, str(error)) from error
    for parameter in parameters:
        if parameter.kind not in _NAMED:
            raise _wrong(name, f"`{parameter}` has no name a caller could give")
    return hints, parameters


def _typed(annotation: Any, parameter: inspect.Parameter, name: str) -> Any:
    if annotation is inspect.Parameter.empty:
        raise _wrong(name, f"the parameter `{parameter.name}` has no type")
    if parameter.default is None and type(None) not in typing.get_args(annotation):
        return typing.Union[annotation, None]  # noqa: UP007 - `|` is not for every annotation
    return annotation


def _said(annotation: Any) -> str:
    """Return the text that an ``Annotated`` carries for people."""
    for one in getattr(annotation, "__metadata__", ()):
        if isinstance(one, str):
            return one
        documentation = getattr(one, "documentation", None)
        if isinstance(documentation, str):
            return documentation
    return ""


def _with_default(schema: dict[str, Json], default: object) -> dict[str, Json]:
    if default is inspect.Parameter.empty or default is None:
        return schema
    try:
        return {**schema, "default": as_json(default)}
    except TypeError:
        return schema


def _object(
    properties: Mapping[str, Json], required: list[str], definitions: Mapping[str, Json]
) -> Json:
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
        **({"$defs": definitions} if definitions else {}),
    }


def _fields(spec: ToolSpec) -> dict[str, Any]:
    return {name: getattr(spec, name) for name in spec.__struct_fields__}


def _wrong(name: str, why: str) -> Invalid:
    return Invalid(
        f"The tool {name!r} cannot be described: {why}.",
        code="tool_signature",
        advice="Give every parameter a name and a type that has a form in JSON.",
    )
