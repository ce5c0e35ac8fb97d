"""The tool ``web.fetch``."""

from kapell.adapters.tools.files.tools import arguments
from kapell.adapters.tools.options import WebOptions
from kapell.adapters.tools.pages import problems
from kapell.adapters.tools.pages.charset import page_text
from kapell.adapters.tools.pages.readable import Reading, read_page
from kapell.adapters.tools.pages.specs import WEB_FETCH
from kapell.adapters.tools.pages.visitor import Page, Visitor
from kapell.adapters.tools.threads import Stop, in_thread
from kapell.kit.json import Json
from kapell.services.tools.ports import FetchBlob, ToolCall, ToolResult

_HTML = frozenset({"text/html", "application/xhtml+xml"})
_TEXTS = ("json", "xml", "yaml", "javascript", "x-ndjson")
_BEGINNINGS = (b"<!doctype html", b"<html")
_HEAD = 1024


class WebFetch:
    """``web.fetch``: a page as text, with what it takes to cite it."""

    spec = WEB_FETCH

    def __init__(self, options: WebOptions) -> None:
        self._visitor = Visitor(options)

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Visit the page and return its title, text and links, as long as asked for."""
        args = arguments(call)
        page = await self._visitor.page(str(args["url"]))
        offset, length = _whole(args.get("offset"), 0), _whole(args.get("length"), 20_000)
        most = _whole(args.get("links"), 50)
        reading, charset = await in_thread(lambda stop: _read(page, most, stop))
        shown = reading.text[offset : offset + length]
        end = offset + len(shown)
        links: list[Json] = [{"url": link.url, "text": link.text} for link in reading.links]
        return ToolResult(
            output={
                "url": page.url,
                "title": reading.title,
                "text": shown,
                "length": len(reading.text),
                "next": end if end < len(reading.text) else None,
                "links": links,
                "media": page.media,
                "charset": charset,
                "citation": {"title": reading.title or page.url, "url": page.url},
            }
        )


def _read(page: Page, most_links: int, stop: Stop) -> tuple[Reading, str]:
    head = page.data[:_HEAD].lstrip().lower()
    html = page.media in _HTML or (
        not page.media and head.startswith((b"<!doctype html", b"<html"))
    )
    texts = page.media.startswith("text/") or page.media.endswith(_TEXTS)
    if not html and not texts and page.media:
        raise problems.media(page.media)
    text, charset = page_text(page.data, page.charset, html=html)
    if "\x00" in text:
        raise problems.media(page.media)
    if html:
        return read_page(text, page.url, most_links, stop), charset
    return Reading("", text, ()), charset


def _whole(value: Json, default: int) -> int:
    return value if isinstance(value, int) else default
