"""Values in events: small ones stand there themselves, large ones as the digest of an artifact."""

from collections.abc import Mapping
from typing import TypeAlias

import msgspec

from kapell.kit.json import Digest, Json, digest, encode

INLINE_LIMIT = 32_768
"""Bytes of canonical JSON a value may have inside an event; larger ones become artifacts."""


class ArtifactRef(msgspec.Struct, frozen=True, tag="artifact", tag_field="$ref"):
    """A value kept in the artifact store, by the SHA-256 of its bytes."""

    digest: Digest
    size: int
    media: str = "application/json"


class Inline(msgspec.Struct, frozen=True, tag="inline", tag_field="$ref"):
    """A value that stands in the event itself."""

    value: Json = None


Packed: TypeAlias = Inline | ArtifactRef

NOTHING = Inline()


class Packing:
    """Where packed values' bytes go, and where known values are looked up again."""

    def __init__(self, values: dict[Digest, Json]) -> None:
        self.values = values
        self.artifacts: dict[Digest, bytes] = {}

    def pack(self, value: Json) -> Packed:
        """Return ``value`` as events hold it; a large one's bytes are kept for the store.

        Raises:
            Invalid: ``value_not_json`` when it cannot be stored as JSON.
        """
        text = encode(value)
        if len(text) <= INLINE_LIMIT:
            return Inline(value)
        key = digest(text)
        self.artifacts[key] = text
        self.values[key] = value
        return ArtifactRef(key, len(text))


def missing(packed: Packed, values: Mapping[Digest, Json]) -> Digest | None:
    """Return the digest that has to be fetched before ``unpack`` can answer."""
    if isinstance(packed, ArtifactRef) and packed.digest not in values:
        return packed.digest
    return None


def unpack(packed: Packed, values: Mapping[Digest, Json]) -> Json:
    """Return the value again.

    Raises:
        KeyError: when the artifact is not among ``values``.
    """
    if isinstance(packed, Inline):
        return packed.value
    return values[packed.digest]


def packed_digest(packed: Packed) -> str:
    """Return what stands for exactly this value, wherever it lies."""
    return str(packed.digest if isinstance(packed, ArtifactRef) else digest(encode(packed.value)))
