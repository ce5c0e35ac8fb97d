"""One model call as data: the request, the answer, what was used."""

from typing import Literal

import msgspec

from kapell.kit.json import Json

DEFAULT_MAX_OUTPUT = 4096
"""Output tokens a call may produce unless its agent says otherwise; reservations count on it."""


class Message(msgspec.Struct, frozen=True):
    """One utterance of a call."""

    role: Literal["system", "user", "assistant"]
    text: str


class ModelRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked. ``model`` is ``provider:name``, ``offline`` or ``scripted:file``.

    ``schema`` is the JSON Schema of a structured answer, None for text. ``timeout`` in seconds.
    ``idempotency_key`` stays the same when the call is made again after a crash.
    ``label`` is the call's path, for logs and scripted answers.
    """

    model: str
    messages: tuple[Message, ...]
    schema: Json = None
    max_output: int = DEFAULT_MAX_OUTPUT
    temperature: float | None = None
    timeout: float = 60.0
    idempotency_key: str = ""
    label: str = ""


class Usage(msgspec.Struct, frozen=True, omit_defaults=True):
    """Tokens of one call; cached input is part of input, reasoning part of output."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0
    reasoning_tokens: int = 0

    @property
    def total(self) -> int:
        """Return input and output tokens together."""
        return self.input_tokens + self.output_tokens


class ModelAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came back.

    With a schema asked for, ``value`` is the parsed JSON, not yet validated; None when the text was
    no JSON.
    """

    text: str
    value: Json = None
    model: str = ""
    usage: Usage = Usage()
    finish: Literal["stop", "length", "filter"] = "stop"
    offline: bool = False
