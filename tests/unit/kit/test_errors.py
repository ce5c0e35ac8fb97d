"""Errors as data: what strangers said in them can be kept by every store."""

import pytest

from kapell.kit.errors import Failure, Flaw, Invalid
from kapell.kit.json import decode, encode


@pytest.mark.requirement("TL-05")
def test_what_strangers_say_becomes_text_that_can_be_kept() -> None:
    error = Invalid(
        "caf\udce9 \x00 é",
        code="broken",
        advice="Rename caf\udce9.",
        flaws=(Flaw("a.\ud800", "type", "half \udfff"),),
    )
    failure = Failure.of(error, "s")
    assert decode(encode([failure.message, failure.advice])) == ["caf? \ufffd é", "Rename caf?."]
    assert (failure.flaws[0].at, failure.flaws[0].message) == ("a.?", "half ?")


def test_what_can_be_kept_stays_as_it_is() -> None:
    error = Invalid("Ünïcödé \U0001f600\n", code="broken", advice="x", flaws=(Flaw("a", "b", "c"),))
    failure = Failure.of(error)
    assert failure.message == error.message
    assert failure.flaws == error.flaws
