"""The works of the bench: which scripts do each, in which variants, with how much to do."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from bench.environments import HERE, python

Store: TypeAlias = Literal["sqlite", "postgres", "none"]


@dataclass(frozen=True)
class Contestant:
    """A script that does a work, in each of its variants; "" is the only one there is."""

    name: str
    script: str
    variants: tuple[str, ...] = ("",)
    peer: str = ""
    """The peer whose environment runs it; "" is ours."""

    @property
    def interpreter(self) -> Path:
        """Return the Python that runs the script."""
        return python(self.peer) if self.peer else Path(sys.executable)


@dataclass(frozen=True)
class Work:
    """A work all its contestants do, one after another, several rounds."""

    name: str
    store: Store
    contestants: tuple[Contestant, ...]
    full: Mapping[str, int]
    """Options that say how much to do."""
    quick: Mapping[str, int]
    rounds: int = 3
    turns: int = 0
    """Turns of a round, when all contestants are up at once and take short turns; the others are
    stopped meanwhile. 0: each contestant is started, does its work and ends."""
    timeout: float = 240.0
    provider: bool = False
    """Whether its contestants ask a provider: one loopback server, which is up beside them all."""
    higher: frozenset[str] = frozenset()
    """Metrics of which more is better: they choose the best variant."""

    def arguments(self, *, quick: bool) -> list[str]:
        """Return the options of the scripts."""
        amounts = self.quick if quick else self.full
        return [text for name, value in amounts.items() for text in (f"--{name}", str(value))]


def _runs(langgraph: tuple[str, ...], dbos: tuple[str, ...]) -> tuple[Contestant, ...]:
    return (
        Contestant("kapell", "kapell_runs.py"),
        Contestant("langgraph", "peers/langgraph_runs.py", langgraph, "langgraph"),
        Contestant("dbos", "peers/dbos_runs.py", dbos, "dbos"),
    )


def _one(store: Store, langgraph: tuple[str, ...]) -> Work:
    return Work(
        name=f"one-{store}",
        store=store,
        contestants=_runs(langgraph, ("sync", "async")),
        full={},
        quick={},
        rounds=5,
        turns=8,
    )


def _wide(store: Store, langgraph: tuple[str, ...]) -> Work:
    return Work(
        name=f"wide-{store}",
        store=store,
        contestants=_runs(langgraph, ("sync", "async", "queue")),
        full={"wide": 500},
        quick={"wide": 100},
        higher=frozenset({"wide_steps_s"}),
    )


WORKS: tuple[Work, ...] = (
    Work(
        name="floor",
        store="postgres",
        contestants=(Contestant("disk", "floor.py"),),
        full={"count": 400},
        quick={"count": 100},
    ),
    _one("sqlite", ("sync", "async")),
    _one("postgres", ("sync", "async", "pipeline")),
    _wide("sqlite", ("sync", "async")),
    _wide("postgres", ("sync", "async", "pipeline")),
    Work(
        name="queue",
        store="postgres",
        contestants=(
            Contestant("kapell", "kapell_queue.py"),
            Contestant("dbos", "peers/dbos_queue.py", ("1ms", "10ms"), "dbos"),
        ),
        full={"count": 150},
        quick={"count": 40},
    ),
    Work(
        name="takeover",
        store="postgres",
        contestants=(Contestant("kapell", "kapell_takeover.py"),),
        full={"kills": 3},
        quick={"kills": 1},
        rounds=2,
    ),
    Work(
        name="waiting",
        store="postgres",
        contestants=(Contestant("kapell", "kapell_waiting.py"),),
        full={"runs": 10_000, "wakes": 200},
        quick={"runs": 1_000, "wakes": 50},
        rounds=1,
        timeout=300.0,
    ),
    Work(
        name="items",
        store="sqlite",
        contestants=(Contestant("kapell", "kapell_items.py"),),
        full={"most": 10_000},
        quick={"most": 2_500},
        rounds=1,
        timeout=300.0,
    ),
    Work(
        name="start",
        store="none",
        contestants=(
            Contestant("bare", "starting.py", ("bare",)),
            Contestant("help", "starting.py", ("help",)),
            Contestant("validate", "starting.py", ("validate",)),
        ),
        full={"count": 1},
        quick={"count": 5},
        rounds=9,
    ),
    Work(
        name="sandbox",
        store="none",
        contestants=(
            Contestant("monty", "sandbox_start.py", ("monty",)),
            Contestant("bubblewrap", "sandbox_start.py", ("bubblewrap",)),
        ),
        full={"count": 100},
        quick={"count": 20},
    ),
    Work(
        name="labels",
        store="sqlite",
        contestants=(Contestant("kapell", "kapell_labels.py"),),
        full={"count": 200},
        quick={"count": 30},
    ),
    Work(
        name="policy",
        store="none",
        contestants=(
            Contestant("builtin", "kapell_policy.py", ("builtin",)),
            Contestant("rules", "kapell_policy.py", ("rules",)),
            Contestant("anew", "kapell_policy.py", ("anew",)),
        ),
        full={"count": 2_000},
        quick={"count": 300},
    ),
    Work(
        name="agent",
        store="sqlite",
        contestants=(
            Contestant("sdk", "sdk_agent.py"),
            Contestant("kapell", "kapell_agent.py"),
            Contestant("pydantic-ai", "peers/pydantic_ai_agent.py", peer="pydantic-ai"),
            Contestant(
                "langgraph",
                "peers/langgraph_agent.py",
                ("memory", "sqlite"),
                "langgraph-agent",
            ),
            Contestant("agent-framework", "peers/agent_framework_agent.py", peer="agent-framework"),
        ),
        full={},
        quick={},
        rounds=5,
        turns=8,
        provider=True,
    ),
    Work(
        name="gateway",
        store="sqlite",
        contestants=(
            Contestant("kapell", "kapell_gateway.py"),
            Contestant("litellm", "peers/litellm_gateway.py", peer="litellm"),
        ),
        full={},
        quick={},
        rounds=5,
        turns=8,
        provider=True,
    ),
    Work(
        name="guarding",
        store="none",
        contestants=(
            Contestant("kapell", "kapell_guarding.py"),
            Contestant("presidio", "peers/presidio_guarding.py", peer="presidio"),
            Contestant("litellm-presidio", "peers/litellm_guarding.py", peer="litellm"),
        ),
        full={"count": 300},
        quick={"count": 50},
    ),
    Work(
        name="fuzz",
        store="none",
        contestants=(Contestant("kapell", "kapell_fuzz.py"),),
        full={"count": 64},
        quick={"count": 16},
    ),
    Work(
        name="profile",
        store="postgres",
        contestants=(Contestant("kapell", "profile_step.py"),),
        full={"runs": 40},
        quick={"runs": 10},
        rounds=1,
    ),
)


def script(contestant: Contestant) -> Path:
    """Return the path of a contestant's script."""
    return HERE / contestant.script
