"""Nothing hangs and no sum is wrong, whatever happens to a run."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapell.core.runs.status import TERMINAL
from kapell.testing.crash.invariants import broken_rules
from tests.unit.core.runs.rough.limits import limited
from tests.unit.core.runs.rough.rough import RoughDriver
from tests.unit.core.runs.strategies import FATES, Fate, Form, compiled, forms


@pytest.mark.requirement("DX-04", "DX-06", "DX-08")
@given(forms(), FATES, st.integers(0, 2**32), st.sampled_from([0, 10, 25, 40]))
def test_every_run_ends_whatever_happens_to_it(
    form: Form, fate: Fate, seed: int, trouble: int
) -> None:
    version = compiled(limited(form, random.Random(seed)))  # noqa: S311 - no secret
    driver = RoughDriver(version, fate, seed, trouble=trouble)
    sim = driver.live()
    assert sim.state.status in TERMINAL
    if not driver.forked:  # a fork makes calls anew that its prefix has made already
        assert broken_rules(sim.program, sim.stored_events()) == []
