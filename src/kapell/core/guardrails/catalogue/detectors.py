"""Every detector there is, and the kinds of things they know."""

from kapell.core.guardrails.detectors.detector import Detector
from kapell.core.guardrails.pii import (
    births,
    cards,
    email,
    iban,
    internet,
    national,
    passports,
    phones,
    ssn,
)
from kapell.core.guardrails.secrets import assignments, keys, private_keys, tokens
from kapell.core.guardrails.signals import (
    carrying,
    hidden,
    injection,
    jailbreak,
    revealing,
    standing,
    undoing,
)

DETECTORS: tuple[Detector, ...] = tuple(
    detector
    for module in (
        email,
        cards,
        ssn,
        internet,
        phones,
        iban,
        births,
        passports,
        national,
        keys,
        private_keys,
        tokens,
        assignments,
        injection,
        jailbreak,
        hidden,
        carrying,
        standing,
        revealing,
        undoing,
    )
    for detector in module.DETECTORS
)
"""In the order in which they are tried."""

KINDS: frozenset[str] = frozenset(detector.kind for detector in DETECTORS)
"""The kinds that rules may name."""

VALUES: frozenset[str] = frozenset(
    detector.kind for detector in DETECTORS if detector.family in ("pii", "secret")
)
"""The kinds that are values in a text, not what a text wants."""
