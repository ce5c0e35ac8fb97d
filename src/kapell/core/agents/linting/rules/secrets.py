"""Does a prompt hold a key or a password? A prompt goes to a provider, into logs and to people."""

import re
from collections.abc import Iterator

from kapell.core.agents.linting.subject import Found, Subject
from kapell.core.agents.linting.tuning import Tuning

_KNOWN: tuple[tuple[str, str], ...] = (
    ("a private key", r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    ("an Anthropic key", r"\bsk-ant-[A-Za-z0-9_-]{16,}"),
    ("an OpenAI key", r"\bsk-(?:proj-)?[A-Za-z0-9_-]{20,}"),
    ("a GitHub token", r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,})"),
    ("an AWS key", r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    ("a Google key", r"\bAIza[A-Za-z0-9_-]{30,}"),
    ("a Slack token", r"\bxox[abprs]-[A-Za-z0-9-]{10,}"),
    ("a Stripe key", r"\b[sr]k_(?:live|test)_[A-Za-z0-9]{16,}"),
    ("a signed token", r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{5,}"),
    ("a password in an address", r"\b[a-z][a-z0-9+.-]*://[^\s:/@]+:(?P<value>[^\s:/@]{3,})@[^\s]+"),
    (
        "a password or key",
        r"\b(?:password|passwd|passphrase|secret|api[ _-]?key|access[ _-]?key|auth[ _-]?token"
        r"|bearer)\b\s*(?:[:=]|is)\s*[\"'`]?(?P<value>[^\s\"'`,;]{6,})",
    ),
)
_PATTERNS = tuple(
    (what, re.compile(pattern, re.IGNORECASE if "value" in pattern else 0))
    for what, pattern in _KNOWN
)
_PLACEHOLDER = re.compile(
    r"[<>{}$*]|\.\.\.|x{3,}|^your|example|placeholder|redacted|changeme|dummy|secret$|password$",
    re.IGNORECASE,
)


def secret(subject: Subject, tuning: Tuning) -> Iterator[Found]:
    """Find what looks like a key, a token or a password, code blocks included."""
    told: set[int] = set()
    for what, pattern in _PATTERNS:
        for match in pattern.finditer(subject.prompt.text):
            value = match.groupdict().get("value")
            if value is not None and not _secretive(value):
                continue
            if any(start in told for start in range(match.start(), match.end())):
                continue
            told.update(range(match.start(), match.end()))
            yield Found(
                subject.prompt.found(match),
                f"This looks like {what}: whoever reads the prompt has it, the provider too.",
                "Take it out and change it; tools get the secrets they need without the agent.",
            )


def _secretive(value: str) -> bool:
    """Tell whether a value is one that somebody would have to guess: not a word, no placeholder."""
    if _PLACEHOLDER.search(value):
        return False
    kinds = sum(bool(re.search(kind, value)) for kind in (r"[a-z]", r"[A-Z]", r"\d", r"[^\w\s]"))
    return kinds >= 2 and bool(re.search(r"\d", value))
