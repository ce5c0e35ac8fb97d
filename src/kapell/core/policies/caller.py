"""For whom, and out of what, a call to a model or a tool is made."""

from collections.abc import Mapping

import msgspec

from kapell.core.guardrails.labels import Label


class Caller(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who calls, as gates see it.

    ``path`` is the step run's, ``asked`` says that a model asked for the call (else the workflow
    makes it). ``profile`` names the guardrail profile that holds for the call. ``labels`` are the
    trust labels of its arguments by their name (of a model call: those of the whole prompt under
    the empty name); ``labelled`` says that they count. ``approved`` is the digest of the very call
    that people approved, empty when nobody did; ``grants`` holds by its rule what they approved of
    because of it: one rule's answer counts for no other.
    """

    tenant: str = ""
    subject: str = ""
    conversation: str = ""
    run_id: str = ""
    workflow: str = ""
    path: str = ""
    call: str = ""
    agent: str = ""
    capabilities: tuple[str, ...] = ()
    asked: bool = False
    profile: str = ""
    labels: Mapping[str, Label] = {}
    labelled: bool = True
    approved: str = ""
    grants: Mapping[str, str] = {}
