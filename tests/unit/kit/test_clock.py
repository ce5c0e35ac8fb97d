"""Instants and spans stay within what can be reckoned with and shown."""

import math

import pytest

from kapell.kit.clock import LATEST, LONGEST, instant, instant_text, span
from kapell.kit.errors import Invalid


@pytest.mark.requirement("DX-07")
@pytest.mark.parametrize(
    "given", ["36526d", "100000000d", "9" * 400 + "d", 1e300, math.inf, 10**400]
)
def test_a_span_has_an_end(given: str | float) -> None:
    with pytest.raises(Invalid) as caught:
        span(given)
    assert caught.value.code == "span_too_long"
    assert span("36525d") == span(LONGEST) == LONGEST


@pytest.mark.parametrize("given", [math.nan, -1, -math.inf, True, "", "soon"])
def test_what_is_no_span(given: str | float) -> None:
    with pytest.raises(Invalid) as caught:
        span(given)
    assert caught.value.code == "span_broken"


@pytest.mark.requirement("DX-07")
@pytest.mark.parametrize(
    "given",
    [
        "9999-12-31T23:59:59-12:00",
        "0001-01-01T00:00:00+12:00",
        "1969-12-31T23:59:59Z",
        1e18,
        -1e15,
        -0.001,
        math.inf,
        math.nan,
        10**400,
    ],
)
def test_an_instant_outside_of_the_calendar(given: str | float) -> None:
    with pytest.raises(Invalid) as caught:
        instant(given)
    assert caught.value.code == "instant_out_of_range"


def test_instants_from_first_to_last() -> None:
    assert instant("1970-01-01") == instant(0) == 0.0
    assert instant("9999-12-31T23:59:59Z") == instant(LATEST) == LATEST
    assert instant_text(LATEST) == "9999-12-31T23:59:59.000+00:00"


@pytest.mark.requirement("DX-07")
@pytest.mark.parametrize(
    ("at", "text"),
    [
        (1e300, "9999-12-31T23:59:59.000+00:00"),
        (math.inf, "9999-12-31T23:59:59.000+00:00"),
        (253402300799.9999, "9999-12-31T23:59:59.000+00:00"),
        (-1e300, "1970-01-01T00:00:00.000+00:00"),
        (math.nan, "1970-01-01T00:00:00.000+00:00"),
    ],
)
def test_every_float_has_a_text(at: float, text: str) -> None:
    assert instant_text(at) == text
