"""A tool of an MCP server behind the door to tools."""

from collections.abc import Mapping, Sequence

from mcp import MCPError
from mcp_types import INVALID_PARAMS, METHOD_NOT_FOUND, CallToolResult, ContentBlock, TextContent

from kapell.adapters.tools.mcp import problems
from kapell.adapters.tools.mcp.connection import Connection, ConnectionLost
from kapell.adapters.tools.mcp.listing import closed
from kapell.core.tools.spec import ToolSpec, repeatable
from kapell.kit.errors import KapellError
from kapell.kit.json import Json
from kapell.services.tools.ports import FetchBlob, ToolCall, ToolResult, UnknownOutcome


class McpTool:
    """Calls a tool of a server.

    Args:
        spec: What the server said of it when it was last asked.
        tool: Its name at the server.
        connection: The way there, shared by the tools of one server.
    """

    def __init__(self, spec: ToolSpec, tool: str, connection: Connection) -> None:
        self.spec = spec
        self._tool = tool
        self._connection = connection

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Call it, if it still takes what was checked.

        Raises:
            KapellError: the server cannot be reached, has changed, refuses, fails or lies.
            UnknownOutcome: the connection broke under a call that must not be repeated.
        """
        server = self._connection.name
        listed = (await self._connection.tools()).get(self._tool)
        if listed is None:
            raise problems.gone(server, self._tool)
        if closed(listed.input_schema) != self.spec.args:
            raise problems.changed(server, self._tool)
        args = dict(call.args) if isinstance(call.args, Mapping) else {}
        try:
            result = await self._connection.call(self._tool, args)
        except ConnectionLost as error:
            if repeatable(self.spec, call.args):
                raise error.error from error
            raise UnknownOutcome from error.error
        except MCPError as error:
            raise self._refused(error) from error
        except (RuntimeError, ValueError) as error:
            # The SDK says so of results that break the tool's own schema or the protocol's.
            raise problems.lied(call.tool, str(error)) from error
        if result.is_error:
            raise problems.failed(call.tool, _text(result.content))
        return ToolResult(output=_output(result))

    def _refused(self, error: MCPError) -> KapellError:
        server = self._connection.name
        if error.code == METHOD_NOT_FOUND:
            return problems.gone(server, self._tool)
        if error.code == INVALID_PARAMS:
            return problems.failed(f"{server}.{self._tool}", error.message)
        return problems.refused(server, error.message, error.code)


def _output(result: CallToolResult) -> Json:
    """Return structured content, else the text, else every part as it came."""
    if "structured_content" in result.model_fields_set and result.structured_content is not None:
        structured: Json = result.structured_content
        return structured
    if all(isinstance(one, TextContent) for one in result.content):
        return _text(result.content)
    parts: Json = [
        one.model_dump(mode="json", by_alias=True, exclude_none=True) for one in result.content
    ]
    return parts


def _text(content: Sequence[ContentBlock]) -> str:
    return "\n".join(one.text for one in content if isinstance(one, TextContent))
