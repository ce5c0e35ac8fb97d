"""The report for an auditor: each control with what answers it, and what this record shows."""

from collections.abc import Mapping, Sequence

import msgspec

from kapell.core.audit.checking import Fault
from kapell.core.audit.compliance.controls import Answers, Control, Framework, Mechanism
from kapell.core.audit.compliance.tally import Acts, Counted, those

FRAMEWORK = "NIST AI RMF 1.0"


class InForce(msgspec.Struct, frozen=True, kw_only=True):
    """What holds now: the profile, what was taken away by name, digests of what was written.

    ``definitions`` are digests of the settings and of all policies, ``policies`` of each file.
    """

    profile: str
    without: tuple[str, ...]
    definitions: Mapping[str, str]
    policies: Mapping[str, str]


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the record is as it was written; ``head`` is given to `kapell audit verify`."""

    head: str
    verified: bool
    entries: int
    events: int
    faults: tuple[Fault, ...]


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """From when on, and until before when; None: from the first entry, up to the last one."""

    since: float | None = None
    until: float | None = None

    def holds(self, at: float) -> bool:
        """Tell whether an instant is in it."""
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A control with all that answers it; ``record`` is what the entries of the time show."""

    id: str
    by: Answers
    asks: str
    answer: str
    mechanisms: tuple[str, ...]
    code: tuple[str, ...]
    tests: tuple[str, ...]
    evidence: tuple[str, ...]
    record: Acts


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything an auditor is told of a workspace."""

    framework: str
    release: str
    tenant: str
    at: float
    period: Period
    proof: Proof
    in_force: InForce
    counted: Counted
    controls: tuple[Row, ...]


def rows_of(framework: Framework, acts: Acts) -> tuple[Row, ...]:
    """Return each control with the code, the tests and the evidence of its mechanisms."""
    return tuple(_row(one, framework.mechanisms, acts) for one in framework.controls)


def _row(control: Control, mechanisms: Mapping[str, Mechanism], acts: Acts) -> Row:
    means = [mechanisms[name] for name in control.mechanisms]
    return Row(
        id=control.id,
        by=control.by,
        asks=control.asks,
        answer=control.answer,
        mechanisms=control.mechanisms,
        code=_all([one.code for one in means]),
        tests=_all([one.tests for one in means]),
        evidence=_all([one.evidence for one in means]),
        record=those(acts, _all([one.record for one in means])),
    )


def _all(lists: Sequence[Sequence[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item for one in lists for item in one))
