"""The loopback GitHub itself: one server, its issues in memory, its token checked."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal
from urllib.parse import parse_qs, urlencode

from kapell.testing.github.boards import Board, root_of
from kapell.testing.github.language import QueryError, answered
from kapell.testing.providers.http import Reply, Request
from kapell.testing.providers.listening import Listening

TOKEN = "ghp_loopback0000000000000000000000000000"  # noqa: S105 - opens a loopback server only
"""The token the loopback GitHub accepts."""

Fault = Literal["limited", "secondary", "silent", "silent after", "broken", "forbidden"]
"""``silent`` breaks off before anything is done, ``silent after`` when it has been done."""

_REPOSITORY = re.compile(r"/repos/([^/]+/[^/]+)/issues(?:/(\d+)(/comments)?)?")


class LoopbackGithub(Listening):
    """Speaks GitHub's wire on a loopback port; use it as ``async with LoopbackGithub() as hub:``.

    Args:
        repositories: Names of the repositories there are.
        boards: Its projects.
        login: Whose token it is.

    Attributes:
        issues: Every issue as it is sent, by repository.
        comments: Texts of comments by repository and number.
        faults: What goes wrong with the next requests that change something, one each.
        asked: Every request, in the order in which they came.
    """

    def __init__(
        self,
        repositories: Sequence[str] = ("acme/shop",),
        boards: Sequence[Board] = (),
        login: str = "kapell-bot",
    ) -> None:
        super().__init__()
        self.issues: dict[str, list[dict[str, Any]]] = {name: [] for name in repositories}
        self.comments: dict[tuple[str, int], list[str]] = {}
        self.boards = list(boards)
        self.login = login
        self.faults: list[Fault] = []
        self.asked: list[Request] = []

    @property
    def url(self) -> str:
        """Return the address to set as ``tools.github.url``."""
        return self.origin

    def add_issue(self, repository: str, title: str, **more: Any) -> dict[str, Any]:
        """Open an issue as GitHub would send it and return it."""
        number = 1 + sum(len(issues) for issues in self.issues.values())
        labels = [{"name": name} for name in more.pop("labels", ())]
        people = [{"login": name} for name in more.pop("assignees", ())]
        issue = {
            "number": number,
            "title": title,
            "state": "open",
            "state_reason": None,
            "body": None,
            "html_url": f"https://github.com/{repository}/issues/{number}",
            "repository_url": f"{self.url}/repos/{repository}",
            "updated_at": f"2026-01-01T00:00:{number % 60:02d}Z",
            **more,
            "labels": labels,
            "assignees": people,
        }
        self.issues[repository].append(issue)
        return issue

    async def _serve(self, request: Request, reply: Reply) -> None:
        self.asked.append(request)
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            await _send(reply, 401, {"message": "Bad credentials", "status": "401"})
            return
        if not request.headers.get("user-agent"):
            await _send(reply, 403, {"message": "Request forbidden by administrative rules."})
            return
        fault = self.faults.pop(0) if self.faults and request.method != "GET" else None
        if fault is not None and await _spoiled(fault, reply):
            return
        status, answer, headers = self._answer(request)
        if fault == "silent after":
            reply.cut()
            return
        await _send(reply, status, answer, headers)

    def _answer(self, request: Request) -> tuple[int, object, Mapping[str, str]]:
        query = {name: values[0] for name, values in parse_qs(request.query).items()}
        found = _REPOSITORY.fullmatch(request.path)
        if request.path == "/user":
            return 200, {"login": self.login}, {}
        if request.path == "/graphql":
            return 200, self._queried(json.loads(request.body)), {}
        if request.path == "/issues":
            everywhere = [issue for issues in self.issues.values() for issue in issues]
            return self._listed(everywhere, {**query, "assignee": self.login}, request.path)
        if found is None or found[1] not in self.issues:
            return 404, {"message": "Not Found", "status": "404"}, {}
        if found[2] is None:
            if request.method == "GET":
                return self._listed(self.issues[found[1]], query, request.path)
            return self._created(found[1], json.loads(request.body))
        return self._one(found[1], int(found[2]), found[3] is not None, request, query)

    def _one(
        self, repository: str, number: int, comments: bool, request: Request, query: dict[str, str]
    ) -> tuple[int, object, Mapping[str, str]]:
        issue = next((one for one in self.issues[repository] if one["number"] == number), None)
        if issue is None:
            return 404, {"message": "Not Found", "status": "404"}, {}
        if comments:
            texts = self.comments.setdefault((repository, number), [])
            if request.method == "POST":
                texts.append(json.loads(request.body)["body"])
                return 201, {"id": len(texts), "body": texts[-1]}, {}
            return self._page([{"body": text} for text in texts], query, request.path)
        if request.method == "PATCH":
            fields = json.loads(request.body)
            issue.update({**fields, **_people(fields)})
        return 200, issue, {}

    def _created(
        self, repository: str, fields: dict[str, Any]
    ) -> tuple[int, object, Mapping[str, str]]:
        if "nobody" in fields.get("assignees", ()):
            error = {"value": "nobody", "resource": "Issue", "field": "assignees"}
            told = {"message": "Validation Failed", "errors": [{**error, "code": "invalid"}]}
            return 422, told, {}
        return 201, self.add_issue(repository, **fields), {}

    def _listed(
        self, issues: Sequence[dict[str, Any]], query: dict[str, str], path: str
    ) -> tuple[int, object, Mapping[str, str]]:
        state, who = query.get("state", "open"), query.get("assignee")
        labels = set(filter(None, query.get("labels", "").split(",")))
        chosen = [
            issue
            for issue in reversed(issues)
            if state in {"all", issue["state"]}
            and (who is None or {"login": who} in issue["assignees"])
            and labels <= {label["name"] for label in issue["labels"]}
        ]
        return self._page(chosen, query, path)

    def _page(
        self, found: Sequence[object], query: dict[str, str], path: str
    ) -> tuple[int, object, Mapping[str, str]]:
        size, page = int(query.get("per_page", "30")), int(query.get("page", "1"))
        end = size * page
        headers = {}
        if end < len(found):
            after = urlencode({**query, "page": page + 1})
            headers["link"] = f'<{self.url}{path}?{after}>; rel="next"'
        return 200, list(found[end - size : end]), headers

    def _queried(self, asked: Mapping[str, Any]) -> object:
        try:
            root = root_of(self.boards, "https://github.com")
            return {"data": answered(asked["query"], asked.get("variables") or {}, root)}
        except QueryError as error:
            return {"data": None, "errors": [error.told]}


async def _spoiled(fault: Fault, reply: Reply) -> bool:
    """Answer as the fault says; False when the request is to be carried out all the same."""
    if fault == "limited":
        headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "99999999999"}
        await _send(reply, 403, {"message": "API rate limit exceeded for user."}, headers)
    elif fault == "secondary":
        told = {"message": "You have exceeded a secondary rate limit."}
        await _send(reply, 403, told, {"retry-after": "60"})
    elif fault == "forbidden":
        told = {"message": "Resource not accessible by personal access token"}
        await _send(reply, 403, told)
    elif fault == "broken":
        await _send(reply, 502, {"message": "Server Error"})
    elif fault == "silent":
        reply.cut()
    else:
        return False
    return True


def _people(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: [{inner: name} for name in fields[key]]
        for key, inner in (("labels", "name"), ("assignees", "login"))
        if key in fields
    }


async def _send(
    reply: Reply, status: int, answer: object, headers: Mapping[str, str] | None = None
) -> None:
    await reply.send(status, json.dumps(answer).encode(), headers=headers)
