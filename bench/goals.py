"""The goals of the bench as data: what is measured, against whom, and what must be reached.

A figure is named ``work.metric``; ``work`` is a name of ``bench.works``, ``metric`` what its
scripts say. The statistic is taken in every round, and the median over the rounds is the figure.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

PEERS = ("langgraph", "dbos")
Statistic: TypeAlias = Literal["p50", "p95", "max", "sum"]


@dataclass(frozen=True)
class Faster:
    """Ours must be so many times better than the best of these contestants."""

    times: float
    than: tuple[str, ...] = PEERS


@dataclass(frozen=True)
class Within:
    """Ours may be at most so many times the other contestant's."""

    times: float
    of: str


@dataclass(frozen=True)
class AtMost:
    """Ours may be at most this, in the goal's unit."""

    value: float
    quiet: bool = False
    """The limit was set for a machine on which nothing else runs."""


@dataclass(frozen=True)
class Goal:
    """One line of the goal table."""

    work: str
    """What is done, in words."""
    figure: str
    """``work.metric`` of the figure."""
    statistic: Statistic
    unit: str
    target: Faster | Within | AtMost
    higher: bool = False
    """More is better (a rate), not less (a time)."""
    ours: str = "kapell"


_ONE = "one run of 10 no-op steps, per step"
_WIDE = "500 runs x 5 steps side by side"
_FIRST = "enqueue to first step on a separate worker, Postgres"
_COMMAND = "command to its event on a live run, Postgres"
_KILL = "`kill -9` to the next step running on another worker"
_WAITING = "10,000 waiting runs"
_ITEMS = "`for_each` over 10,000 items"

_POLICY = "a decision of the policies about a tool call"
_TURN = "one agent turn with one tool call, ten to a run"
_FRAMEWORKS = ("pydantic-ai", "langgraph", "agent-framework")
_GUARDING = "a message through the whole default pipeline"
_PRESIDIO = Faster(1, ("presidio", "litellm-presidio"))
_GATEWAY = "gateway overhead a call: route, breaker, budget, journal on"

GOALS: tuple[Goal, ...] = (
    Goal(f"{_ONE}, SQLite", "one-sqlite.step_ms", "p50", "ms", Faster(3)),
    Goal(f"{_ONE}, Postgres", "one-postgres.step_ms", "p50", "ms", Faster(5)),
    Goal(f"{_WIDE}, SQLite", "wide-sqlite.wide_steps_s", "p50", "steps/s", Faster(10), higher=True),
    Goal(
        f"{_WIDE}, Postgres",
        "wide-postgres.wide_steps_s",
        "p50",
        "steps/s",
        Faster(10),
        higher=True,
    ),
    Goal(f"{_FIRST}, p50", "queue.first_step_ms", "p50", "ms", Faster(3, ("dbos",))),
    Goal(f"{_FIRST}, p95", "queue.first_step_ms", "p95", "ms", Faster(3, ("dbos",))),
    Goal(f"{_FIRST}, p50", "queue.first_step_ms", "p50", "ms", AtMost(12, quiet=True)),
    Goal(f"{_FIRST}, p95", "queue.first_step_ms", "p95", "ms", AtMost(25, quiet=True)),
    Goal(f"{_COMMAND}, p50", "queue.command_ms", "p50", "ms", AtMost(8, quiet=True)),
    Goal(f"{_COMMAND}, p95", "queue.command_ms", "p95", "ms", AtMost(15, quiet=True)),
    Goal(_KILL, "takeover.next_step_s", "max", "s", AtMost(5)),
    Goal(f"{_KILL}: finished steps done twice", "takeover.done_twice", "sum", "", AtMost(0)),
    Goal(f"{_WAITING}: worker slots used", "waiting.slots", "max", "", AtMost(0)),
    Goal(f"{_WAITING}: more memory", "waiting.more_mb", "max", "MB", AtMost(50)),
    Goal(f"{_WAITING}: wake-up, p95", "waiting.wake_ms", "p95", "ms", AtMost(100)),
    Goal(
        f"{_ITEMS}: time per item against 1,000 items",
        "items.time_growth",
        "p50",
        "x",
        AtMost(1.5),
    ),
    Goal(f"{_ITEMS}: memory", "items.peak_mb_10000", "max", "MB", AtMost(300)),
    Goal(
        f"{_ITEMS}: queries per item against 1,000 items",
        "items.query_growth",
        "p50",
        "x",
        AtMost(1.5),
    ),
    Goal(
        f"{_ITEMS}: database work per item against 1,000 items",
        "items.database_growth",
        "p50",
        "x",
        AtMost(1.5),
    ),
    Goal("`kapell --help`, CPU", "start.cpu_ms", "p50", "ms", Within(1.5, "bare"), ours="help"),
    Goal("`kapell validate`, CPU", "start.cpu_ms", "p50", "ms", Within(3, "bare"), ours="validate"),
    Goal(
        "`kapell --help`: model SDKs and SQLAlchemy imported",
        "start.heavy_imports",
        "max",
        "",
        AtMost(0),
        ours="help",
    ),
    Goal(
        "`kapell validate`: model SDKs and SQLAlchemy imported",
        "start.heavy_imports",
        "max",
        "",
        AtMost(0),
        ours="validate",
    ),
    Goal(
        "a program in monty, start to value",
        "sandbox.start_ms",
        "p50",
        "ms",
        AtMost(1),
        ours="monty",
    ),
    Goal(
        "a Python program under bubblewrap, start to value",
        "sandbox.start_ms",
        "p50",
        "ms",
        AtMost(80, quiet=True),
        ours="bubblewrap",
    ),
    Goal(
        "trust labels: their bookkeeping as a share of a step, SQLite",
        "labels.share_percent",
        "p50",
        "%",
        AtMost(5),
    ),
    Goal(_POLICY, "policy.decision_ms", "p50", "ms", AtMost(0.3, quiet=True), ours="builtin"),
    Goal(
        f"{_POLICY}, with rules of a workspace",
        "policy.decision_ms",
        "p50",
        "ms",
        AtMost(0.3, quiet=True),
        ours="rules",
    ),
    Goal(
        f"{_POLICY}, with rules of a workspace, of a call that is like no other",
        "policy.decision_ms",
        "p50",
        "ms",
        AtMost(0.3, quiet=True),
        ours="anew",
    ),
    Goal(_TURN, "agent.turn_ms", "p50", "ms", Within(1.5, "sdk")),
    Goal(_TURN, "agent.turn_ms", "p50", "ms", Faster(1, _FRAMEWORKS)),
    Goal(f"{_GUARDING}, 200 characters", "guarding.short_ms", "p50", "ms", AtMost(2, quiet=True)),
    Goal(f"{_GUARDING}, 4 kB", "guarding.long_ms", "p50", "ms", AtMost(20, quiet=True)),
    Goal(f"{_GUARDING}, 200 characters", "guarding.short_ms", "p50", "ms", _PRESIDIO),
    Goal(f"{_GUARDING}, 4 kB", "guarding.long_ms", "p50", "ms", _PRESIDIO),
    Goal("hostile texts: the slowest family, per kB", "fuzz.each_ms", "max", "ms", AtMost(50)),
    Goal(_GATEWAY, "gateway.overhead_ms", "p50", "ms", AtMost(3)),
    Goal(_GATEWAY, "gateway.overhead_ms", "p50", "ms", Faster(10, ("litellm",))),
)
