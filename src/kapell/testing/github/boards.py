"""Projects of the loopback GitHub, as its GraphQL tells of them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from kapell.testing.github.language import QueryError


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """An item of a project; without a number it is a draft."""

    title: str
    status: str | None = None
    number: int | None = None
    repository: str = ""
    assignees: tuple[str, ...] = ()
    pull_request: bool = False


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """A project."""

    owner: str
    number: int
    title: str
    items: tuple[Item, ...] = ()
    organization: bool = True
    closed: bool = False


def root_of(boards: Sequence[Board], url: str) -> Mapping[str, Any]:
    """Return the tree that queries are answered from."""

    def owner_of(login: str) -> Mapping[str, Any]:
        own = [board for board in boards if board.owner.lower() == login.lower()]
        if not own:
            raise QueryError(
                f"Could not resolve to a RepositoryOwner with the login of '{login}'.", "NOT_FOUND"
            )
        kind = "Organization" if own[0].organization else "User"
        return {"__typename": kind, "login": login, "projectV2": _project_of(own, url)}

    return {"__typename": "Query", "repositoryOwner": owner_of}


def _project_of(boards: Sequence[Board], url: str) -> Callable[[int], Mapping[str, Any]]:
    def project(number: int) -> Mapping[str, Any]:
        for board in boards:
            if board.number == number:
                return _project(board, url)
        raise QueryError(f"Could not resolve to a ProjectV2 with the number {number}.", "NOT_FOUND")

    return project


def _project(board: Board, url: str) -> Mapping[str, Any]:
    def items(first: int, after: str | None = None) -> Mapping[str, Any]:
        if not 1 <= first <= 100:
            raise QueryError(f"Requesting {first} records on the `items` connection exceeds it.")
        start = int(after or 0)
        end = start + first
        return {
            "__typename": "ProjectV2ItemConnection",
            "totalCount": len(board.items),
            "pageInfo": {
                "__typename": "PageInfo",
                "hasNextPage": end < len(board.items),
                "endCursor": str(min(end, len(board.items))),
            },
            "nodes": [_item(one, url) for one in board.items[start:end]],
        }

    kind = "orgs" if board.organization else "users"
    return {
        "__typename": "ProjectV2",
        "title": board.title,
        "url": f"{url}/{kind}/{board.owner}/projects/{board.number}",
        "closed": board.closed,
        "items": items,
    }


def _item(item: Item, url: str) -> Mapping[str, Any]:
    def value(name: str) -> Mapping[str, Any] | None:
        if name != "Status" or item.status is None:
            return None
        return {"__typename": "ProjectV2ItemFieldSingleSelectValue", "name": item.status}

    def people(first: int) -> Mapping[str, Any]:
        nodes = [{"__typename": "User", "login": login} for login in item.assignees[:first]]
        return {"__typename": "UserConnection", "nodes": nodes}

    content: dict[str, Any] = {"title": item.title, "assignees": people}
    if item.number is None:
        return {
            "__typename": "ProjectV2Item",
            "type": "DRAFT_ISSUE",
            "fieldValueByName": value,
            "content": {"__typename": "DraftIssue", **content},
        }
    path = "pull" if item.pull_request else "issues"
    return {
        "__typename": "ProjectV2Item",
        "type": "PULL_REQUEST" if item.pull_request else "ISSUE",
        "fieldValueByName": value,
        "content": {
            "__typename": "PullRequest" if item.pull_request else "Issue",
            **content,
            "number": item.number,
            "url": f"{url}/{item.repository}/{path}/{item.number}",
            "repository": {"__typename": "Repository", "nameWithOwner": item.repository},
        },
    }
