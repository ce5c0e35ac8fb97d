"""Short ways to run a text in simulation, for tests of one rule each."""

import textwrap
from collections.abc import Callable, Mapping

from kapell.core.approvals.question import Question
from kapell.core.gateway.calls import ModelAnswer, Usage
from kapell.core.pricing.quote import Quote
from kapell.core.runs.decide import next_due
from kapell.core.runs.inputs import TimePassed
from kapell.core.runs.state import OpenCall
from kapell.core.workflows.pins import Pins, WorkspaceDefaults
from kapell.core.workflows.version import Retry
from kapell.kit.errors import Failure, Kind
from kapell.kit.json import Json
from kapell.testing.simulation import Simulation
from tests.unit.core.workflows.authoring import AGENTS, version_of

DOWN = Failure("down", "It is down.", Kind.UNAVAILABLE, retryable=True)
BAD = Failure("bad", "It is bad.", Kind.INVALID)
ONCE = WorkspaceDefaults(retry=Retry(attempts=1))

Effect = Callable[[OpenCall, Json], "Json | Failure | ModelAnswer | Question"]


def echo(call: OpenCall, args: Json) -> Json | Failure | ModelAnswer:
    """Give back what a call was given; tools named ``bad`` and ``down`` fail so."""
    failures = {"bad": BAD, "down": DOWN}
    return failures.get(call.name.removeprefix("once."), args)


def sim(
    steps: str,
    effect: Effect = echo,
    inputs: Mapping[str, Json] | None = None,
    *,
    head: str = "",
    workflows: Mapping[str, str] | None = None,
    quote: tuple[int, int] | None = None,
    seed: int | None = None,
    model: str | None = None,
) -> Simulation:
    """Return a run of these steps that nobody has claimed yet.

    ``quote`` is the price of a million tokens in and out, in nano-dollars; ``model`` overrides that
    of every step.
    """
    text = (
        f"name: w\n{textwrap.dedent(head)}\nsteps:\n{textwrap.indent(textwrap.dedent(steps), '  ')}"
    )
    subs = {name: version_of(sub, defaults=ONCE) for name, sub in (workflows or {}).items()}
    version = version_of(text, Pins(agents=AGENTS, workflows=subs), ONCE)
    quotes: dict[str, Quote | Failure] | None = None
    if quote is not None:
        quotes = {"offline": Quote(model="offline", input_price=quote[0], output_price=quote[1])}
    return Simulation(version, inputs or {}, effect, quotes=quotes, seed=seed, model=model)


def ran(
    steps: str,
    effect: Effect = echo,
    inputs: Mapping[str, Json] | None = None,
    *,
    head: str = "",
    workflows: Mapping[str, str] | None = None,
    quote: tuple[int, int] | None = None,
) -> Simulation:
    """Return a run of these steps that has ended, or waits for somebody."""
    made = sim(steps, effect, inputs, head=head, workflows=workflows, quote=quote)
    made.run()
    return made


def said(value: Json, tokens: tuple[int, int] = (10, 5)) -> ModelAnswer:
    """Return a model's answer with its use."""
    usage = Usage(input_tokens=tokens[0], output_tokens=tokens[1])
    return ModelAnswer(text=str(value), value=value, usage=usage)


def paths(made: Simulation, kind: str) -> list[str]:
    """Return the paths of all events of a type, in order."""
    return [getattr(e.payload, "path", "") for e in made.events if e.type == kind]


def asked(made: Simulation) -> list[tuple[str, Json]]:
    """Return path and arguments of every call carried out, in order."""
    return [(call.path, getattr(call.prompt, "value", None)) for call in made.asked]


def overdue(made: Simulation) -> Simulation:
    """Let a minute pass, and then whatever is due at once."""
    made.now += 60
    for _ in range(9):
        due = next_due(made.state, made.carried.waitlists)
        if due is None or due > made.now:
            return made
        made.give(TimePassed())
    raise AssertionError("something stays due")
