"""What an unexpected exception may say to a user: its class and words, no secrets and no places.

Best effort on text of strangers; errors of our own tree are written without secrets to begin with.
"""

import re

_LIMIT = 500
_READ = 20_000
"""Characters of a message that are looked at: an exception may carry a whole answer."""
_SECRETS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}"), r"\1 [redacted]"),
    (re.compile(r"\b(?:sk|pk|rk|ghp|gho|xox[abps])[-_][\w-]{8,}"), "[redacted]"),
    (re.compile(r"\b\w+://[^\s/@]+@"), "[redacted]@"),
    (
        re.compile(
            r"(?i)\b([\w-]*(?:password|passwd|secret|token|api[_-]?key|authorization))"
            r"(['\"]?\s*[=:]\s*)(['\"]?)[^\s'\",;&]+"
        ),
        r"\1\2\3[redacted]",
    ),
)
_PLACES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?<![\w.:/])(?:/[^\s/'\":,;()]+)+/([^\s/'\":,;()]+)"), r"\1"),
    (re.compile(r"\b[A-Za-z]:(?:\\[^\s\\'\":,;()]+)+\\([^\s\\'\":,;()]+)"), r"\1"),
    (re.compile(r"\bat 0x[0-9a-fA-F]+"), ""),
)


def redacted(text: str) -> str:
    """Return the text without what looks like a secret."""
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text


def described(error: BaseException) -> str:
    """Return ``Class: message`` in one line, without secrets, folders and addresses."""
    try:
        said = str(error)
    except Exception:
        said = ""  # a stranger's exception may break while it is read
    text = redacted(" ".join(said[:_READ].split()))
    for pattern, replacement in _PLACES:
        text = pattern.sub(replacement, text)
    if len(text) > _LIMIT:
        text = text[:_LIMIT] + "..."
    name = type(error).__name__
    return f"{name}: {text}" if text else name
