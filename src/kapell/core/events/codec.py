"""Payloads to text and back, and old payloads brought to today's form."""

from collections.abc import Callable, Mapping
from typing import get_args

import msgspec

from kapell.core.events.envelope import Payload
from kapell.kit.errors import Invalid
from kapell.kit.json import Json, decode, encode

Upcast = Callable[[dict[str, Json]], dict[str, Json]]

VERSION = 1
"""The version today's payloads are written with."""

UPCASTS: Mapping[tuple[str, int], Upcast] = {}
"""``(type, version)`` to the function that lifts such a payload to ``version + 1``."""

_DECODERS: Mapping[str, msgspec.json.Decoder[Payload]] = {
    kind.__struct_config__.tag: msgspec.json.Decoder(kind) for kind in get_args(Payload)
}


def type_of(payload: Payload) -> str:
    """Return the event type, such as ``step.succeeded``."""
    tag = type(payload).__struct_config__.tag
    return str(tag)


def dump(payload: Payload) -> str:
    """Return the payload as canonical JSON text."""
    return encode(payload).decode()


def load(
    kind: str, version: int, text: str, upcasts: Mapping[tuple[str, int], Upcast] = UPCASTS
) -> Payload:
    """Return the payload of a stored text, lifted to today's form when it is older.

    Raises:
        Invalid: ``event_unknown`` for a type or version this release cannot read.
    """
    decoder = _DECODERS.get(kind)
    if decoder is None or version > VERSION:
        raise Invalid(
            f"The log holds an event {kind!r} (version {version}) that this release cannot read.",
            code="event_unknown",
            advice="Update Kapell to the release that wrote it.",
        )
    if version < VERSION:
        text = _lift(kind, version, text, upcasts)
    return decoder.decode(text)


def _lift(kind: str, version: int, text: str, upcasts: Mapping[tuple[str, int], Upcast]) -> str:
    value = decode(text)
    if not isinstance(value, dict):
        raise Invalid(
            "An event's payload is not an object.",
            code="event_unknown",
            advice="Run `kapell db check`, and restore the database from a backup if it says so.",
        )
    for old in range(version, VERSION):
        upcast = upcasts.get((kind, old))
        value = upcast(value) if upcast else value
    return encode(value).decode()
