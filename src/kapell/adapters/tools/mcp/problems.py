"""The ways an MCP server lets us down, each with its error."""

from kapell.adapters.tools.strangers import quoted
from kapell.kit.errors import Conflict, Denied, Invalid, Missing, Unavailable

_LONGEST = 600


def not_started(server: str, why: str) -> Unavailable:
    """Return the error for a server that cannot be reached at all."""
    return Unavailable(
        f"The MCP server `{server}` cannot be reached: {quoted(why, _LONGEST)}.",
        code="mcp_unreachable",
        advice=f"Check `tools.mcp.{server}` in kapell.yaml, and start it by hand to see what it "
        "says.",
    )


def command_missing(server: str, command: str) -> Missing:
    """Return the error for a program that is not there."""
    return Missing(
        f"The MCP server `{server}` cannot be started: there is no program {command!r}.",
        code="mcp_command_missing",
        advice=f"Install it, or correct `tools.mcp.{server}.command`.",
    )


def too_slow(server: str, seconds: float) -> Unavailable:
    """Return the error for a server that does not answer in time."""
    return Unavailable(
        f"The MCP server `{server}` did not answer within {seconds:g} s.",
        code="mcp_slow",
        advice=f"Give it more time in `tools.mcp.{server}.start`, or find out what it waits for.",
    )


def lost(server: str) -> Unavailable:
    """Return the error for a connection that broke while a call was under way."""
    return Unavailable(
        f"The connection to the MCP server `{server}` broke.",
        code="mcp_connection_lost",
        advice="The next call connects again; the step's `retry:` calls again by itself.",
    )


def flooded(server: str, most: int) -> Invalid:
    """Return the error for a message that is longer than we take."""
    return Invalid(
        f"The MCP server `{server}` sent a message of more than {most:,} bytes.",
        code="mcp_result_too_large",
        advice="Ask its tool for less; the next call connects again.",
    )


def variable_missing(server: str, name: str) -> Denied:
    """Return the error for a variable of the environment that the settings name."""
    return Denied(
        f"The MCP server `{server}` needs the variable {name}, which is not set.",
        code="secret_missing",
        advice=f"Set {name} in the environment of whoever carries out runs.",
    )


def gone(server: str, tool: str) -> Missing:
    """Return the error for a tool that the server lists no more."""
    return Missing(
        f"The MCP server `{server}` has no tool {tool!r} any more.",
        code="mcp_tool_gone",
        advice="`kapell tools list --anew` shows what it has now.",
    )


def changed(server: str, tool: str) -> Conflict:
    """Return the error for a tool that takes other arguments than those that were checked."""
    return Conflict(
        f"The MCP server `{server}` takes other arguments for {tool!r} than it said before.",
        code="mcp_tool_changed",
        advice="Look at `kapell tools list --anew`, correct the steps that call it, and start the "
        "program anew.",
    )


def failed(tool: str, said: str) -> Invalid:
    """Return the error that the tool itself told."""
    return Invalid(
        f"The tool {tool!r} could not do it: {quoted(said, _LONGEST, 'it gave no reason')}",
        code="tool_failed",
        advice="Give it other arguments, or do it another way.",
    )


def lied(tool: str, why: str) -> Invalid:
    """Return the error for a result that does not fit what the tool says it returns."""
    return Invalid(
        f"The result of {tool!r} is not what its server says it returns: {quoted(why, _LONGEST)}",
        code="mcp_result_broken",
        advice="Report it to the author of the server.",
    )


def refused(server: str, said: str, code: int) -> Invalid:
    """Return the error for a call that the server answered with an error of the protocol."""
    return Invalid(
        f"The MCP server `{server}` refused the call ({code}): {quoted(said, _LONGEST)}",
        code="mcp_refused",
        advice="Look at what it says; `kapell tools show` lists what the tool takes.",
    )
