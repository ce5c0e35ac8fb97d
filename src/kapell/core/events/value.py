"""Values in events: small ones stand there themselves, large ones as the digest of an artifact."""

from collections.abc import Mapping
from typing import TypeAlias

import msgspec

from kapell.kit.json import Digest, Json, decode, digest, encode

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


def pack(value: Json, artifacts: dict[Digest, bytes]) -> Packed:
    """Return ``value`` as events hold it; a large one's bytes are added to ``artifacts``.

    Raises:
        Invalid: ``value_not_json`` when it cannot be stored as JSON.
    """
    text = encode(value)
    if len(text) <= INLINE_LIMIT:
        return Inline(value)
    key = digest(text)
    artifacts[key] = text
    return ArtifactRef(key, len(text))


def unpack(packed: Packed, blobs: Mapping[Digest, bytes]) -> Json:
    """Return the value again.

    Raises:
        KeyError: when the artifact is not among ``blobs``.
    """
    if isinstance(packed, Inline):
        return packed.value
    return decode(blobs[packed.digest])
