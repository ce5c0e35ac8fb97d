"""The profile names the slowest step and tells work from waiting."""

import msgspec
import pytest

from kapell.core.events.envelope import Event
from kapell.projections.profile import profile
from tests.unit.projections.histories import simulated, whole

TWO = """
name: w
steps:
  - {id: quick, tool: file.read, with: {path: x}}
  - {id: slow, tool: file.read, with: {path: x}}
"""


def _stretched(events: list[Event], path: str, by: float) -> list[Event]:
    """Return the log as it would be had the call of ``path`` lasted ``by`` seconds longer."""
    late, found = 0.0, []
    for event in events:
        if event.type == "tool.returned" and getattr(event.payload, "path", "") == path:
            late = by
        found.append(msgspec.structs.replace(event, at=event.at + late))
    return found


@pytest.mark.requirement("OB-07")
@pytest.mark.parametrize("slow", ["quick", "slow"])
def test_the_slowest_step_is_named(slow: str) -> None:
    sim = simulated(TWO)
    sim.run()
    view = profile(_stretched(sim.events, slow, 3.0))
    assert view.slowest is not None
    assert view.slowest.step == slow
    assert view.slowest.busy == pytest.approx(3.01, abs=0.001)
    assert view.seconds == pytest.approx(3.02, abs=0.001)


@pytest.mark.requirement("OB-07")
def test_waiting_is_not_work() -> None:
    view = profile(whole())
    release = view.steps["replies/release"]
    assert release.busy == pytest.approx(0, abs=0.1)
    assert release.idle == pytest.approx(60, abs=0.1)
    assert view.steps["pause"].idle == pytest.approx(300, abs=0.1)
    assert view.steps["classify"].idle < 2, "the pause before the second attempt"
    assert {one.step for one in view.ranked()}.isdisjoint({"replies", "sides", "again", "way"})


def test_work_side_by_side_counts_once() -> None:
    view = profile(whole())
    classify = view.steps["classify"]
    assert classify.runs == 3
    assert classify.sum > classify.busy
    assert classify.slowest_path.startswith("classify[")


def test_nothing_is_at_work_after_the_end() -> None:
    view = profile(whole(broken=("last",)))
    assert view.ended
    assert not any(one.working or one.waiting for one in view.steps.values())
