"""Whatever strangers' data can change carries their label.

The reference is naive: the same workflow is carried out twice, with other words of the strangers.
What comes out otherwise, or happens in one of both only, has read them, whichever way they came.
"""

from collections.abc import Iterator

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kapell.core.events.model import ModelRequested
from kapell.core.events.run import RunSucceeded
from kapell.core.events.step import StepSucceeded
from kapell.core.events.tool import ToolRequested
from kapell.core.events.value import Packed, unpack
from kapell.core.guardrails.labels import Label, joined
from kapell.core.runs.fold.snapshot import dump_state, load_state
from kapell.core.tools.spec import ToolSpec
from kapell.core.workflows.version import Version
from kapell.kit.errors import Failure
from kapell.kit.json import Json
from kapell.testing.simulation import Simulation
from tests.drawing import examples
from tests.unit.core.runs.driving import Driver, plain
from tests.unit.core.runs.strategies import FATES, Fate, versions

SEEDS = st.integers(0, 2**32)
Fact = dict[tuple[str, ...], tuple[Json, Label]]
"""Values by where they are in the run, each with its label."""


class Untrusted(dict[str, ToolSpec]):
    """Tools whose results are not to be trusted when they are ``t.do``."""

    def get(self, name: str, default: object = None) -> ToolSpec:
        del default
        trust = "untrusted" if name == "t.do" else "trusted"
        return ToolSpec(name=name, description="", args={}, trust=trust)  # type: ignore[arg-type]  # one of both


def values(made: Simulation) -> Fact:
    """Return every value that went into or came out of a part of the run."""
    return {place: (plain(value), label) for place, value, label in _values(made)}


def _values(made: Simulation) -> Iterator[tuple[tuple[str, ...], Json, Label]]:
    def known(packed: Packed) -> Json:
        return unpack(packed, made.values)

    for event in made.events:
        match event.payload:
            case ToolRequested(call=call, args=args, labels=labels):
                given = known(args)
                why = labels.get("", ())
                yield ("call", call), None, why
                for key, value in given.items() if isinstance(given, dict) else ():
                    yield ("call", call, key), value, joined((labels.get(key, ()), why))
            case ModelRequested(call=call, prompt=prompt, label=label):
                yield ("model", call), known(prompt), label
            case StepSucceeded(path=path, output=output, label=label):
                yield ("step", path), known(output), label
            case RunSucceeded(output=output, label=label):
                yield ("run",), known(output), label
            case _:
                pass


def compare(one: Fact, two: Fact) -> None:
    """Hold two runs against each other."""
    for place in {*one, *two}:
        here, there = one.get(place), two.get(place)
        if here is None or there is None or here[0] != there[0]:
            for found in filter(None, (here, there)):
                assert "web" in found[1], (place, here, there)


def fine(path: str, attempt: int, args: Json) -> Json:
    """Let every call succeed, whatever it is."""
    del path, attempt
    return {"did": args} if isinstance(args, dict) else f"said {args}"


@pytest.mark.requirement("GR-01", "GR-06", "TL-06")
@settings(max_examples=examples(60))
@given(versions(), SEEDS, st.sampled_from([1, 3, 5]))
def test_what_an_input_of_strangers_changes_carries_their_label(
    version: Version, seed: int, other: int
) -> None:
    labels: dict[str, Label] = {"n": ("web",)}
    runs = [Driver(version, fine, seed, n=n, labels=labels).run() for n in (2, other)]
    # That something fails is no word of strangers: what follows from it is told nothing of them.
    assume(not any({"step.failed", "step.dead"} & set(made.types) for made in runs))
    compare(*map(values, runs))


class Told:
    """A fate in which some calls of ``t.do`` are told other words."""

    def __init__(self, fate: Fate, place: int, word: str) -> None:
        self.fate, self.place, self.word = fate, place, word

    def __call__(self, path: str, attempt: int, args: Json) -> Json | Failure:
        found = self.fate(path, attempt, args)
        if (
            isinstance(args, dict)
            and set(args) == {"a", "b"}
            and sum(map(ord, path)) % 3 == self.place
        ):
            return {**found, "word": self.word} if isinstance(found, dict) else found
        return found


@pytest.mark.requirement("GR-01", "GR-06", "TL-06")
@settings(max_examples=examples(60))
@given(versions(), FATES, SEEDS, st.integers(0, 2))
def test_what_a_result_of_strangers_changes_carries_their_label(
    version: Version, fate: Fate, seed: int, place: int
) -> None:
    one, two = (
        Driver(version, Told(fate, place, word), seed, tools=Untrusted()).run()
        for word in ("one", "two")
    )
    compare(values(one), values(two))


@settings(max_examples=examples(30))
@given(versions(), FATES, SEEDS, st.sampled_from([0, 30]))
def test_labels_are_the_same_however_the_run_was_carried(
    version: Version, fate: Fate, seed: int, trouble: int
) -> None:
    made = Driver(version, fate, seed, trouble=trouble, labels={"n": ("web",)}).run()
    assert load_state(dump_state(made.state)) == made.state
    before = made.state.steps, made.state.scopes, made.state.undo
    made.carried = made._carry()
    assert (made.state.steps, made.state.scopes, made.state.undo) == before
