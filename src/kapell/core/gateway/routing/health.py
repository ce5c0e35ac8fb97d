"""How well a deployment is: folded from what came of its calls, the same for all workers."""

from typing import Literal, TypeAlias

import msgspec

from kapell.core.gateway.calls import Turned
from kapell.core.gateway.routing.route import Breaker
from kapell.kit.clock import span_text

Outcome: TypeAlias = Literal["answered", "failed", "limited", "barred"]
"""``answered``: it did its part (a refusal of the prompt too). ``failed``: it did not. ``limited``:
it asked us to slow down. ``barred``: it does not let us in at all, which no waiting mends soon.
"""

Standing: TypeAlias = Literal["well", "limited", "open", "half_open", "probing"]
"""``open``: sick, left alone. ``half_open``: one call may find out. ``probing``: one just does."""

_OUTCOMES: dict[str, Outcome] = {
    "model_rate_limited": "limited",
    "model_unavailable": "failed",
    "model_timeout": "failed",
    "model_answer_broken": "failed",
    "model_key_wrong": "barred",
    "model_quota_spent": "barred",
    "model_unknown": "barred",
    "model_refused": "answered",
    "model_filtered": "answered",
    "model_context_exceeded": "answered",
}
_PAUSE = 1.0
"""Seconds a deployment is spared that asked us to slow down and did not say for how long."""

_LONGEST_PAUSE = 3600.0


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one call: ``code`` of its failure, empty when there was none.

    ``breaker`` is the rule of the deployment that was asked.
    """

    deployment: str
    outcome: Outcome
    at: float
    seconds: float = 0.0
    code: str = ""
    retry_after: float | None = None
    breaker: Breaker = Breaker()

    @property
    def began(self) -> float:
        """Return when the call began."""
        return self.at - self.seconds


class Health(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of a deployment; times are 0 when it never happened.

    ``failures`` in a row. ``openings`` is how often it was found sick since it was last well.
    ``code`` is that of the last failure.
    """

    failures: int = 0
    window_at: float = 0.0
    window_calls: int = 0
    window_failures: int = 0
    opened_at: float = 0.0
    open_until: float = 0.0
    openings: int = 0
    probe_until: float = 0.0
    limited_until: float = 0.0
    code: str = ""
    failed_at: float = 0.0
    answered_at: float = 0.0


WELL = Health()


def outcome_of(code: str) -> Outcome | None:
    """Return what a failure says of the deployment; None when it says nothing about it.

    What this process lacks (a key, a setting) is no news for the others.
    """
    return _OUTCOMES.get(code)


def standing(health: Health, now: float) -> Standing:
    """Return how a deployment stands at a time.

    What it asked for itself comes first: a sick one that asked for a pause is not asked within it,
    not even for want of anything better.
    """
    if now < health.limited_until:
        return "limited"
    if health.opened_at:
        if now < health.open_until:
            return "open"
        return "probing" if now < health.probe_until else "half_open"
    return "well"


def after(health: Health, report: Report) -> Health:
    """Return the health after one more call.

    A call that began before the deployment was found sick tells nothing new about it.
    """
    old = bool(health.opened_at) and report.began < health.opened_at
    health = _counted(health, report)
    match report.outcome:
        case "answered":
            health = msgspec.structs.replace(health, answered_at=report.at)
            return health if old else _well(health)
        case "limited":
            return msgspec.structs.replace(
                health if old else _well(health),
                limited_until=_spared(health, report, _PAUSE),
                code=report.code,
            )
        case "failed" | "barred":
            health = msgspec.structs.replace(
                health,
                failures=health.failures + 1,
                limited_until=_spared(health, report),
                code=report.code,
                failed_at=report.at,
            )
            return health if old or not _is_sick(health, report) else _opened(health, report)


def turned(before: Health, report: Report, now: Health) -> Turned | None:
    """Return whether a call's report opened or closed the breaker, and why."""
    if now.openings > before.openings:
        until = now.open_until
        rest = span_text(until - report.at)
        said = f"{_sickness(before, report)} ({report.code}): left alone for {rest}"
        return Turned("opened", said, until)
    if before.opened_at and not now.opened_at:
        said = (
            "it answered" if report.outcome == "answered" else "it answered that it is at a limit"
        )
        return Turned("closed", said)
    return None


def _sickness(before: Health, report: Report) -> str:
    """Return what made a report the one that opened the breaker."""
    if before.opened_at:
        return "the probe failed"
    if report.outcome == "barred":
        return "it lets nobody in"
    if before.failures + 1 >= report.breaker.failures:
        return f"{before.failures + 1} failures in a row"
    counted = _counted(before, report)
    window = span_text(report.breaker.window)
    return f"{counted.window_failures} of {counted.window_calls} calls failed within {window}"


def probed(health: Health, now: float, until: float) -> Health | None:
    """Return the health with a probe under way until then; None when it is not to be probed."""
    if standing(health, now) != "half_open":
        return None
    return msgspec.structs.replace(health, probe_until=until)


def _spared(health: Health, report: Report, usual: float | None = None) -> float:
    """Return until when the deployment is spared because it asked for that."""
    pause = usual if report.retry_after is None else report.retry_after
    if pause is None:
        return health.limited_until
    return max(health.limited_until, report.at + min(max(pause, 0.0), _LONGEST_PAUSE))


def _counted(health: Health, report: Report) -> Health:
    fresh = report.at - health.window_at >= report.breaker.window
    bad = report.outcome in ("failed", "barred")
    return msgspec.structs.replace(
        health,
        window_at=report.at if fresh else health.window_at,
        window_calls=1 if fresh else health.window_calls + 1,
        window_failures=int(bad) if fresh else health.window_failures + bad,
    )


def _well(health: Health) -> Health:
    return msgspec.structs.replace(
        health, failures=0, opened_at=0.0, open_until=0.0, openings=0, probe_until=0.0
    )


def _is_sick(health: Health, report: Report) -> bool:
    rule = report.breaker
    if health.opened_at:  # what is asked for want of anything better does not lengthen its rest
        return report.at >= health.open_until
    if report.outcome == "barred" or health.failures >= rule.failures:
        return True
    many = health.window_failures >= 2 * rule.failures
    return many and health.window_failures >= rule.share * health.window_calls


def _opened(health: Health, report: Report) -> Health:
    rule = report.breaker
    doublings = min(health.openings, 20)
    rest = min(rule.cooldown * 2**doublings, max(rule.longest, rule.cooldown))
    return msgspec.structs.replace(
        health,
        opened_at=report.at,
        open_until=report.at + rest,
        openings=health.openings + 1,
        probe_until=0.0,
        window_calls=0,
        window_failures=0,
    )
