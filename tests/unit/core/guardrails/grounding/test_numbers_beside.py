"""Signs, sides to which a number is open, and units that were exchanged."""

import pytest

from kapell.core.guardrails.grounding.answers import ground
from kapell.core.guardrails.grounding.sources import Source

pytestmark = pytest.mark.requirement("GR-08")


def flaws(told: str, said: str) -> tuple[str, ...]:
    """Return what a source does not hold of a sentence."""
    (sentence,) = ground(said, (Source(told),), 0.7).sentences
    return sentence.flaws


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("It was -5 degrees in the morning.", "It was 5 degrees in the morning."),
        ("It was 5 degrees in the morning.", "It was -5 degrees in the morning."),
        ("The temperature fell to minus five degrees.", "The temperature fell to five degrees."),
        ("The balance is -$40.", "The balance is $40."),
        ("The hall holds nearly 500 people.", "The hall holds more than 500 people."),
        ("The hall holds at least 500 people.", "The hall holds nearly 500 people."),
        ("The hall holds 500 people or more.", "The hall holds less than 500 people."),
        ("The hall holds 512 people.", "The hall holds nearly 500 people."),
        ("The hall holds 488 people.", "The hall holds more than 500 people."),
        ("The dose is 5 mg a day.", "The dose is 5 g a day."),
        ("The dose is 5 g a day.", "The dose is 5 mg a day."),
        ("The dose is 5 µg a day.", "The dose is 5 mg a day."),
        ("The tank holds 2 l of water.", "The tank holds 2 ml of water."),
        ("The bridge is 120 metres long.", "The bridge is 120 km long."),
    ],
)
def test_a_changed_sign_side_or_unit_is_found(told: str, said: str) -> None:
    assert "number" in flaws(told, said)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("It was 5 degrees below zero in the morning.", "It was -5 degrees in the morning."),
        ("It was \u22125 °C in the morning.", "It was minus 5 °C in the morning."),
        ("The profit fell by 5 million euros.", "The profit fell by -5 million euros."),
        ("Pages 3-5 are missing.", "Pages 3 to 5 are missing."),
        ("The hall holds 512 people.", "The hall holds more than 500 people."),
        ("The hall holds 488 people.", "The hall holds nearly 500 people."),
        ("The hall holds 500 people or more.", "The hall holds at least 500 people."),
        ("The dose is 5000 mg a day.", "The dose is 5 g a day."),
        ("The dose is 5 mg a day.", "The dose is 0.005 g a day."),
    ],
)
def test_the_same_number_said_otherwise_is_held(told: str, said: str) -> None:
    assert "number" not in flaws(told, said)
