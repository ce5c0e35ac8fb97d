"""A request on its way: to checked addresses only, its redirects checked anew, its answer bounded.

Every tool that asks a server asks through this module.
"""

import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kapell.adapters.tools.strangers import silent
from kapell.adapters.tools.web.addresses import Gate
from kapell.kit.errors import Invalid

if TYPE_CHECKING:
    import httpx

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HARMLESS = frozenset(
    {
        "accept",
        "accept-encoding",
        "accept-language",
        "content-type",
        "idempotency-key",
        "user-agent",
    }
)
_PACKINGS = frozenset({"gzip", "x-gzip", "deflate"})
PACKINGS = "gzip, deflate"
"""What answers may be packed with: both unpack within a bound."""


class Outgoing:
    """One request and what became of it.

    Attributes:
        sent: Whether a server may have seen it.
    """

    def __init__(
        self, gate: Gate, method: str, headers: dict[str, str], body: bytes | None = None
    ) -> None:
        self._gate = gate
        self._method = method
        self._headers = headers
        self._body = body
        if "accept-encoding" not in {name.lower() for name in headers}:
            headers["Accept-Encoding"] = PACKINGS
        self.sent = False

    async def to(self, client: "httpx.AsyncClient", url: "httpx.URL") -> "httpx.Response":
        """Return the answer of the first address that takes the connection; close it.

        Raises:
            KapellError: the gate's refusals; Unavailable ``tool_unavailable`` for unknown names.
            httpx.HTTPError: nobody answered.
        """
        import httpx  # noqa: PLC0415 - heavy, and most runs never ask anybody

        host = url.raw_host.decode("ascii")
        target = self._gate.check(url.scheme, host, url.port, bool(url.userinfo))
        addresses: Sequence[str] = await self._gate.addresses(target)
        headers = {**self._headers, "Host": url.netloc.decode("ascii")}
        sent_before, refused = self.sent, None
        for address in addresses:
            request = client.build_request(
                self._method,
                url.copy_with(host=address),
                headers=headers,
                content=self._body,
                extensions={"sni_hostname": target.host},
            )
            self.sent = True
            try:
                return await client.send(request, stream=True)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                self.sent, refused = sent_before, error
        raise refused or httpx.ConnectError("the name has no address")

    def redirected(self, url: "httpx.URL", response: "httpx.Response") -> "httpx.URL | None":
        """Return where the answer sends us, having changed the request as browsers do."""
        place = response.headers.get("location")
        if response.status_code not in _REDIRECTS or not place:
            return None
        following = url.join(place)
        changed = self._method == "POST" and response.status_code in {301, 302}
        if changed or (response.status_code == 303 and self._method != "HEAD"):
            self._method, self._body = "GET", None
            self._headers = {
                name: value
                for name, value in self._headers.items()
                if name.lower() != "content-type"
            }
        if (following.scheme, following.host, following.port) != (url.scheme, url.host, url.port):
            self._headers = {
                name: value for name, value in self._headers.items() if name.lower() in _HARMLESS
            }
        return following


def circular(most: int) -> Invalid:
    """Return the error for a request that is sent on too often."""
    return Invalid(
        f"The request was redirected more than {most} times.",
        code="http_redirects",
        advice="Ask the address it leads to in the end.",
    )


async def body_of(response: "httpx.Response", limit: int, setting: str) -> bytes:
    """Return the body, unpacked while it comes; neither form may have more bytes than ``limit``.

    Raises:
        Invalid: ``http_too_large``.
        Unavailable: ``tool_unavailable`` when it is packed wrongly or in a way nobody asked for.
    """
    packing = response.headers.get("content-encoding", "").strip().lower()
    if packing in {"", "identity"}:
        unpack: _Plain | _Packed = _Plain()
    elif packing in _PACKINGS:
        unpack = _Packed()
    else:
        raise silent("its body is packed in a way that was not asked for")
    data, raw = bytearray(), 0
    async for piece in response.aiter_raw():
        raw += len(piece)
        data += unpack.piece(piece, limit + 1 - len(data))
        if max(raw, len(data)) > limit:
            raise Invalid(
                f"The answer has more than {limit:,} bytes.",
                code="http_too_large",
                advice=f"Ask for less, or raise the setting {setting}.",
            )
    unpack.end()
    return bytes(data)


class _Plain:
    """A body as it comes."""

    def piece(self, data: bytes, room: int) -> bytes:
        """Return the piece."""
        return data[:room]

    def end(self) -> None:
        """Accept any end: the connection says whether something is missing."""


class _Packed:
    """A body of gzip or deflate, unpacked no further than there is room."""

    def __init__(self) -> None:
        self._zip = zlib.decompressobj(zlib.MAX_WBITS | 32)
        self._begun = False

    def piece(self, data: bytes, room: int) -> bytes:
        """Return what the piece holds, at most ``room`` bytes."""
        found = bytearray()
        while data and len(found) < room:
            if self._zip.eof:
                self._zip = zlib.decompressobj(zlib.MAX_WBITS | 32)
            found += self._inflated(data, room - len(found))
            data = self._zip.unused_data if self._zip.eof else b""
        return bytes(found)

    def end(self) -> None:
        """Refuse a body that breaks off."""
        if self._begun and not self._zip.eof:
            raise silent("its body is packed wrongly")

    def _inflated(self, data: bytes, room: int) -> bytes:
        begun, self._begun = self._begun, True
        try:
            return self._zip.decompress(data, room)
        except zlib.error as error:
            if begun:
                raise silent("its body is packed wrongly") from error
        # "deflate" is sent with its frame, as the standard says, or without it
        self._zip = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            return self._zip.decompress(data, room)
        except zlib.error as error:
            raise silent("its body is packed wrongly") from error
