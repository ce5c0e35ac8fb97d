"""Arguments held against what a tool takes, with everything wrong named at once, as data too."""

from collections.abc import Iterator, Mapping, Sequence

import jsonschema_rs

from kapell.core.tools.paths import holds_paths, paths_in, wrong_place
from kapell.core.tools.spec import ToolSpec
from kapell.kit.errors import Bug, Denied, Flaw, Invalid
from kapell.kit.json import Json, encode
from kapell.services.tools.flaws import flaws_of

ARGUMENTS_LIMIT = 64 * 1024 * 1024
"""Bytes of JSON that arguments may have unless the tool says less."""
_SHOWN = 10
_SHORT = 120


class Arguments:
    """The compiled schemas of the tools this process has called.

    Args:
        limit: Bytes of JSON that arguments may have at most.
    """

    def __init__(self, limit: int = ARGUMENTS_LIMIT) -> None:
        self._limit = limit
        self._checks: dict[str, _Check] = {}

    def check(self, spec: ToolSpec, args: Json, roots: Sequence[str] = ()) -> None:
        """Accept the arguments or say what is wrong with each, in words and as ``flaws``.

        Args:
            spec: The tool.
            args: What it was given.
            roots: Absolute folders below which a path may lie that is not relative.

        Raises:
            Invalid: ``tool_arguments``.
            Denied: ``path_outside`` when nothing is wrong but where paths lead.
            Bug: ``tool_schema`` when the tool's own schema is none.
        """
        known = self._checks.get(spec.name)
        if known is None or known.spec is not spec:
            known = self._checks[spec.name] = _Check(spec)
        flaws = list(_outside(known, args, roots))
        try:
            if not known.validator.is_valid(args):
                flaws += flaws_of(known.validator.iter_errors(args), known.schema)
        except ValueError as error:
            flaws = flaws or [Flaw("", "type", f"a value has no form in JSON ({error})")]
        if not flaws:
            flaws += self._too_large(spec, args)
        if flaws:
            raise _refused(spec, _in_order(flaws))

    def _too_large(self, spec: ToolSpec, args: Json) -> Iterator[Flaw]:
        limit = min(self._limit, spec.args_bytes or self._limit)
        if _surely_fits(args, limit):
            return
        try:
            size = len(encode(args))
        except Invalid as error:
            yield Flaw("", "type", error.message.rstrip("."))
            return
        if size > limit:
            yield Flaw("", "size", f"they have {size:,} bytes, at most {limit:,} are taken")


class _Check:
    """One tool's schema, compiled; values are masked, for they may be secrets."""

    def __init__(self, spec: ToolSpec) -> None:
        self.spec = spec
        self.schema = spec.args if isinstance(spec.args, Mapping) else {"type": "object"}
        self.has_paths = holds_paths(self.schema)
        try:
            self.validator = jsonschema_rs.validator_for(
                dict(self.schema), mask="the value", offline=True, validate_formats=True
            )
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
            raise Bug(
                f"The schema of the tool {spec.name!r} is not a JSON Schema: {error}.",
                code="tool_schema",
                advice="Mend the schema where the tool is defined.",
            ) from error


def _in_order(flaws: Sequence[Flaw]) -> tuple[Flaw, ...]:
    """Return each flaw once, by its place: the validator's own order differs between processes."""
    several = sorted(flaws, key=lambda flaw: (flaw.at, flaw.rule, flaw.message))
    return tuple(one for number, one in enumerate(several) if one not in several[:number])


def _outside(known: _Check, args: Json, roots: Sequence[str]) -> Iterator[Flaw]:
    if not known.has_paths:
        return
    for place, text in paths_in(known.schema, args):
        wrong = wrong_place(text, roots)
        if wrong is not None:
            shown = ascii(text) if "Unicode" in wrong else repr(text)
            if len(shown) > _SHORT:
                shown = shown[: _SHORT - 3] + "..."
            yield Flaw(place, "path", f"The path {shown} is refused: {wrong}")


def _surely_fits(args: Json, limit: int) -> bool:
    """Tell cheaply whether arguments are small: few values, each a short text at most."""
    if not isinstance(args, Mapping) or len(args) > _SHOWN:
        return False
    size = 0
    for value in args.values():
        if isinstance(value, str):
            # Surrogates and NUL have no form in JSON; both are seen when it is encoded.
            if not value.isprintable():
                return False
            size += len(value) * 6
        elif not isinstance(value, int | None):
            return False
    return size + 1000 < limit


def _refused(spec: ToolSpec, flaws: tuple[Flaw, ...]) -> Invalid | Denied:
    if all(flaw.rule == "path" for flaw in flaws):
        return Denied(
            f"{'; '.join(flaw.message for flaw in flaws[:_SHOWN])}.",
            code="path_outside",
            advice="Give a path relative to the run's folder or the workspace, without '..'; "
            "a file from elsewhere comes in as an input of type file.",
            flaws=flaws,
        )
    more = f"; and {len(flaws) - _SHOWN} more" if len(flaws) > _SHOWN else ""
    said = "; ".join(dict.fromkeys(map(_said, flaws[:_SHOWN])))
    return Invalid(
        f"The arguments of {spec.name!r} do not fit: {said}{more}.",
        code="tool_arguments",
        advice=f"Mend them under `with:`; `kapell tools show {spec.name}` lists what it takes.",
        flaws=flaws,
    )


def _said(flaw: Flaw) -> str:
    if flaw.rule in {"missing", "unknown"} and flaw.message.startswith("is "):
        near = f" (did you mean {flaw.nearest!r}?)" if flaw.nearest else ""
        return f"{flaw.at!r} {flaw.message}{near}"
    return f"{flaw.at!r}: {flaw.message}" if flaw.at else flaw.message
