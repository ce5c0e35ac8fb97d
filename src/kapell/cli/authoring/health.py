"""``kapell models health``: how deployments are, and what they did in the last hour."""

from kapell.cli.exits import Exit
from kapell.cli.session import Session, carry_out
from kapell.cli.surroundings import Surroundings
from kapell.core.gateway.routing.panel import Line, first_minute, panel
from kapell.core.gateway.routing.route import chosen
from kapell.kit.clock import instant_text, span_text

_SAID = {
    "well": "well",
    "limited": "limited",
    "open": "sick",
    "half_open": "sick, to be probed",
    "probing": "sick, being probed",
}


def show_health(surroundings: Surroundings, *, as_json: bool) -> Exit:
    """Write every deployment that routes name or that was asked lately."""

    async def work(session: Session) -> Exit:
        app, screen = session.app, session.screen
        now = app.clock.now()
        store = app.store.deployments
        lines = panel(
            chosen(app.settings.definitions.routes),
            await store.healths(app.tenant),
            await store.minutes(app.tenant, first_minute(now)),
            now,
        )
        if as_json:
            screen.document({"minutes": 60, "deployments": [_document(one) for one in lines]})
            return Exit.OK
        if not lines:
            screen.note("No provider was asked in the last hour, and no route names several.")
            return Exit.OK
        heads = (
            "deployment",
            "state",
            "calls",
            "failed",
            "limited",
            "mean",
            "slowest",
            "last failure",
        )
        screen.table(heads, [_cells(one, now) for one in lines], right=(2, 3, 4, 5, 6))
        return Exit.OK

    return carry_out(surroundings, work)


def _cells(one: Line, now: float) -> tuple[str, ...]:
    rest = f" for {span_text(one.until - now)}" if one.until else ""
    failed = (
        f"{one.code} {span_text(max(now - one.failed_at, 0))} ago" if one.failed_at else one.code
    )
    return (
        one.deployment,
        f"{_SAID[one.standing]}{rest}",
        f"{one.calls:,}",
        f"{one.failed:,}",
        f"{one.limited:,}",
        span_text(one.mean) if one.answered else "-",
        span_text(one.slowest) if one.answered else "-",
        failed,
    )


def _document(one: Line) -> dict[str, object]:
    return {
        "deployment": one.deployment,
        "model": one.model,
        "routes": list(one.routes),
        "state": one.standing,
        "until": instant_text(one.until) if one.until else None,
        "last_failure": one.code or None,
        "failed_at": instant_text(one.failed_at) if one.failed_at else None,
        "answered": one.answered,
        "failed": one.failed,
        "limited": one.limited,
        "mean_seconds": round(one.mean, 3),
        "slowest_seconds": round(one.slowest, 3),
        "minutes": [
            {
                "at": instant_text(minute.minute * 60.0),
                "answered": minute.answered,
                "failed": minute.failed,
                "limited": minute.limited,
                "seconds": round(minute.seconds, 3),
            }
            for minute in one.minutes
        ],
    }
