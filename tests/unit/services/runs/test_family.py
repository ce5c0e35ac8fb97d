"""What a child run tells its parent: how it ended, and what it learns afterwards that it cost."""

import msgspec
import pytest

from kapell.core.events.run import Origin
from kapell.core.gateway.calls import Usage
from kapell.core.runs.commands import ChildOutcome, LateAnswer
from kapell.services.runs.advancing.family import messages
from kapell.testing.simulation import Simulation
from tests.unit.core.runs.running import sim

PRICE = (1_000_000_000, 1_000_000_000)


def told(made: Simulation, since: int) -> list[tuple[str, ChildOutcome]]:
    """Return what goes to the parent with the events after ``since``."""
    state = made.state
    state.request = msgspec.structs.replace(
        state.request, origin=Origin("child", "run_parent", path="a")
    )
    found = messages(state, [event.payload for event in made.events[since:]], {})
    return [(m.key, m.command) for m in found if isinstance(m.command, ChildOutcome)]


@pytest.mark.requirement("GR-07")
def test_a_late_answer_reaches_the_parent_of_a_run_that_has_ended() -> None:
    made = sim("- {id: a, ask: Hi}", quote=PRICE)
    made.claim()
    first = next(iter(made.state.calls.values()))
    made.crash()
    made.run()
    before = made.state.usd
    ((key, outcome),) = told(made, 0)
    assert (outcome.status, outcome.usd, outcome.owing) == ("succeeded", before, True)
    ended = len(made.events)
    made.tell(LateAnswer(first.call, Usage(10, 5), 15_000))
    ((later, corrected),) = told(made, ended)
    assert key != later
    assert (corrected.status, corrected.owing) == ("succeeded", False)
    assert corrected.usd == made.state.usd < before


def test_a_late_answer_before_the_end_is_told_with_the_end_alone() -> None:
    made = sim("- {id: a, ask: Hi}", quote=PRICE)
    made.claim()
    first = next(iter(made.state.calls.values()))
    made.crash()
    seen = len(made.events)
    made.tell(LateAnswer(first.call, Usage(10, 5), 15_000))
    assert told(made, seen) == []
    made.run()
    ((_, outcome),) = told(made, seen)
    assert (outcome.usd, outcome.owing) == (made.state.usd, False)
