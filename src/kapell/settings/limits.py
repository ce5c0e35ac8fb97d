"""Sections about how often who may ask, and how much money may go where."""

from typing import Literal

from pydantic import Field, SecretStr

from kapell.settings.sections import Seconds, Section


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


class LimitsSettings(Section):
    """How often who may ask, and how much that may cost."""

    rates: tuple[RateSection, ...] = _PLANS
    """How often who may ask; these replace all of the defaults. They hold for requests that are
    served: over a network, or to other programs by `kapell mcp --http`."""

    cost: CostSection = CostSection()
    """How much money may be spent. Policies may raise or lower it."""

    redis: SecretStr | None = None
    """Address of a Redis server in which rates and quotas are counted in place of the database:
    `redis://HOST:PORT/0`. Needs `pip install 'kapell[redis]'`."""
