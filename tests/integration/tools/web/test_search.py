"""`web.search` in the words of three providers, over real connections."""

import gzip
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from kapell.adapters.tools.options import SearchOptions, ToolOptions
from kapell.kit.json import Json
from kapell.testing.providers.http import Reply, Request
from kapell.testing.web.site import KEY, LoopbackSite, SitePage
from tests.integration.tools.world import World

PAGES = {
    f"/{name}": SitePage(f"<title>About {name}</title><p>{text}".encode())
    for name, text in {
        "bees": "Bees dance to tell where flowers are.",
        "ants": "Ants follow trails to flowers.",
        "rust": "Iron and water.",
    }.items()
}
BASE = {"searxng": "", "brave": "/res/v1", "tavily": "/tavily"}


@pytest.fixture
async def site() -> AsyncIterator[LoopbackSite]:
    async with LoopbackSite(PAGES) as running:
        yield running


def searching(tmp_path: Path, site: LoopbackSite, provider: str, key: str = KEY) -> World:
    search = SearchOptions(provider=provider, url=site.url(BASE[provider]), timeout=2.0)  # type: ignore[arg-type]  # one of three
    secrets = {"search_key": key} if key else {}
    return World(tmp_path, tmp_path / "run", ToolOptions(search=search), secrets=secrets)


@pytest.mark.requirement("TL-03", "WF-12")
@pytest.mark.parametrize("provider", ["searxng", "brave", "tavily"])
async def test_every_provider_finds_the_same(
    tmp_path: Path, site: LoopbackSite, provider: str
) -> None:
    world = searching(tmp_path, site, provider)
    answer = await world.call("web.search", query="bees flowers", count=2)
    assert (answer["query"], answer["provider"]) == ("bees flowers", provider)
    results = answer["results"]
    assert isinstance(results, list)
    assert [isinstance(one, dict) and one["url"] for one in results] == [
        site.url("/bees"),
        site.url("/ants"),
    ]
    assert results[0] == {
        "rank": 1,
        "url": site.url("/bees"),
        "title": "About bees",
        "text": "About bees Bees dance to tell where flowers are.",
        "published": None,
    }
    assert (await world.call("web.search", query="nothing-like-it"))["results"] == []
    assert world.door.specs[-1].trust == "untrusted"


async def test_the_request_is_the_provider_s_own(tmp_path: Path, site: LoopbackSite) -> None:
    args: Mapping[str, Json] = {"query": "bees & ants", "language": "en-US", "recent": "month"}
    await searching(tmp_path, site, "searxng").call("web.search", page=2, **args)
    await searching(tmp_path, site, "brave").call("web.search", page=2, count=5, **args)
    await searching(tmp_path, site, "tavily").call("web.search", **args)
    searxng, brave, tavily = site.asked
    assert searxng.query == ("q=bees+%26+ants&format=json&pageno=2&language=en-US&time_range=month")
    assert brave.query == "q=bees+%26+ants&count=5&offset=1&search_lang=en&freshness=pm"
    assert json.loads(tavily.body) == {
        "query": "bees & ants",
        "max_results": 8,
        "time_range": "month",
    }


async def test_searches_are_off_until_a_provider_is_named(world: World) -> None:
    assert (await world.refused("web.search", query="x")).code == "search_off"


@pytest.mark.parametrize("provider", ["brave", "tavily"])
async def test_a_key_that_is_missing_or_wrong(
    tmp_path: Path, site: LoopbackSite, provider: str
) -> None:
    missing = await searching(tmp_path, site, provider, "").refused("web.search", query="x")
    assert (missing.code, "search_key" in str(missing)) == ("secret_missing", True)
    assert site.asked == []
    wrong = searching(tmp_path, site, provider, "wrong-key-9")
    error = await wrong.refused("web.search", query="x")
    assert (error.code, "wrong-key-9" in str(error)) == ("search_refused", False)


async def test_a_search_engine_needs_an_address(tmp_path: Path) -> None:
    options = ToolOptions(search=SearchOptions(provider="searxng"))
    world = World(tmp_path, tmp_path / "run", options)
    assert (await world.refused("web.search", query="x")).code == "search_url_missing"


async def test_every_way_a_provider_fails(tmp_path: Path, site: LoopbackSite) -> None:
    world = searching(tmp_path, site, "searxng")
    for status, body, code in (
        (200, b"<html>", "search_answer"),
        (200, b'{"results": 7}', "search_answer"),
        (403, b"Forbidden", "search_refused"),
        (429, b"", "search_limited"),
        (502, b"", "search_failed"),
        (400, b"", "search_not_understood"),
        (302, b"", "search_not_understood"),
    ):
        site.pages["/search"] = SitePage(body, status=status, headers={"location": "/bees"})
        assert (await world.refused("web.search", query="x")).code == code, (status, body)

    async def cut(request: Request, reply: Reply) -> None:
        await reply.send(200, b"{", promise=100)
        reply.cut()

    site.handlers["/search"] = cut
    assert (await world.refused("web.search", query="x")).code == "tool_unavailable"
    await site.close()
    assert (await world.refused("web.search", query="x")).code == "tool_unavailable"


@pytest.mark.requirement("TL-06")
async def test_answers_that_are_too_large_or_lead_elsewhere(
    tmp_path: Path, site: LoopbackSite
) -> None:
    async def endless(request: Request, reply: Reply) -> None:
        await reply.start("application/json")
        while True:
            await reply.piece(b'{"results": [' + b" " * 500_000)

    site.handlers["/search"] = endless
    world = searching(tmp_path, site, "searxng")
    assert (await world.refused("web.search", query="x")).code == "http_too_large"
    bomb = gzip.compress(bytes(50_000_000))
    site.handlers.clear()
    site.pages["/search"] = SitePage(bomb, headers={"content-encoding": "gzip"})
    assert (await world.refused("web.search", query="x")).code == "http_too_large"
    before = len(site.asked)
    site.pages["/search"] = SitePage(b"", status=307, headers={"location": site.url("/bees")})
    assert (await world.refused("web.search", query="x")).code == "search_not_understood"
    assert len(site.asked) == before + 1


async def test_results_that_are_no_addresses_are_left_out(
    tmp_path: Path, site: LoopbackSite
) -> None:
    body = b'{"results": [{"url": "javascript:x"}, {"url": "http://[x"}, 7, {"title": "t"},'
    body += b' {"url": "http://a.example/", "title": 5, "content": "<b>a</b> &amp; b"}]}'
    site.pages["/search"] = SitePage(body)
    answer = await searching(tmp_path, site, "searxng").call("web.search", query="x")
    assert answer["results"] == [
        {"rank": 1, "url": "http://a.example/", "title": "", "text": "a & b", "published": None}
    ]


async def test_a_provider_with_one_page_says_so(tmp_path: Path, site: LoopbackSite) -> None:
    world = searching(tmp_path, site, "tavily")
    assert (await world.refused("web.search", query="x", page=2)).code == "search_page"
