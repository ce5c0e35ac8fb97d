"""Takes secrets and personal data out of what people and machines are told about a run.

Logs, errors on a screen, traces, telemetry and the audit record pass here; what a run was given and
made stays in its own log and artifacts.
"""

from functools import lru_cache

from kapell.core.guardrails.catalogue.detectors import DETECTORS
from kapell.core.guardrails.looking import look
from kapell.core.guardrails.redacting import redacted
from kapell.core.guardrails.rules import make_rules

LONGEST = 20_000
"""Characters of a text that are told; what is longer is cut, so that every line costs little."""

_FAMILIES = ("pii", "secret")
_RULES = make_rules(kinds=[one.kind for one in DETECTORS if one.family in _FAMILIES])


@lru_cache(maxsize=512)
def hidden(text: str) -> str:
    """Return a text in which each secret and personal datum is replaced by its kind."""
    cut = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    return redacted(cut, look(cut, _RULES))
