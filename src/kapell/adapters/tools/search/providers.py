"""How each provider of searches is asked and how its answer is read."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from kapell.kit.json import Json

Name = Literal["searxng", "brave", "tavily"]


class Wanted(NamedTuple):
    """What is looked for."""

    query: str
    most: int
    page: int
    language: str
    recent: str


class Asking(NamedTuple):
    """A request: its method, its path below the base address, and what goes with it."""

    method: str
    path: str
    query: Mapping[str, str]
    json: Json


class Found(NamedTuple):
    """One result as its provider tells it."""

    url: Json
    title: Json
    text: Json
    published: Json


BASES: Mapping[Name, str] = {
    "searxng": "",
    "brave": "https://api.search.brave.com/res/v1",
    "tavily": "https://api.tavily.com",
}
"""Where each provider is when the settings do not say; a SearXNG is one's own."""

KEYED: Mapping[Name, tuple[str, str]] = {
    "brave": ("X-Subscription-Token", ""),
    "tavily": ("Authorization", "Bearer "),
}
"""The header that carries the key of each provider that wants one, and what stands before it."""

_BRAVE_RECENT = {"day": "pd", "week": "pw", "month": "pm", "year": "py"}


def asking(provider: Name, wanted: Wanted) -> Asking:
    """Return the request that looks for it."""
    if provider == "searxng":
        more = {"language": wanted.language, "time_range": wanted.recent}
        query = {"q": wanted.query, "format": "json", "pageno": str(wanted.page), **more}
        return Asking("GET", "/search", _given(query), None)
    if provider == "brave":
        query = {
            "q": wanted.query,
            "count": str(wanted.most),
            "offset": str(wanted.page - 1),
            "search_lang": wanted.language[:2],
            "freshness": _BRAVE_RECENT.get(wanted.recent, ""),
        }
        return Asking("GET", "/web/search", _given(query), None)
    json: dict[str, Json] = {"query": wanted.query, "max_results": wanted.most}
    if wanted.recent:
        json["time_range"] = wanted.recent
    return Asking("POST", "/search", {}, json)


def results(provider: Name, answer: Json) -> list[Found] | None:
    """Return what a provider found, None when the answer is none of its."""
    place = _inner(answer, "web") if provider == "brave" else answer
    if provider == "brave" and place is None and isinstance(answer, Mapping):
        return []  # what it leaves out it has not found
    listed = _inner(place, "results")
    if not isinstance(listed, list):
        return None
    text = "description" if provider == "brave" else "content"
    dates = {"searxng": "publishedDate", "brave": "page_age", "tavily": "published_date"}
    date = dates[provider]
    return [
        Found(one.get("url"), one.get("title"), one.get(text), one.get(date))
        for one in listed
        if isinstance(one, Mapping)
    ]


def _inner(value: Json, key: str) -> Json:
    return value.get(key) if isinstance(value, Mapping) else None


def _given(query: Mapping[str, str]) -> Mapping[str, str]:
    return {name: value for name, value in query.items() if value}
