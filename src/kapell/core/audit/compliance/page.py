"""A report as a page of Markdown."""

from collections.abc import Iterator, Mapping, Sequence

from kapell.core.audit.compliance.controls import WHO
from kapell.core.audit.compliance.report import InForce, Period, Proof, Report, Row
from kapell.core.audit.compliance.tally import Acts, Counted
from kapell.kit.clock import instant_text

_MATTER = (
    ("Content guards", ("guard.verdict",)),
    ("Policies", ("policy.verdict",)),
    ("Approvals", ("approval.answered", "approval.expired")),
    ("Breakers that tripped", ("breaker.tripped",)),
    ("Requests refused before a run", ("request.refused",)),
    ("Budgets", ("budget.warned", "budget.alerted", "budget.exceeded")),
)


def page_of(report: Report) -> str:
    """Return the page."""
    lines = [
        f"# {report.framework}: report on the workspace's own record",
        "",
        f"Written {instant_text(report.at)} by Kapell {report.release} for tenant {report.tenant}, "
        f"on {_time(report.period)}. No product complies by itself: what is yours to decide is "
        "marked *you*.",
        "",
        *_proof(report.proof),
        *_in_force(report.in_force),
        *_counts(report.counted),
        "## Controls",
    ]
    for row in report.controls:
        lines += ["", *_control(row)]
    return "\n".join(lines) + "\n"


def _proof(proof: Proof) -> Iterator[str]:
    yield from ("## Record", "")
    said = "as it was written" if proof.verified else f"NOT as it was written: {len(proof.faults)}"
    faults = "" if proof.verified else " faults"
    yield f"- {proof.entries} entries over {proof.events} events, {said}{faults}"
    yield f"- head `{proof.head}`: `kapell audit verify --expect` compares with it later"
    for fault in proof.faults:
        yield f"- **{fault.code}** {_plain(fault.message)} {_plain(fault.advice)}"
    yield ""


def _in_force(found: InForce) -> Iterator[str]:
    yield from ("## In force now", "", f"- profile of the guardrails: {found.profile}")
    if found.without:
        yield f"- guards taken away by name: {', '.join(found.without)}"
    for name, digest in (*found.definitions.items(), *found.policies.items()):
        yield f"- {_plain(name)}: `{digest}`"
    yield ""


def _counts(counted: Counted) -> Iterator[str]:
    yield from ("## What happened", "", f"{counted.entries} entries in this time.", "")
    for title, actions in _MATTER:
        acts = {name: counted.acts[name] for name in actions if name in counted.acts}
        yield f"- {title}: {_acts(acts) or 'none'}"
    for title, counts in (
        ("Found in texts", counted.findings),
        ("Profiles of verdicts", counted.profiles),
        ("Versions of policies that judged", counted.policies),
        ("People who acted", counted.people),
    ):
        yield f"- {title}: {_listed(counts) or 'none'}"
    yield ""


def _control(row: Row) -> Iterator[str]:
    yield from (f"### {row.id} ({WHO[row.by]})", "", f"*{row.asks}* {row.answer}", "")
    for title, items in (("code", row.code), ("tests", row.tests), ("evidence", row.evidence)):
        yield f"- {title}: {_coded(items)}"
    yield f"- in this record: {_acts(row.record) or 'no entry in this time'}"


def _acts(acts: Acts) -> str:
    return "; ".join(f"`{name}` {_listed(verdicts)}" for name, verdicts in acts.items())


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{_plain(name)} {count}" for name, count in counts.items())


def _coded(items: Sequence[str]) -> str:
    return ", ".join(f"`{item}`" for item in items)


def _time(period: Period) -> str:
    since = "its beginning" if period.since is None else instant_text(period.since)
    until = "now" if period.until is None else instant_text(period.until)
    return f"the time from {since} until {until}"


def _plain(text: str) -> str:
    """Return a text that others gave, so that it draws nothing on the page."""
    return "".join(f"\\{char}" if char in "\\`*_[]<>|#!" else char for char in text)
