"""What servers, engines and libraries say, or fail to say, as our errors repeat it."""

from kapell.kit.errors import Unavailable


def quoted(text: str, most: int = 200, nothing: str = "it does not say why") -> str:
    """Return a stranger's text on one line, not too long and without its last dot."""
    return " ".join(text[: 20 * most].split())[:most].rstrip(".") or nothing


def silent(why: str, who: str = "The server") -> Unavailable:
    """Return the error for a server that does not answer as it should."""
    return Unavailable(
        f"{who} did not answer as it should ({why}).",
        code="tool_unavailable",
        advice="Check that it runs and can be reached; the step's `retry:` tries again.",
    )
