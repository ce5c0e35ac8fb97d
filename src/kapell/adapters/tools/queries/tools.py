"""The tool ``json.query``."""

from kapell.adapters.tools.files.tools import arguments, read_text
from kapell.adapters.tools.options import ToolOptions
from kapell.adapters.tools.queries.bounded import found
from kapell.adapters.tools.queries.specs import JSON_QUERY
from kapell.adapters.tools.threads import in_thread
from kapell.kit.errors import Invalid
from kapell.kit.json import Json, decode
from kapell.services.tools.ports import FetchBlob, ToolCall, ToolResult


class JsonQuery:
    """``json.query``: what an expression finds in a value or in a file."""

    spec = JSON_QUERY

    def __init__(self, options: ToolOptions) -> None:
        self._options = options

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Return what the expression finds, null when that is nothing."""
        args = arguments(call)
        if ("data" in args) == ("path" in args):
            raise Invalid(
                "json.query needs either `data` or `path`.",
                code="tool_arguments",
                advice="Give the JSON itself as `data:`, or the file that holds it as `path:`.",
            )
        data = args.get("data")
        if "path" in args:
            limit = self._options.file_bytes
            text, name, _ = await read_text(call, blob, args["path"], limit, None)
            data = _parsed(text, name)
        query, effort = str(args["query"]), self._options.query_effort
        return ToolResult(output=await in_thread(lambda stop: found(query, data, effort, stop)))


def _parsed(text: str, name: str) -> Json:
    try:
        return decode(text)
    except Invalid as error:
        raise Invalid(
            f"The file {name!r} is not JSON.",
            code="json_broken",
            advice="Check the file; a table is read with table.read.",
        ) from error
