"""What every wire can do, and how JSON bodies are read without trusting them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from kapell.core.gateway.calls import ModelAnswer
from kapell.kit.json import Json
from kapell.testing.providers.call import Call
from kapell.testing.providers.http import Request

_PIECE = 11


class Wire(Protocol):
    """One vendor's way of asking and answering over HTTP."""

    def read(self, request: Request, body: Mapping[str, Json]) -> Call:
        """Return the call a request makes."""
        ...

    def key(self, request: Request) -> str | None:
        """Return the API key a request shows, None when this vendor asks for none."""
        ...

    def whole(self, call: Call, answer: ModelAnswer) -> Mapping[str, Json]:
        """Return the body of an answer that comes at once."""
        ...

    def pieces(self, call: Call, answer: ModelAnswer) -> Iterator[bytes]:
        """Yield the events of an answer that is streamed; the last ones say that it is complete."""
        ...

    def error(self, status: int, code: str, message: str) -> Mapping[str, Json]:
        """Return the body of a refusal."""
        ...


def cut(text: str) -> Iterator[str]:
    """Yield a text in pieces, at least one."""
    for start in range(0, max(len(text), 1), _PIECE):
        yield text[start : start + _PIECE]


def event(data: object, name: str = "") -> bytes:
    """Return a server-sent event."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


def table(value: Json) -> Mapping[str, Json]:
    """Return a JSON object, empty when the value is none."""
    return value if isinstance(value, Mapping) else {}


def listed(value: Json) -> Sequence[Json]:
    """Return a JSON list, empty when the value is none."""
    return value if isinstance(value, list) else []


def words(value: Json) -> str:
    """Return the text of a message's content: a string, or parts with texts."""
    if isinstance(value, str):
        return value
    return "\n".join(
        str(table(part).get("text", "")) for part in listed(value) if table(part).get("text")
    )


def arguments(text: str) -> Json:
    """Return a tool's arguments as an object; a text that is none becomes one."""
    try:
        value: Json = json.loads(text)
    except ValueError:
        return {"text": text}
    return value if isinstance(value, Mapping) else {"text": text}


def whole_number(value: Json, default: int) -> int:
    """Return a number of a body, or the default."""
    return value if isinstance(value, int) and not isinstance(value, bool) else default
