"""Projects: how many items have each status, and what they are."""

from collections import Counter
from collections.abc import Mapping

from kapell.adapters.tools.github.client import GithubClient, unreadable
from kapell.adapters.tools.github.issues import mappings
from kapell.kit.errors import Missing
from kapell.kit.json import Json

_QUERY = """
query ($owner: String!, $number: Int!, $field: String!, $first: Int!, $after: String) {
  repositoryOwner(login: $owner) {
    ... on Organization { projectV2(number: $number) { ...board } }
    ... on User { projectV2(number: $number) { ...board } }
  }
}
fragment board on ProjectV2 {
  title
  url
  closed
  items(first: $first, after: $after) {
    totalCount
    pageInfo { hasNextPage endCursor }
    nodes {
      type
      fieldValueByName(name: $field) {
        ... on ProjectV2ItemFieldSingleSelectValue { name }
        ... on ProjectV2ItemFieldTextValue { text }
        ... on ProjectV2ItemFieldIterationValue { title }
      }
      content {
        ... on DraftIssue { title assignees(first: 10) { nodes { login } } }
        ... on Issue {
          title number url repository { nameWithOwner } assignees(first: 10) { nodes { login } }
        }
        ... on PullRequest {
          title number url repository { nameWithOwner } assignees(first: 10) { nodes { login } }
        }
      }
    }
  }
}
"""
_PAGE = 100
_NONE = "none"


async def project_status(
    client: GithubClient, owner: str, number: int, field: str, limit: int
) -> Json:
    """Return how a project stands.

    Raises:
        Missing: ``github_missing``.
        KapellError: what GitHub says.
    """
    items: list[Json] = []
    counts: Counter[str] = Counter()
    after: Json = None
    while True:
        variables: Mapping[str, Json] = {
            "owner": owner,
            "number": number,
            "field": field,
            "first": min(_PAGE, limit - len(items)),
            "after": after,
        }
        project = _project(await client.query(_QUERY, variables), owner, number)
        page = _inner(project, "items")
        for node in mappings(page.get("nodes")):
            item = _item(node)
            items.append(item)
            counts[str(item["status"] or _NONE)] += 1
        told = _inner(page, "pageInfo")
        after = told.get("endCursor")
        more = told.get("hasNextPage") is True
        if not more or len(items) >= limit or not isinstance(after, str):
            break
    total = page.get("totalCount")
    return {
        "title": str(project.get("title") or ""),
        "url": str(project.get("url") or ""),
        "closed": project.get("closed") is True,
        "total": total if isinstance(total, int) else len(items),
        "statuses": dict(counts),
        "items": items,
        "more": more,
    }


def _project(data: Mapping[str, Json], owner: str, number: int) -> Mapping[str, Json]:
    place = data.get("repositoryOwner")
    project = place.get("projectV2") if isinstance(place, Mapping) else None
    if not isinstance(project, Mapping):
        raise Missing(
            f"GitHub does not know project {number} of {owner!r}.",
            code="github_missing",
            advice="Check owner and number, and that the token may read projects.",
        )
    return project


def _item(node: Mapping[str, Json]) -> dict[str, Json]:
    content, value = node.get("content"), node.get("fieldValueByName")
    told = content if isinstance(content, Mapping) else {}
    status = value if isinstance(value, Mapping) else {}
    repository, people = told.get("repository"), told.get("assignees")
    logins = mappings(people.get("nodes")) if isinstance(people, Mapping) else ()
    return {
        "title": str(told.get("title") or ""),
        "status": status.get("name") or status.get("text") or status.get("title"),
        "kind": str(node.get("type") or "").lower(),
        "number": told.get("number"),
        "url": told.get("url"),
        "repository": repository.get("nameWithOwner") if isinstance(repository, Mapping) else None,
        "assignees": [str(one.get("login") or "") for one in logins],
    }


def _inner(value: Mapping[str, Json], key: str) -> Mapping[str, Json]:
    inner = value.get(key)
    if not isinstance(inner, Mapping):
        raise unreadable()
    return inner
