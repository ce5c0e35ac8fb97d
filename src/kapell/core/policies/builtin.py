"""The built-in rules once more, without Rego: where nobody wrote others, no interpreter is loaded.

`library/policies/*.rego` says what holds. What stands here says the same, of the very texts whose
digests it knows; where they read otherwise, they are judged themselves.
"""

from collections.abc import Mapping, Sequence
from hashlib import blake2b

from kapell.core.policies.asking.documents import Asked, ToolDocument
from kapell.core.policies.kinds import DEFAULT, LISTS, VERDICT
from kapell.kit.json import Json

OWN = frozenset({DEFAULT, LISTS})
"""The packages that are answered here."""

READ = frozenset({"kind", "profile", "tool", "asked", "labels", "reach", "allow"})
"""The parts of documents that are looked at."""

TEXTS: Mapping[str, str] = {
    "library/policies/default.rego": "a2e9b60eda13153557200dc670f562bf",
    "library/policies/lists.rego": "5496403c4b51c9e01a9d481a3b34fb60",
}
"""The modules that hold them, each with the digest of its text."""


def is_known(sources: Mapping[str, str]) -> bool:
    """Tell whether the built-in modules among these are the ones that are answered here."""
    return all(
        path in sources and digest_of(sources[path]) == known for path, known in TEXTS.items()
    )


def digest_of(text: str) -> str:
    """Return the digest by which a text is known here."""
    return blake2b(text.encode(), digest_size=16).hexdigest()


def answered(packages: Sequence[str], document: Asked) -> dict[str, Json]:
    """Return what built-in packages evaluate to for a document; other packages are left out."""
    found: dict[str, Json] = {}
    for package in packages:
        if package == DEFAULT:
            found[package] = {VERDICT: _verdict(document)}
        elif package == LISTS:
            found[package] = {"deny": _unlisted(document)}
    return found


def _verdict(document: Asked) -> Json:
    if document.profile == "off":
        return _OFF
    if not isinstance(document, ToolDocument):
        return _allow(document.kind, "no rule speaks of it")
    tool, accepted, strict = document.tool, document.labels.accepted, document.profile == "strict"
    if not tool.outside and (accepted or (tool.accepts == "" and not strict)):
        return _INSIDE
    if tool.name in _AGENTS:
        return _AGENT
    if accepted and not document.asked and not strict:
        return _STEP
    return _changing(document) if tool.effects == "external" else _reading(document)


def _reading(document: ToolDocument) -> Json:
    reach = document.reach
    if document.labels.accepted:
        return _LOOKUP
    if reach.domains and not reach.unlisted_domains:
        return _LISTED_LOOKUP
    if not document.asked and document.profile != "strict":
        return _STEP_LOOKUP
    return _ASK_UNTRUSTED


def _changing(document: ToolDocument) -> Json:
    accepted = document.labels.accepted
    if not accepted and document.asked:
        return _DENY_STRANGERS
    if document.profile == "strict":
        return _DENY_OUTSIDE
    return _ASK_OUTSIDE if accepted else _ASK_UNTRUSTED


def _unlisted(document: Asked) -> Json:
    if not isinstance(document, ToolDocument):
        return []
    allow, reach = document.allow, document.reach
    found: list[dict[str, str]] = []
    if allow.domains and reach.unlisted_domains:
        named = f"no allow-list names {', '.join(reach.unlisted_domains)}"
        found.append({"rule": "domains", "reason": named})
    if (allow.domains or allow.recipients) and reach.unlisted_recipients:
        found.append({"rule": "recipients", "reason": "no allow-list names a recipient of it"})
    return sorted(found, key=lambda one: one["reason"])


def _allow(rule: str, reason: str) -> Json:
    return {"ruling": "allow", "rule": rule, "reason": reason}


_AGENTS = frozenset({"runtime.python", "runtime.tmux"})
_OFF = _allow("off", "the guardrails are off")
_INSIDE = _allow("inside", "it only reads, or writes into the run's folder or the workspace")
_AGENT = _allow("agent", "it is the program of an agent that the workflow names")
_STEP = _allow(
    "step", "the author wrote this very step, and strangers had no part in its arguments"
)
_LOOKUP = _allow("lookup", "it only reads outside, and strangers had no part in its arguments")
_LISTED_LOOKUP = _allow(
    "listed-lookup", "it only reads outside, from places that the settings name"
)
_STEP_LOOKUP = _allow("step-lookup", "it only reads outside, and the author wrote this very step")
_DENY_STRANGERS: Json = {
    "ruling": "deny",
    "rule": "strangers",
    "reason": "strangers had a part in it, and no rule allows it to change the world outside",
}
_DENY_OUTSIDE: Json = {
    "ruling": "deny",
    "rule": "outside",
    "reason": "no rule allows it to change the world outside",
}
_ASK_UNTRUSTED: Json = {
    "ruling": "ask",
    "rule": "untrusted",
    "reason": "strangers had a part in what it is given, and no rule allows it",
    "risk": "high",
}
_ASK_OUTSIDE: Json = {
    "ruling": "ask",
    "rule": "outside",
    "reason": "it changes the world outside, and no rule allows it",
}
