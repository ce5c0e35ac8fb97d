"""Secrets kept out of what is shown and stored: arguments, results, errors."""

import re
from collections.abc import Mapping, Sequence

from kapell.core.tools.spec import ToolSpec
from kapell.core.tools.walking import Schema, holds, walked
from kapell.kit.errors import KapellError
from kapell.kit.json import Json
from kapell.services.tools.redaction import redacted

MASK = "[secret]"
LONGEST = 2_000
"""Characters of a text that a record keeps."""
_SECRET_NAME = re.compile(
    r"(?i)(?:^|[_.-])(?:password|passwd|secret|token|api[_-]?key|authorization|credentials?|cookie"
    r"|private[_-]?key)s?$"
)
_SHORTEST = 4
"""Characters from which on a secret is looked for inside other texts."""


class Masking:
    """Shows arguments as records may keep them; a tool's schema is looked through once."""

    def __init__(self) -> None:
        self._marks: dict[str, tuple[ToolSpec, bool]] = {}

    def shown_arguments(
        self, spec: ToolSpec, args: Json, secrets: Mapping[str, str] | None = None
    ) -> Json:
        """Return arguments as a record may keep them.

        Masked is what the schema says to be secret (``writeOnly``, ``format: password``), what a
        name says to be one, and any known secret wherever it stands; long texts are cut.
        """
        if self._marks_any(spec):
            args = walked(spec.args, args, _is_secret, _masked)
        return _shown(args, tuple(one for one in (secrets or {}).values() if len(one) >= _SHORTEST))

    def _marks_any(self, spec: ToolSpec) -> bool:
        known = self._marks.get(spec.name)
        if known is None or known[0] is not spec:
            known = self._marks[spec.name] = spec, holds(spec.args, _is_secret)
        return known[1]


def without_secrets(value: Json, secrets: Mapping[str, str]) -> Json:
    """Return a value in which no text holds one of the secrets."""
    found = tuple(one for one in secrets.values() if len(one) >= _SHORTEST)
    return _scrubbed(value, found) if found else value


def scrub(error: KapellError, secrets: Mapping[str, str]) -> None:
    """Take the secrets out of what an error says."""
    found = tuple(one for one in secrets.values() if len(one) >= _SHORTEST)
    if found:
        error.message = _text(error.message, found)
        error.advice = _text(error.advice, found)
        error.args = (error.message,)


def _is_secret(schema: Schema) -> bool:
    return schema.get("writeOnly") is True or schema.get("format") == "password"


def _masked(place: str, value: Json) -> Json:
    return value if value is None else MASK


def _shown(value: Json, secrets: Sequence[str]) -> Json:
    if isinstance(value, str):
        text = redacted(_text(value[: 2 * LONGEST], secrets))
        cut = len(value) > LONGEST and len(text) > LONGEST
        return f"{text[:LONGEST]}... ({len(value):,} characters)" if cut else text
    if isinstance(value, Mapping):
        return {
            name: MASK
            if isinstance(one, str) and _SECRET_NAME.search(name)
            else _shown(one, secrets)
            for name, one in value.items()
        }
    if isinstance(value, Sequence):
        return [_shown(one, secrets) for one in value]
    return value


def _scrubbed(value: Json, secrets: Sequence[str]) -> Json:
    if isinstance(value, str):
        return _text(value, secrets)
    if isinstance(value, Mapping):
        return {_text(name, secrets): _scrubbed(one, secrets) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_scrubbed(one, secrets) for one in value]
    return value


def _text(text: str, secrets: Sequence[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, MASK)
    return text
