"""Issues: written once per idempotency key; its mark in the text is looked for first."""

import re
from collections.abc import Mapping, Sequence

from kapell.adapters.tools.github.client import GithubClient, Unsure, unreadable
from kapell.kit.errors import KapellError
from kapell.kit.json import Json, digest
from kapell.services.tools.ports import UnknownOutcome

_MARK = re.compile(r"<!-- kapell:[0-9a-f]{32} -->")
_PAGES = 3
_COMMENT_PAGES = 10
_LONGEST = 2_000


def mark_of(key: str) -> str:
    """Return what marks the text that was written for a key; readers of the page do not see it."""
    return f"<!-- kapell:{digest(key.encode())[:32]} -->"


class Issues:
    """The issues of one repository."""

    def __init__(self, client: GithubClient, repository: str) -> None:
        client.check(repository)
        self._client = client
        self._repository = repository
        self._path = f"/repos/{repository}/issues"

    async def create(self, fields: Mapping[str, Json], key: str) -> Json:
        """Open an issue unless the key's is there already.

        Raises:
            KapellError: what GitHub says.
            UnknownOutcome: it may have been opened and cannot be found.
        """
        mark = mark_of(key)
        found = await self._marked(mark)
        if found is not None:
            return {**self.shown(found), "created": False}
        body = f"{fields.get('body') or ''}\n\n{mark}".lstrip()
        try:
            reply = await self._client.ask("POST", self._path, json={**fields, "body": body})
        except Unsure as unsure:
            found = await self._after(unsure, mark)
            return {**self.shown(found), "created": True}
        return {**self.shown(_mapping(reply.json)), "created": True}

    async def change(
        self, number: int, fields: Mapping[str, Json], comment: Json, key: str
    ) -> Json:
        """Change an issue, and add a comment unless the key's is there already.

        Raises:
            KapellError: what GitHub says.
            UnknownOutcome: the comment may have been added and cannot be found.
        """
        path = f"{self._path}/{number}"
        commented = comment is not None and await self._comment(path, str(comment), key)
        try:
            before = _mapping((await self._client.ask("GET", path)).json)
            if "body" in fields:
                marks = _MARK.findall(str(before.get("body") or ""))
                fields = {**fields, "body": "\n\n".join([str(fields["body"]), *marks])}
            after = before
            if fields:
                after = _mapping((await self._client.ask("PATCH", path, json=fields)).json)
        except Unsure as unsure:
            # to set the same values again does no harm; the comment is found by its mark
            raise unsure.error from unsure.__cause__
        return {**self.shown(after), "commented": commented}

    def shown(self, issue: Mapping[str, Json]) -> dict[str, Json]:
        """Return what tells of an issue."""
        return {
            "repository": repository_of(issue) or self._repository,
            "number": issue.get("number"),
            "title": str(issue.get("title") or ""),
            "state": str(issue.get("state") or ""),
            "url": str(issue.get("html_url") or ""),
        }

    async def _comment(self, path: str, text: str, key: str) -> bool:
        mark = mark_of(key)
        if await self._has_comment(path, mark):
            return False
        try:
            await self._client.ask("POST", f"{path}/comments", json={"body": f"{text}\n\n{mark}"})
        except Unsure as unsure:
            try:
                there = await self._has_comment(path, mark)
            except KapellError:
                raise UnknownOutcome from unsure.error
            if not there:
                raise UnknownOutcome from unsure.error
        return True

    async def _has_comment(self, path: str, mark: str) -> bool:
        for page in range(1, _COMMENT_PAGES + 1):
            query = {"per_page": "100", "page": str(page)}
            reply = await self._client.ask("GET", f"{path}/comments", query=query)
            if any(mark in str(one.get("body") or "") for one in mappings(reply.json)):
                return True
            if 'rel="next"' not in reply.headers.get("link", ""):
                return False
        return False

    async def _marked(self, mark: str) -> Mapping[str, Json] | None:
        """Return the issue with the mark, looking at the newest ones."""
        for page in range(1, _PAGES + 1):
            query = {
                "state": "all",
                "sort": "created",
                "direction": "desc",
                "per_page": "100",
                "page": str(page),
            }
            reply = await self._client.ask("GET", self._path, query=query)
            for issue in mappings(reply.json):
                if mark in str(issue.get("body") or ""):
                    return issue
            if 'rel="next"' not in reply.headers.get("link", ""):
                return None
        return None

    async def _after(self, unsure: Unsure, mark: str) -> Mapping[str, Json]:
        """Return the issue although its creation was not confirmed.

        Raises:
            UnknownOutcome: it is not there (yet).
        """
        try:
            found = await self._marked(mark)
        except KapellError:
            raise UnknownOutcome from unsure.error
        if found is None:
            raise UnknownOutcome from unsure.error
        return found


def listed(issue: Mapping[str, Json]) -> dict[str, Json]:
    """Return an issue of a list, without our marks."""
    labels = [str(one.get("name") or "") for one in mappings(issue.get("labels"))]
    people = [str(one.get("login") or "") for one in mappings(issue.get("assignees"))]
    return {
        "repository": repository_of(issue),
        "number": issue.get("number"),
        "title": str(issue.get("title") or ""),
        "state": str(issue.get("state") or ""),
        "url": str(issue.get("html_url") or ""),
        "text": _MARK.sub("", str(issue.get("body") or "")).strip()[:_LONGEST],
        "labels": list(labels),
        "assignees": list(people),
        "updated": str(issue.get("updated_at") or ""),
    }


def repository_of(issue: Mapping[str, Json]) -> str:
    """Return owner and name of the repository an issue belongs to."""
    url = str(issue.get("repository_url") or "")
    return "/".join(url.split("/")[-2:]) if url else ""


def mappings(value: Json) -> Sequence[Mapping[str, Json]]:
    """Return the objects of a list, none for anything else."""
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _mapping(value: Json) -> Mapping[str, Json]:
    if not isinstance(value, Mapping) or not isinstance(value.get("number"), int):
        raise unreadable()
    return value
