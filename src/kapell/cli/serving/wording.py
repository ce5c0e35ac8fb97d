"""What strangers' clients are told of a failure: its code; the reasons are for people here."""

from kapell.core.approvals.question import SAID_NO
from kapell.core.guardrails.verdicts import STOPS
from kapell.kit.errors import Denied, Failure, KapellError
from kapell.kit.json import Json

_RULED = frozenset(
    {"policy_denied", "policy_broken", "policy_failed", "policy_nobody", "approval_needed"}
)
"""Codes with which policies say no; which of their rules did, and why, people here can look up."""

_FORBIDDEN = "The policies of this workspace do not let clients do this so."
_STOPPED = "A guardrail does not let this pass."
_REFUSED = "People of this workspace did not agree to it."


def error_told(error: KapellError) -> KapellError:
    """Return an error as strangers may know it: of guards and policies, that they say no."""
    if error.code in _RULED:
        return Denied(
            _FORBIDDEN,
            code=error.code,
            advice="Do without it, or ask for a workflow that makes the call: a run waits for "
            "people. Who runs this server sees why with 'kapell policy explain'.",
        )
    if error.code in STOPS:
        return Denied(
            _STOPPED,
            code="guardrail_blocked",
            advice="Do without it; who runs this server sees why in its log.",
        )
    return error


def failure_told(failure: Failure) -> Json:
    """Return why a run failed, as strangers may know it."""
    code, message = failure.code, failure.message
    if code in _RULED:
        message = _FORBIDDEN
    elif code in STOPS:
        code, message = "guardrail_blocked", _STOPPED
    elif code in SAID_NO:
        message = _REFUSED
    return {"code": code, "message": message, "step": failure.step}
