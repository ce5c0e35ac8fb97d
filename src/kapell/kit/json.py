"""JSON as one canonical text: what events, digests and hashes are made of.

Canonical means: keys sorted, no blanks, UTF-8, no NUL and no lone surrogates (Postgres refuses
both, so they are refused here, at the edge, on every store alike).
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NewType, TypeAlias

import msgspec

from kapell.kit.errors import Invalid

if TYPE_CHECKING:
    Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
else:
    # msgspec reads annotations at run time and has no recursive types.
    Json = Any

Digest = NewType("Digest", str)

_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder()


def encode(value: object) -> bytes:
    """Return ``value`` as canonical JSON.

    Raises:
        Invalid: ``value_not_json`` when it holds something JSON has no form for, a NUL or a lone
            surrogate.
    """
    try:
        text = _encoder.encode(value)
    except (TypeError, ValueError, RecursionError, OverflowError, msgspec.MsgspecError) as error:
        raise Invalid(
            f"The value cannot be stored as JSON: {error}.",
            code="value_not_json",
            advice="Return text, numbers, booleans, null, lists or objects with text keys.",
        ) from error
    if b"\\u0000" in text and "\x00" in _texts(_decoder.decode(text)):
        raise Invalid(
            "The value holds a NUL character.",
            code="value_not_json",
            advice="Remove the character U+0000 from the text.",
        )
    return text


def _texts(value: object) -> str:
    """Return every text inside ``value`` joined, to search for a character that is really there."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(_texts(item) for item in value)
    if isinstance(value, dict):
        return "".join(key + _texts(item) for key, item in value.items())
    return ""


def decode(text: bytes | str) -> Json:
    """Return the value of a JSON text.

    Raises:
        Invalid: ``json_broken`` when the text is not JSON.
    """
    try:
        value: Json = _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(
            f"The text is not JSON: {error}.",
            code="json_broken",
            advice="Check quotes, commas and brackets there; names stand in double quotes.",
        ) from error
    return value


def digest(data: bytes) -> Digest:
    """Return the SHA-256 of ``data`` as 64 hexadecimal digits."""
    return Digest(hashlib.sha256(data).hexdigest())
