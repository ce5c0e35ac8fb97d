"""Answers of a server over HTTP, bounded while they come."""

from collections.abc import AsyncIterator

import httpx2

from kapell.adapters.tools.mcp.bounds import LONGEST, Heard

_EVENTS = "text/event-stream"
_ENDS = (b"\n\n", b"\r\n\r\n", b"\r\r")


def client_of(headers: dict[str, str], heard: Heard) -> httpx2.AsyncClient:
    """Return a client whose answers have no message that is longer than we take."""

    async def bound(response: httpx2.Response) -> None:
        if isinstance(response.stream, httpx2.AsyncByteStream):
            response.stream = _Bounded(response.stream, response.headers, heard)

    return httpx2.AsyncClient(
        # What is packed could be any size when it is unpacked.
        headers={**headers, "Accept-Encoding": "identity"},
        timeout=httpx2.Timeout(30.0, read=3600.0),
        event_hooks={"response": [bound]},
    )


class _Bounded(httpx2.AsyncByteStream):
    """A body of which each message, or a body that is no stream of events as a whole, has a limit.

    Raises ``SSEError`` or ``StreamError`` when it is passed: the first is how the SDK learns that a
    stream of events ended, the second that an answer cannot be read.
    """

    def __init__(
        self, stream: httpx2.AsyncByteStream, headers: httpx2.Headers, heard: Heard
    ) -> None:
        self._stream = stream
        self._events = headers.get("content-type", "").lower().startswith(_EVENTS)
        self._packed = headers.get("content-encoding", "identity").lower() != "identity"
        self._heard = heard

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        if self._packed:
            raise self._refusal("it is packed, which was not asked for")
        async for piece in self._stream:
            size = len(piece) - _end_of_event(piece) if self._ends(piece) else size + len(piece)
            if size > LONGEST:
                self._heard.flooded = True
                raise self._refusal("it is too long")
            yield piece

    async def aclose(self) -> None:
        """Close what is bounded."""
        await self._stream.aclose()

    def _ends(self, piece: bytes) -> bool:
        """Tell whether a message ends in a piece."""
        return self._events and any(end in piece for end in _ENDS)

    def _refusal(self, why: str) -> Exception:
        return httpx2.SSEError(why) if self._events else httpx2.StreamError(why)


def _end_of_event(piece: bytes) -> int:
    """Return where the last event ends that ends in a piece."""
    return max(piece.rfind(end) + len(end) for end in _ENDS if end in piece)
