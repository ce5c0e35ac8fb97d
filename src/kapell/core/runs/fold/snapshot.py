"""A folded state as bytes: a cache that may be thrown away at any time."""

import msgspec

from kapell.core.runs.state import State

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(State)


def dump_state(state: State) -> bytes:
    """Return the state as bytes."""
    return _encoder.encode(state)


def load_state(body: bytes) -> State:
    """Return the state of a snapshot made by the same fold version."""
    return _decoder.decode(body)
