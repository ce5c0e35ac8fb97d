"""Input documents of calls that nobody makes: described by a person, in a case or on a screen."""

from collections.abc import Mapping
from typing import TypeVar, cast

import msgspec

from kapell.core.definitions.nearest import hint
from kapell.core.guardrails.labels import Label
from kapell.core.policies.asking.documents import (
    ApprovalDocument,
    Asked,
    BudgetDocument,
    Document,
    ModelDocument,
    TimePart,
    ToolDocument,
)
from kapell.core.policies.caller import Caller
from kapell.core.policies.kinds import Kind
from kapell.core.policies.linting.inputs import wrong_path
from kapell.core.policies.ruled import Ruled
from kapell.core.tools.spec import ToolSpec
from kapell.kit.errors import Invalid
from kapell.kit.ids import LOCAL
from kapell.kit.json import Json
from kapell.services.policies.describing import tool_document
from kapell.services.policies.policies import Policies, Terms

D = TypeVar("D", bound=Asked)

_OTHERS: Mapping[str, type[Asked]] = {
    "model": ModelDocument,
    "budget": BudgetDocument,
    "approval": ApprovalDocument,
}
_NAMELESS = ToolSpec(name="", description="", args={})


def supposed(
    kind: Kind, given: Mapping[str, Json], spec: ToolSpec | None, terms: Terms, now: TimePart
) -> Document:
    """Return the document of a question that is described by some of its fields.

    What a real call would have computed (where it reaches, whether strangers had a part in it) is
    computed here too, unless it is given; it is asked by the tenant of this program.

    Raises:
        Invalid: ``policy_input`` for fields that a document does not have, and for what its schema
            does not let them hold.
    """
    given = {"tenant": str(LOCAL), **given}
    if kind != "tool":
        plain = {**msgspec.to_builtins(_OTHERS[kind](kind=kind, time=now)), "kind": kind}
        return cast(Document, _made(_OTHERS[kind], plain, given))
    _check(ToolDocument, given, ())
    said = given.get("labels", {})
    labels = said.get("args", {}) if isinstance(said, Mapping) else {}
    caller = Caller(
        asked=given.get("asked") is True, labels=_converted(labels, dict[str, Label], "labels.args")
    )
    document = tool_document(spec or _NAMELESS, given.get("args", {}), caller, terms, now)
    return _made(ToolDocument, msgspec.to_builtins(document), given)


def _made(document: type[D], plain: dict[str, Json], given: Mapping[str, Json]) -> D:
    _check(document, given, ())
    return _converted(_over(plain, given), document, "input")


T = TypeVar("T")


def _converted(value: Json, kind: type[T], what: str) -> T:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        wrong, _, place = str(error).partition(" - at `$")
        field = place.removesuffix("`").removeprefix(".")
        field = what if not field or field.startswith("[") else field
        raise Invalid(
            f"The given `{field}` does not fit: {wrong}.",
            code="policy_input",
            advice="schema/policy-input.schema.json says what its fields may hold.",
        ) from error


def _over(below: Json, above: Json) -> Json:
    if not isinstance(below, Mapping) or not isinstance(above, Mapping):
        return above
    both = {**below, **above}
    return {key: _over(below[key], value) if key in below else value for key, value in both.items()}


def _check(document: type[Asked], given: Json, path: tuple[str, ...]) -> None:
    """Refuse fields that a document does not have, with the nearest that it has."""
    if not isinstance(given, Mapping):
        return
    for name, value in given.items():
        wrong = wrong_path((document,), (*path, str(name)))
        if wrong is not None:
            raise Invalid(
                f"`{wrong.above}` has no field `{wrong.name}`.",
                code="policy_input",
                advice=hint(wrong.name, wrong.known, "Its fields"),
            )
        _check(document, value, (*path, str(name)))


async def ruled(policies: Policies, document: Document) -> Ruled:
    """Return what policies say to a document of any kind.

    Raises:
        Denied: ``policy_broken``, ``policy_failed``.
    """
    if isinstance(document, ToolDocument):
        return await policies.tool(document)
    if isinstance(document, ModelDocument):
        return await policies.model(document)
    if isinstance(document, BudgetDocument):
        return await policies.budget(document)
    return await policies.may_answer(document)
