"""Nothing hangs and no sum is wrong, whatever happens to a run."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapell.core.runs.status import TERMINAL
from tests.unit.core.runs.rough.limits import limited
from tests.unit.core.runs.rough.rough import RoughDriver
from tests.unit.core.runs.strategies import FATES, Fate, Form, compiled, forms


@pytest.mark.requirement("DX-04", "DX-06", "DX-08")
@given(forms(), FATES, st.integers(0, 2**32), st.sampled_from([0, 10, 25, 40]))
def test_every_run_ends_whatever_happens_to_it(
    form: Form, fate: Fate, seed: int, trouble: int
) -> None:
    version = compiled(limited(form, random.Random(seed)))  # noqa: S311 - no secret
    sim = RoughDriver(version, fate, seed, trouble=trouble).live()
    assert sim.state.status in TERMINAL
