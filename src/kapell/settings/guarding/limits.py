"""Sections about how often who may ask, and how much money may go where."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from kapell.settings.sections import Seconds, Section


def _redis(address: SecretStr) -> SecretStr:
    # It may hold a password, so it is never repeated.
    if not _is_redis(address.get_secret_value()):
        raise ValueError("an address is needed, such as redis://localhost:6379/0")
    return address


def _is_redis(address: str) -> bool:
    try:
        parts = urlsplit(address)
        fits = parts.scheme in ("redis", "rediss", "unix") and parts.port != 0
    except ValueError:  # no number, or one that no port has
        return False
    # The library takes database 0 in place of what it cannot read.
    database = "" if parts.scheme == "unix" else parts.path.strip("/")
    return fits and (not database or database.isdecimal())


class RateSection(Section):
    """How often somebody may ask within a window of time."""

    per: Literal["ip", "user", "tool", "tenant", "conversation", "key"]
    """Whose requests are counted together. `tool` counts calls of tools, by whomever; the others
    count what people and clients ask for: runs begun, answers given, signals sent."""

    most: int = Field(ge=0)
    """Requests that are let through in a window."""

    every: Seconds = Field(gt=0)
    """Length of the window: `1m`, `1h`. Windows begin at the same instants for everyone (UTC)."""

    who: str = ""
    """The one it is for, such as `user:anna`, or a pattern of tools, such as `web.*` (all of them
    together); each by itself when nobody is named."""

    everywhere: bool = False
    """Whether it also holds at the terminal of this machine. Rates of tools always do."""


_PLANS = (
    RateSection(per="user", most=10, every=60),
    RateSection(per="user", most=100, every=3600),
    RateSection(per="tenant", most=1000, every=3600),
    RateSection(per="conversation", most=50, every=3600),
    RateSection(per="ip", most=60, every=60),
)


class CostSection(Section):
    """How much money model calls may cost, in US dollars; `null` sets no limit.

    A call that has no room is not made: its run waits until the limit is raised or its window ends.
    """

    conversation: float | None = Field(default=2.0, ge=0)
    """For one conversation: a run, its children, forks and restarts, within 30 days."""

    user: float | None = Field(default=10.0, ge=0)
    """For one user, a day (UTC)."""

    tenant: float | None = Field(default=100.0, ge=0)
    """For all users of a tenant together, a day (UTC)."""

    warn: float = Field(default=0.8, gt=0, le=1)
    """Share of a limit from which the run's history tells that it has come near."""

    unusual: float | None = Field(default=3.0, gt=1)
    """How many times a usual day a user or the tenant has to spend for people to be told, once a
    day. Usual is the median of those of the last 14 days on which anything was spent; five must be
    known."""

    notable: float = Field(default=1.0, ge=0)
    """US dollars a day has to cost before it is called unusual."""


class LimitsSettings(Section):
    """How often who may ask, and how much that may cost."""

    rates: tuple[RateSection, ...] = _PLANS
    """How often who may ask; these replace all of the defaults. They hold for requests that are
    served: over a network, or to other programs by `kapell mcp --http`."""

    cost: CostSection = CostSection()
    """How much money may be spent. Policies may raise or lower it."""

    redis: Annotated[SecretStr, AfterValidator(_redis)] | None = None
    """Address of a Redis server in which rates and quotas are counted in place of the database:
    `redis://HOST:PORT/0`. Needs `pip install 'kapell[redis]'`."""


class BreakerSettings(Section):
    """When a run is held until a person has looked; `null` sets no limit.

    `guardrails.flags.breaker` switches all of it off.
    """

    failures: int | None = Field(default=3, ge=1)
    """Failures in a row, of the steps of one agent or of the whole run, retries and handlers
    exhausted."""

    confidence: float | None = Field(default=0.5, ge=0, le=1)
    """How sure an agent has to be of its answers, where these are objects with a `confidence`."""

    times: int = Field(default=2, ge=1)
    """Answers in a row of which it was less sure that hold the run."""

    repeats: int | None = Field(default=3, ge=1)
    """Requests of one answer for a call that was made before: they are refused, and so many hold
    the run."""

    cost: float | None = Field(default=5.0, ge=0)
    """US dollars that a run without a budget of its own may cost, with all that it began."""

    calls: int | None = Field(default=10_000, ge=1)
    """Calls of models, and of tools that they ask for, a run and all that it began may make."""

    runs: int | None = Field(default=10_000, ge=1)
    """Runs that a run may begin, with those that they begin."""

    notify: str = Field(default="log", pattern="^[a-z][a-z0-9_]*$")
    """Channel of `tools.notify.channels` by which people are told of a run that is held. What they
    are told holds nothing of what the run works on."""

    agent: int | None = Field(default=3, ge=1)
    """Runs in a row in which an agent failed, whoever began them, after which it is asked no more
    until a person has let it: `kapell breaker close AGENT`. What a provider, a limit or a person is
    the cause of does not count."""

    tenant: int | None = Field(default=10, ge=1)
    """Runs of a tenant that were held within an hour, after which no more are let begin until a
    person has closed the breaker: `kapell breaker close`. Money that a limit keeps does not
    count."""
