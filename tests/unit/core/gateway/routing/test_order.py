"""Orders that depend on who asks and on what is asked."""

from collections import Counter

import pytest

from kapell.core.gateway.complexity.choosing import choose
from kapell.core.gateway.routing.order import Load, ordered
from kapell.core.gateway.routing.route import Deployment, Member, Route
from kapell.core.gateway.routing.split import share


def _member(name: str, *classes: str, weight: float = 1.0) -> Member:
    deployment = Deployment(name=name, model=f"openai:{name}")
    return Member(deployment, weight, classes)  # type: ignore[arg-type] # names of classes


def _names(route: Route, load: Load) -> list[str]:
    return [one.deployment.name for one in ordered(route, load)]


@pytest.mark.requirement("LG-10")
def test_a_subject_always_has_the_same_share_and_subjects_spread_by_weight() -> None:
    route = Route(name="r", members=(_member("a", weight=3), _member("b")), choose="split")
    shares = {f"user:{n}": share(f"user:{n}", "r") for n in range(4000)}
    assert shares == {subject: share(subject, "r") for subject in shares}
    first = Counter(_names(route, Load(share=one, draw=0.99))[0] for one in shares.values())
    assert first["a"] == pytest.approx(3000, abs=120)
    moved = sum((share(s, "r") < 0.5) != (share(s, "other") < 0.5) for s in shares)
    assert moved == pytest.approx(2000, abs=150)  # another split is another draw


def test_more_weight_moves_nobody_who_is_there_already() -> None:
    before = Route(name="r", members=(_member("a", weight=5), _member("b", weight=5)),
                   choose="split")  # fmt: skip
    after = Route(name="r", members=(_member("a", weight=7), _member("b", weight=3)),
                  choose="split")  # fmt: skip
    for n in range(500):
        load = Load(share=share(f"user:{n}", "r"))
        if _names(before, load)[0] == "a":
            assert _names(after, load)[0] == "a"


@pytest.mark.parametrize("subject", ["", "\ud800", "x" * 100_000])
def test_any_subject_has_a_share(subject: str) -> None:
    assert 0.0 <= share(subject, "r") < 1.0


@pytest.mark.requirement("MB-04")
@pytest.mark.parametrize(
    ("prompt", "first"),
    [
        ("What is the capital of Portugal?", "small"),
        ("Prove step by step that the square root of 2 is irrational.", "strong"),
        ("Write a Python function that sorts a list of tuples by date.", "coder"),
    ],
)
def test_a_prompt_goes_to_who_is_for_it_then_to_who_is_for_all(prompt: str, first: str) -> None:
    route = Route(
        name="r",
        members=(_member("coder", "code"), _member("strong"), _member("small", "simple", "long")),
        choose="complexity",
    )
    found = ordered(route, Load(prompt={"r": choose(prompt)}))
    assert found[0].deployment.name == first
    assert choose(prompt).reason in found[0].reason
    if first != "strong":
        assert found[1].deployment.name == "strong"
    assert len(found) == 3
