"""Visits pages: asks robots.txt first, at every host that is led on to, and remembers it."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, NamedTuple

from kapell.adapters.tools.options import WebOptions
from kapell.adapters.tools.pages import problems
from kapell.adapters.tools.pages.robots import LARGEST, Rule, may_visit, rules_for
from kapell.adapters.tools.strangers import silent
from kapell.adapters.tools.web.addresses import Gate
from kapell.adapters.tools.web.outgoing import Outgoing, body_of, circular
from kapell.kit.errors import Invalid, KapellError

if TYPE_CHECKING:
    import httpx

_REMEMBERED = 500
_KEPT = 3600.0
_ACCEPT = "text/html, application/xhtml+xml, text/*;q=0.9, application/json;q=0.8, */*;q=0.1"


class Page(NamedTuple):
    """What a visit brought: the address it ended at, the kind it says to be, its bytes."""

    url: str
    status: int
    media: str
    charset: str | None
    data: bytes


class Visitor:
    """A polite visitor."""

    def __init__(self, options: WebOptions) -> None:
        self._options = options
        self._gate = Gate(options.allow, options.private, "tools.web", options.deny, options.listed)
        self._known: OrderedDict[str, tuple[float, Sequence[Rule]]] = OrderedDict()

    async def page(self, url: str) -> Page:
        """Return the page.

        Raises:
            Denied: ``web_off``, ``web_robots``, ``web_refused``, ``http_host_denied``,
                ``http_private_denied``.
            Invalid: ``http_url``, ``http_broken``, ``http_too_large``, ``http_redirects``.
            KapellError: what its status means; ``web_timed_out``, ``tool_unavailable``.
        """
        import httpx  # noqa: PLC0415 - heavy, and most runs never ask anybody

        if not self._options.allow:
            raise problems.off()
        limit = self._options.timeout
        try:
            async with (
                asyncio.timeout(limit),
                httpx.AsyncClient(timeout=limit, trust_env=False) as client,
            ):
                return await self._followed(client, httpx.URL(url))
        except (httpx.InvalidURL, httpx.LocalProtocolError, UnicodeError) as error:
            raise Invalid(
                "The address cannot be asked as it is written.",
                code="http_broken",
                advice="Write it out, such as https://example.com/page.",
            ) from error
        except TimeoutError as error:
            raise problems.slow(limit) from error
        except httpx.TimeoutException as error:
            raise problems.slow(limit) from error
        except httpx.TransportError as error:
            raise silent(type(error).__name__) from error

    async def _followed(self, client: "httpx.AsyncClient", url: "httpx.URL") -> Page:
        outgoing = self._outgoing(_ACCEPT)
        for _ in range(self._options.redirects + 1):
            await self._check_robots(client, url)
            async with aclosing(await outgoing.to(client, url)) as response:
                following = outgoing.redirected(url, response)
                if following is None:
                    return await self._read(url, response)
            url = following
        raise circular(self._options.redirects)

    async def _read(self, url: "httpx.URL", response: "httpx.Response") -> Page:
        wrong = problems.status(response.status_code, response.headers.get("retry-after"))
        if wrong is not None:
            raise wrong
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        data = await body_of(response, self._options.bytes, "tools.web.bytes")
        return Page(str(url), response.status_code, kind, response.charset_encoding, data)

    def _outgoing(self, accept: str) -> Outgoing:
        headers = {"User-Agent": self._options.agent, "Accept": accept}
        return Outgoing(self._gate, "GET", headers)

    async def _check_robots(self, client: "httpx.AsyncClient", url: "httpx.URL") -> None:
        """Ask the site whether the page may be visited.

        Raises:
            Denied: ``web_robots``.
            Unavailable: ``web_robots_unknown``.
        """
        if not self._options.robots or url.scheme not in {"http", "https"}:
            return
        site = f"{url.scheme}://{url.netloc.decode('ascii')}"
        at, rules = self._known.get(site, (0.0, ()))
        if site not in self._known or time.monotonic() - at > _KEPT:
            rules = await self._rules(client, url)
            self._known[site] = time.monotonic(), rules
            self._known.move_to_end(site)
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        if not may_visit(rules, url.raw_path.decode("ascii")):
            raise problems.forbidden(url.host)

    async def _rules(self, client: "httpx.AsyncClient", page: "httpx.URL") -> Sequence[Rule]:
        """Return the rules of a site; none when it has no robots.txt."""
        import httpx  # noqa: PLC0415 - loaded by now, only named here

        url = page.copy_with(raw_path=b"/robots.txt", fragment=None)
        outgoing = self._outgoing("text/plain, */*;q=0.1")
        try:
            async with asyncio.timeout(self._options.timeout / 2):
                for _ in range(self._options.redirects + 1):
                    async with aclosing(await outgoing.to(client, url)) as response:
                        following = outgoing.redirected(url, response)
                        if following is None:
                            return await self._rules_in(url, response)
                    url = following
        except TimeoutError as error:
            raise problems.unasked(page.host, "no answer in time") from error
        except httpx.TransportError as error:
            raise problems.unasked(page.host, type(error).__name__) from error
        return ()

    async def _rules_in(self, url: "httpx.URL", response: "httpx.Response") -> Sequence[Rule]:
        if response.status_code >= 500 or response.status_code == 429:
            raise problems.unasked(url.host, f"status {response.status_code}")
        if response.status_code >= 300:
            return ()
        data = await self._beginning(url, response)
        return rules_for(self._options.agent, data.decode("utf-8-sig", "replace"))

    async def _beginning(self, url: "httpx.URL", response: "httpx.Response") -> bytes:
        try:
            return await body_of(response, LARGEST, "tools.web.bytes")
        except Invalid as error:
            raise problems.unasked(url.host, f"more than {LARGEST:,} bytes") from error
        except KapellError as error:
            raise problems.unasked(url.host, "its body is broken") from error
