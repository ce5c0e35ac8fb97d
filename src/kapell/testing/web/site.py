"""The loopback site: pages by path, handlers for what no honest site does, and its own searches."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs

import msgspec

from kapell.testing.providers.http import Handler, Reply, Request
from kapell.testing.providers.listening import Listening

KEY = "loopback-key"
"""The key that the searches which want one accept."""

_WORD = re.compile(r"\w+")
_TAG = re.compile(r"<[^>]*>")
_TITLE = re.compile(r"(?is)<title[^>]*>(.*?)</title>")
_BRAVE = "/res/v1/web/search"
_TAVILY = "/tavily/search"


class SitePage(msgspec.Struct, frozen=True):
    """A page as it is sent."""

    body: bytes
    media: str = "text/html; charset=utf-8"
    status: int = 200
    headers: Mapping[str, str] = {}

    @property
    def title(self) -> str:
        """Return what the page calls itself."""
        found = _TITLE.search(self.body.decode("utf-8", "replace"))
        return found[1].strip() if found else ""

    @property
    def text(self) -> str:
        """Return its text in one line."""
        return " ".join(_TAG.sub(" ", self.body.decode("utf-8", "replace")).split())


class LoopbackSite(Listening):
    """Serves pages on a loopback port; use it as ``async with LoopbackSite() as site:``.

    Args:
        pages: Pages by path.
        robots: What its robots.txt says; None: it has none.

    Attributes:
        handlers: What answers a path in place of a page.
        asked: Every request, in the order in which they came.
    """

    def __init__(
        self, pages: Mapping[str, SitePage] | None = None, robots: str | None = None
    ) -> None:
        super().__init__()
        self.pages: dict[str, SitePage] = dict(pages or {})
        self.robots = robots
        self.handlers: dict[str, Handler] = {}
        self.asked: list[Request] = []

    def url(self, path: str = "", host: str = "127.0.0.1") -> str:
        """Return the address of a page."""
        return f"http://{host}:{self.port}{path}"

    def paths(self) -> list[str]:
        """Return the paths that were asked for."""
        return [request.path for request in self.asked]

    async def _serve(self, request: Request, reply: Reply) -> None:
        self.asked.append(request)
        handler = self.handlers.get(request.path)
        if handler is not None:
            await handler(request, reply)
        elif request.path == "/robots.txt" and self.robots is not None:
            await reply.send(200, self.robots.encode(), "text/plain")
        elif request.path in {"/search", _BRAVE, _TAVILY} and request.path not in self.pages:
            await self._search(request, reply)
        elif (page := self.pages.get(request.path)) is not None:
            await reply.send(page.status, page.body, page.media, page.headers)
        else:
            await reply.send(404, b"<title>Not found</title>", "text/html")

    async def _search(self, request: Request, reply: Reply) -> None:
        """Answer as a SearXNG, as Brave or as Tavily does."""
        query = {name: values[0] for name, values in parse_qs(request.query).items()}
        if request.path == "/search":
            if query.get("format") != "json":
                await reply.send(403, b"Forbidden", "text/plain")
                return
            page = int(query.get("pageno", "1"))
            found = self._found(query.get("q", ""))[20 * (page - 1) : 20 * page]
            results = [{"url": u, "title": t, "content": c, "engine": "own"} for u, t, c in found]
            await _send(reply, {"query": query.get("q", ""), "results": results})
        elif request.path == _BRAVE:
            if request.headers.get("x-subscription-token") != KEY:
                await reply.send(422, b'{"error": {"code": "SUBSCRIPTION_TOKEN_INVALID"}}')
                return
            count, offset = int(query.get("count", "20")), int(query.get("offset", "0"))
            found = self._found(query.get("q", ""))[count * offset : count * (offset + 1)]
            results = [
                {"url": u, "title": t, "description": f"<strong>{c}</strong>"} for u, t, c in found
            ]
            await _send(reply, {"type": "search", "web": {"results": results}} if results else {})
        else:
            if request.headers.get("authorization") != f"Bearer {KEY}":
                await reply.send(401, b'{"detail": {"error": "Unauthorized"}}')
                return
            asked = json.loads(request.body)
            found = self._found(asked["query"])[: asked["max_results"]]
            scored = [{"url": u, "title": t, "content": c, "score": 0.5} for u, t, c in found]
            await _send(reply, {"query": asked["query"], "results": scored})

    def _found(self, query: str) -> list[tuple[str, str, str]]:
        """Return address, title and excerpt of the pages that hold most of the query's words."""
        words = {word.lower() for word in _WORD.findall(query)}
        ranked = []
        for path, page in self.pages.items():
            text = page.text
            hits = len(words & {word.lower() for word in _WORD.findall(text)})
            if hits and page.status == 200:
                ranked.append((-hits, path, page.title, text[:300]))
        return [(self.url(path), title, text) for _, path, title, text in sorted(ranked)]


def pages_of(folder: Path) -> dict[str, SitePage]:
    """Return the pages of a folder: ``index.html`` is ``/``, other files keep their path."""
    kinds = {".html": "text/html; charset=utf-8", ".txt": "text/plain; charset=utf-8"}
    found = {}
    for file in sorted(folder.rglob("*")):
        if file.is_file() and file.suffix in kinds:
            path = "/" + file.relative_to(folder).as_posix()
            found[path.removesuffix("index.html")] = SitePage(file.read_bytes(), kinds[file.suffix])
    return found


async def _send(reply: Reply, answer: object) -> None:
    await reply.send(200, json.dumps(answer).encode())
