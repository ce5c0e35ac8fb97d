"""The message schema v1 as JSON Schema, and an event in the form it describes."""

from collections.abc import Iterator
from typing import get_args

import msgspec

from kapell.core.events.codec import VERSION
from kapell.core.events.envelope import Event, Payload
from kapell.kit.json import Json


def kinds() -> Iterator[tuple[str, type[msgspec.Struct]]]:
    """Yield every event type with its payload, by name."""
    yield from sorted((str(kind.__struct_config__.tag), kind) for kind in get_args(Payload))


def event_schema() -> dict[str, Json]:
    """Return the JSON Schema of an event as it leaves the system."""
    (schema,), definitions = msgspec.json.schema_components([Event], ref_template="#/$defs/{name}")
    del schema
    envelope = definitions.pop("Event")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Kapell event, message schema v{VERSION}",
        **envelope,
        "$defs": definitions,
    }


def message(event: Event) -> dict[str, Json]:
    """Return an event as the plain JSON the schema describes."""
    plain: dict[str, Json] = msgspec.to_builtins(event)
    return plain
