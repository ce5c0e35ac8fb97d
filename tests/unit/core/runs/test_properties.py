"""The invariants of the run machine, held against random workflows, fates, orders and crashes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kapell.core.workflows.version import Version
from kapell.kit.json import Json, encode
from tests.drawing import examples
from tests.unit.core.runs.driving import Driver, plain, undoable, undone
from tests.unit.core.runs.naive import Naive
from tests.unit.core.runs.running import paths
from tests.unit.core.runs.strategies import FATES, PINS, Fate, Form, compiled, forms, versions
from tests.unit.core.workflows.authoring import version_of

SEEDS = st.integers(0, 2**32)


def _effects(driver: Driver) -> dict[tuple[str, int], Json]:
    return {key: plain(args) for key, args in driver.effects.items()}


def _wanted(naive: Naive) -> dict[tuple[str, int], Json]:
    return {key: plain(args) for key, args in naive.effects.items()}


def _exhausted(driver: Driver) -> bool:
    failures = [getattr(event.payload, "failure", None) for event in driver.sim.events]
    return any(one is not None and one.code == "loop_exhausted" for one in failures)


def _compare(driver: Driver, fate: Fate) -> None:
    sim, version = driver.sim, driver.sim.program.version
    naive = Naive(version, {"n": 2}, fate)
    status = sim.state.status
    if naive.racy and (naive.exhausted or _exhausted(driver)):
        # Which of two failures came first is luck, and only one of them is tried again.
        assert status in ("succeeded", "failed") or sim.state.phase == "held"
        assert status != "failed" or undone(sim) == undoable(sim)[::-1]
        return
    if naive.status == "failed" and version.on_failure == "hold":
        assert (status, sim.state.phase) == ("waiting", "held")
        made, wanted = _effects(driver), _wanted(naive)
        assert naive.racy or made == {key: wanted.get(key, "not to be made") for key in made}
        return
    assert status == naive.status
    if status == "succeeded":
        assert plain(sim.output) == plain(naive.output)
    else:
        assert undone(sim) == undoable(sim)[::-1]
    if not naive.racy:
        assert _effects(driver) == _wanted(naive)
        assert sorted(undoable(sim)) == sorted(entry.path for entry in naive.undo)
        if status == "failed":
            assert sorted(paths(sim, "compensation.succeeded")) == sorted(naive.undone)


@settings(max_examples=examples(10))
@given(forms(depth=1))
def test_what_is_drawn_is_what_its_text_says(form: Form) -> None:
    assert compiled(form) == version_of(encode(form).decode(), PINS)


@pytest.mark.requirement("WF-01", "WF-02", "WF-03", "WF-04", "WF-05", "DX-05")
@given(versions(), FATES)
def test_a_run_comes_to_what_reading_its_workflow_says(version: Version, fate: Fate) -> None:
    driver = Driver(version, fate, seed=0)
    driver.run()
    _compare(driver, fate)


@pytest.mark.requirement("WF-04")
@given(versions(), FATES, SEEDS)
def test_any_order_of_results_comes_to_the_same(version: Version, fate: Fate, seed: int) -> None:
    driver = Driver(version, fate, seed)
    driver.run()
    _compare(driver, fate)


@pytest.mark.requirement("DX-04", "DX-06")
@given(versions(), FATES, SEEDS)
def test_crashes_and_repeated_inputs_change_nothing(
    version: Version, fate: Fate, seed: int
) -> None:
    driver = Driver(version, fate, seed, trouble=25)
    driver.run()
    _compare(driver, fate)


@pytest.mark.requirement("WF-11", "GR-10", "DX-06")
@given(versions(), FATES, SEEDS, st.sampled_from([0, 25]))
def test_calls_that_wait_for_people_come_to_the_same(
    version: Version, fate: Fate, seed: int, trouble: int
) -> None:
    driver = Driver(version, fate, seed, trouble=trouble, held=40)
    driver.run()
    _compare(driver, fate)


@pytest.mark.requirement("DX-07")
@given(versions(), FATES, SEEDS, st.sampled_from([0, 25]))
def test_the_same_inputs_come_to_the_same_log(
    version: Version, fate: Fate, seed: int, trouble: int
) -> None:
    one, two = (Driver(version, fate, seed, trouble=trouble) for _ in range(2))
    assert one.run().events == two.run().events
    assert one.sim.state == two.sim.state


@pytest.mark.requirement("DX-04")
@given(versions(), FATES, SEEDS, st.integers(0, 12))
def test_a_run_cancelled_anywhere_ends_undone(
    version: Version, fate: Fate, seed: int, moment: int
) -> None:
    driver = Driver(version, fate, seed, trouble=10)
    sim = driver.run(cancel_at=moment)
    if "run.cancelling" in sim.types:
        assert sim.state.status == "cancelled"
        assert undone(sim) == undoable(sim)[::-1]
    else:
        _compare(driver, fate)


@pytest.mark.slow
@pytest.mark.requirement("DX-04", "DX-06", "WF-04")
@settings(max_examples=examples(500))
@given(versions(), FATES, SEEDS, st.sampled_from([0, 10, 40]))
def test_many_runs_through_much_trouble_come_to_the_same(
    version: Version, fate: Fate, seed: int, trouble: int
) -> None:
    driver = Driver(version, fate, seed, trouble=trouble)
    driver.run()
    _compare(driver, fate)
