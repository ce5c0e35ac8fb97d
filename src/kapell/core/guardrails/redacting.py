"""Takes what was found out of a text."""

from collections.abc import Callable, Iterable

from kapell.core.guardrails.findings import Finding


def redacted(
    text: str, findings: Iterable[Finding], name: Callable[[Finding, str], str] | None = None
) -> str:
    """Return the text with each finding replaced by its name.

    Args:
        text: The text in which they were found.
        findings: Sorted by start, as ``look`` gives them; one that begins in another is in that.
        name: Makes the replacement of a finding and its value; ``[KIND]`` unless given.
    """
    parts: list[str] = []
    at = 0
    for finding in findings:
        if finding.start < at:
            continue
        parts.append(text[at : finding.start])
        value = text[finding.start : finding.end]
        parts.append(name(finding, value) if name is not None else plain(finding, value))
        at = finding.end
    parts.append(text[at:])
    return "".join(parts)


def plain(finding: Finding, value: str) -> str:
    """Return the replacement that says only what kind of thing stood there."""
    return f"[{finding.kind.upper()}]"
