"""The tool ``web.search``."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from msgspec import structs

from kapell.adapters.tools.files.tools import arguments
from kapell.adapters.tools.options import SearchOptions
from kapell.adapters.tools.pages.markup import pieces
from kapell.adapters.tools.search.providers import (
    BASES,
    KEYED,
    Found,
    Name,
    Wanted,
    asking,
    results,
)
from kapell.adapters.tools.search.specs import WEB_SEARCH
from kapell.adapters.tools.web.api import Api, Reply, Silence
from kapell.adapters.tools.web.pauses import pause_of
from kapell.kit.errors import Denied, Invalid, KapellError, Limited, Unavailable
from kapell.kit.json import Json
from kapell.services.tools.ports import FetchBlob, ToolCall, ToolResult

SECRET = "search_key"  # noqa: S105 - a name, not a secret
"""Name of the secret that providers with a key want."""

_LONGEST = 1_000
_LONGEST_URL = 2_000


class WebSearch:
    """``web.search``: asks the provider of the settings."""

    def __init__(self, options: SearchOptions) -> None:
        self._options = options
        keyed = options.provider in KEYED
        self.spec = structs.replace(WEB_SEARCH, secrets=(SECRET,)) if keyed else WEB_SEARCH

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Return the results in the provider's order.

        Raises:
            Denied: ``search_off``, ``search_refused``.
            Invalid: ``search_url_missing``, ``search_page``, ``search_not_understood``.
            KapellError: ``search_limited``, ``search_failed``, ``search_answer``,
                ``tool_unavailable``.
        """
        args = arguments(call)
        if not self._options.provider:
            raise Denied(
                "Web searches are off.",
                code="search_off",
                advice="Whoever runs Kapell may name a provider in the setting "
                "tools.search.provider.",
            )
        provider: Name = self._options.provider
        count, page = args.get("count"), args.get("page")
        wanted = Wanted(
            query=str(args["query"]),
            most=count if isinstance(count, int) else 8,
            page=page if isinstance(page, int) else 1,
            language=str(args.get("language") or ""),
            recent=str(args.get("recent") or ""),
        )
        request = asking(provider, wanted)
        if provider == "tavily" and wanted.page > 1:
            raise Invalid(
                "The search provider 'tavily' has one page of results.",
                code="search_page",
                advice="Leave `page` out, and ask for more results with `count`.",
            )
        try:
            reply = await self._api(provider, call).ask(
                request.method, request.path, query=request.query, json=request.json
            )
        except Silence as silence:
            raise silence.error from silence.__cause__
        found = _results(provider, reply)[: wanted.most]
        return ToolResult(
            output={"query": wanted.query, "provider": provider, "results": _ranked(found)}
        )

    def _api(self, provider: Name, call: ToolCall) -> Api:
        headers: dict[str, str] = {}
        if provider in KEYED:
            name, before = KEYED[provider]
            headers[name] = before + call.secrets[SECRET]
        url = self._options.url or BASES[provider]
        if not url:
            raise Invalid(
                f"The search provider {provider!r} needs an address.",
                code="search_url_missing",
                advice="Set tools.search.url, such as http://localhost:8080.",
            )
        options = self._options
        return Api(
            "The search provider",
            url,
            headers,
            timeout=options.timeout,
            limit=options.bytes,
            setting="tools.search.bytes",
        )


def _results(provider: Name, reply: Reply) -> Sequence[Found]:
    """Return what was found.

    Raises:
        KapellError: the answer is a refusal, or none that can be read.
    """
    refusal = _refusal(provider, reply)
    if refusal is not None:
        raise refusal
    found = results(provider, reply.json)
    if found is None:
        raise Unavailable(
            "The search provider's answer cannot be read.",
            code="search_answer",
            advice="Check tools.search.url; a SearXNG must allow the format json in its settings.",
        )
    return [one for one in found if _is_address(one.url)]


def _refusal(provider: Name, reply: Reply) -> KapellError | None:
    if reply.status in {401, 403} or _is_bad_key(reply):
        advice = f"Check the secret {SECRET!r} and what it may do at the provider."
        if provider == "searxng":
            advice = "A SearXNG must allow the format json in its settings."
        return Denied(
            f"The search provider refuses (status {reply.status}).",
            code="search_refused",
            advice=advice,
        )
    if reply.status in {402, 429, 432, 433}:
        return Limited(
            f"The search provider's limit is reached (status {reply.status}).",
            code="search_limited",
            advice="Wait before the next search, or raise the limit at the provider.",
            retry_after=pause_of(reply.headers.get("retry-after")),
        )
    if reply.status >= 500:
        return Unavailable(
            f"The search provider is out of order (status {reply.status}).",
            code="search_failed",
            advice="Try again later; the step's `retry:` does.",
        )
    if reply.status >= 300:
        return Invalid(
            f"The search provider did not understand the request (status {reply.status}).",
            code="search_not_understood",
            advice="Check tools.search.url, and shorten the query.",
        )
    return None


def _is_bad_key(reply: Reply) -> bool:
    """Tell whether Brave refuses the key, which it says with the status for a wrong request."""
    error = reply.json.get("error") if isinstance(reply.json, Mapping) else None
    code = error.get("code") if isinstance(error, Mapping) else None
    return reply.status == 422 and str(code).startswith("SUBSCRIPTION_TOKEN")


def _ranked(found: Sequence[Found]) -> list[Json]:
    return [
        {
            "rank": rank,
            "url": str(one.url),
            "title": _plain(one.title),
            "text": _plain(one.text),
            "published": one.published if isinstance(one.published, str) else None,
        }
        for rank, one in enumerate(found, 1)
    ]


def _is_address(url: Json) -> bool:
    if not isinstance(url, str) or len(url) > _LONGEST_URL:
        return False
    try:
        return urlsplit(url).scheme in {"http", "https"}
    except ValueError:
        return False


def _plain(text: Json) -> str:
    """Return an excerpt without the markup some providers put into it."""
    said = text if isinstance(text, str) else ""
    words = "".join(piece for piece in pieces(said[: 4 * _LONGEST]) if isinstance(piece, str))
    return " ".join(words.split())[:_LONGEST]
