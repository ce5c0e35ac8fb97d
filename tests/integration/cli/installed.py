"""A module that a workspace names in its settings to use the tools it holds."""

from kapell import tool


@tool(name="installed.double", effects="read")
def double(number: int) -> int:
    """Double a number."""
    return 2 * number
