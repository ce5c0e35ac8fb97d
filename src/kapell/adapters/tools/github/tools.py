"""The tools ``github.*``."""

from collections.abc import Mapping

from kapell.adapters.tools.files.tools import arguments
from kapell.adapters.tools.github.client import GithubClient, unreadable
from kapell.adapters.tools.github.issues import Issues, listed, mappings
from kapell.adapters.tools.github.projects import project_status
from kapell.adapters.tools.github.specs import (
    CLOSE_ISSUE,
    CREATE_ISSUE,
    LIST_ASSIGNED,
    PROJECT_STATUS,
    TOKEN,
    UPDATE_ISSUE,
)
from kapell.adapters.tools.options import GithubOptions
from kapell.core.tools.spec import ToolSpec
from kapell.kit.errors import Invalid
from kapell.kit.json import Json
from kapell.services.tools.ports import FetchBlob, Tool, ToolCall, ToolResult

_FIELDS = ("title", "body", "labels", "assignees", "state")


class _GithubTool:
    """What all of them have in common."""

    spec: ToolSpec

    def __init__(self, options: GithubOptions) -> None:
        self._options = options

    def _client(self, call: ToolCall) -> GithubClient:
        return GithubClient(self._options, call.secrets[TOKEN])


class CreateIssue(_GithubTool):
    """``github.create_issue``."""

    spec = CREATE_ISSUE

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Open the issue unless it is there already."""
        args = arguments(call)
        issues = Issues(self._client(call), str(args["repository"]))
        return ToolResult(output=await issues.create(_given(args), call.key))


class UpdateIssue(_GithubTool):
    """``github.update_issue``."""

    spec = UPDATE_ISSUE

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Set what is given, add the comment once."""
        args = arguments(call)
        issues, number = Issues(self._client(call), str(args["repository"])), args["number"]
        output = await issues.change(
            number if isinstance(number, int) else 0, _given(args), args.get("comment"), call.key
        )
        return ToolResult(output=output)


class CloseIssue(_GithubTool):
    """``github.close_issue``."""

    spec = CLOSE_ISSUE

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Close the issue, add the comment once."""
        args = arguments(call)
        issues, number = Issues(self._client(call), str(args["repository"])), args["number"]
        fields: Mapping[str, Json] = {
            "state": "closed",
            "state_reason": args.get("reason") or "completed",
        }
        output = await issues.change(
            number if isinstance(number, int) else 0, fields, args.get("comment"), call.key
        )
        return ToolResult(output=output)


class ListAssigned(_GithubTool):
    """``github.list_assigned``."""

    spec = LIST_ASSIGNED

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Return the issues of the repository, or of all that are allowed."""
        args, client = arguments(call), self._client(call)
        limit = args.get("limit")
        most = limit if isinstance(limit, int) else 30
        labels = args.get("labels")
        query = {
            "state": str(args.get("state") or "open"),
            "sort": "updated",
            "per_page": "100",
            "labels": ",".join(map(str, labels)) if isinstance(labels, list | tuple) else "",
        }
        path, more_query = await self._place(client, args)
        query = {name: value for name, value in {**query, **more_query}.items() if value}
        reply = await client.ask("GET", path, query=query)
        if not isinstance(reply.json, list):
            raise unreadable()
        # pull requests are issues to this interface
        found = [listed(one) for one in mappings(reply.json) if "pull_request" not in one]
        seen = [one for one in found if client.is_allowed(str(one["repository"]))]
        more = len(seen) > most or 'rel="next"' in reply.headers.get("link", "")
        return ToolResult(output={"issues": seen[:most], "count": len(seen[:most]), "more": more})

    async def _place(
        self, client: GithubClient, args: Mapping[str, Json]
    ) -> tuple[str, Mapping[str, str]]:
        repository, assignee = args.get("repository"), args.get("assignee")
        if repository is None:
            if assignee is not None:
                raise Invalid(
                    "Issues of somebody else are listed for one repository.",
                    code="tool_arguments",
                    advice="Give `repository` too, or leave `assignee` out.",
                )
            client.check_owner(None)
            return "/issues", {"filter": "assigned"}
        client.check(str(repository))
        if assignee is None:
            user = (await client.ask("GET", "/user")).json
            assignee = user.get("login") if isinstance(user, Mapping) else None
            if not isinstance(assignee, str):
                raise unreadable()
        return f"/repos/{repository}/issues", {"assignee": str(assignee)}


class ProjectStatus(_GithubTool):
    """``github.project_status``."""

    spec = PROJECT_STATUS

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Return how the project stands."""
        args, client = arguments(call), self._client(call)
        owner, number, limit = str(args["owner"]), args["project"], args.get("limit")
        client.check_owner(owner)
        output = await project_status(
            client,
            owner,
            number if isinstance(number, int) else 0,
            str(args.get("field") or "Status"),
            limit if isinstance(limit, int) else 100,
        )
        return ToolResult(output=output)


def github_tools(options: GithubOptions) -> tuple[Tool, ...]:
    """Return all of them."""
    return (
        CreateIssue(options),
        UpdateIssue(options),
        CloseIssue(options),
        ListAssigned(options),
        ProjectStatus(options),
    )


def _given(args: Mapping[str, Json]) -> dict[str, Json]:
    return {name: args[name] for name in _FIELDS if args.get(name) is not None}
