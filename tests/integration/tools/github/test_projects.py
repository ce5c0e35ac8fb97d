"""How a GitHub project stands, asked over GraphQL from a loopback GitHub."""

from pathlib import Path

import pytest

from kapell.adapters.tools.github import projects
from kapell.adapters.tools.options import GithubOptions, ToolOptions
from kapell.testing.github.boards import Board, Item
from kapell.testing.github.server import TOKEN, LoopbackGithub
from tests.integration.tools.world import World

ITEMS = (
    Item(title="Sell", status="Done", number=4, repository="acme/shop", assignees=("ann", "bob")),
    Item(title="Ship", status="Todo", number=5, repository="acme/shop", pull_request=True),
    Item(title="Think", status=None),
)
BOARD = Board(owner="acme", number=7, title="Launch", items=ITEMS)


def asking(tmp_path: Path, hub: LoopbackGithub, *allowed: str) -> World:
    github = GithubOptions(url=hub.url, repositories=allowed or ("acme/*",), timeout=2.0)
    secrets = {"github_token": TOKEN}
    return World(tmp_path, tmp_path / "run", ToolOptions(github=github), secrets=secrets)


@pytest.mark.requirement("TL-08", "WF-12")
@pytest.mark.parametrize("organization", [True, False])
async def test_a_project_tells_how_it_stands(tmp_path: Path, organization: bool) -> None:
    board = Board(owner="acme", number=7, title="Launch", items=ITEMS, organization=organization)
    async with LoopbackGithub(boards=[board]) as hub:
        world = asking(tmp_path, hub)
        status = await world.call("github.project_status", owner="acme", project=7)
    place = "orgs" if organization else "users"
    assert status == {
        "title": "Launch",
        "url": f"https://github.com/{place}/acme/projects/7",
        "closed": False,
        "total": 3,
        "statuses": {"Done": 1, "Todo": 1, "none": 1},
        "items": [
            {
                "title": "Sell",
                "status": "Done",
                "kind": "issue",
                "number": 4,
                "url": "https://github.com/acme/shop/issues/4",
                "repository": "acme/shop",
                "assignees": ["ann", "bob"],
            },
            {
                "title": "Ship",
                "status": "Todo",
                "kind": "pull_request",
                "number": 5,
                "url": "https://github.com/acme/shop/pull/5",
                "repository": "acme/shop",
                "assignees": [],
            },
            {
                "title": "Think",
                "status": None,
                "kind": "draft_issue",
                "number": None,
                "url": None,
                "repository": None,
                "assignees": [],
            },
        ],
        "more": False,
    }


async def test_a_large_project_is_read_page_by_page(tmp_path: Path) -> None:
    items = tuple(Item(title=f"t{number}", status="Todo") for number in range(250))
    board = Board(owner="acme", number=1, title="Large", items=items)
    async with LoopbackGithub(boards=[board]) as hub:
        world = asking(tmp_path, hub)
        part = await world.call("github.project_status", owner="acme", project=1, limit=220)
        assert (part["total"], part["statuses"], part["more"]) == (250, {"Todo": 220}, True)
        assert len(hub.asked) == 3
        whole = await world.call("github.project_status", owner="acme", project=1, limit=1000)
        assert (whole["statuses"], whole["more"]) == ({"Todo": 250}, False)


async def test_projects_that_are_not_there_or_not_allowed(tmp_path: Path) -> None:
    async with LoopbackGithub(boards=[BOARD]) as hub:
        world = asking(tmp_path, hub)
        for args, code in (
            ({"owner": "acme", "project": 8}, "github_missing"),
            ({"owner": "other", "project": 7}, "github_repository_denied"),
            ({"owner": "acme", "project": 0}, "tool_arguments"),
            ({"owner": "a/b", "project": 7}, "tool_arguments"),
        ):
            error = await world.refused("github.project_status", **args)  # type: ignore[arg-type]  # texts and numbers
            assert error.code == code, args
        everywhere = asking(tmp_path, hub, "*")
        nobody = await everywhere.refused("github.project_status", owner="nobody", project=7)
        assert nobody.code == "github_missing"


async def test_the_loopback_finds_a_wrong_query(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projects, "_QUERY", projects._QUERY.replace("totalCount", "total"))
    async with LoopbackGithub(boards=[BOARD]) as hub:
        world = asking(tmp_path, hub)
        error = await world.refused("github.project_status", owner="acme", project=7)
    assert (error.code, "Field 'total' doesn't exist" in error.message) == ("github_invalid", True)
