"""The live channel: whoever listens hears every piece; a listener that breaks hurts nobody."""

import logging

import pytest

from kapell.kit.ids import RunId
from kapell.services.runs.deltas import Deltas

RUN = RunId("r1")


@pytest.mark.requirement("OB-01")
def test_a_listener_that_breaks_hears_no_more_and_the_others_go_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    deltas, heard = Deltas(), list[str]()

    def broken(run: RunId, call: str, text: str) -> None:
        raise ZeroDivisionError

    end_broken = deltas.listen(broken)
    end = deltas.listen(lambda run, call, text: heard.append(text))
    with caplog.at_level(logging.ERROR):
        deltas.tell(RUN, "a#1/1", "one")
        deltas.tell(RUN, "a#1/1", "two")
    assert heard == ["one", "two"]
    assert len(caplog.records) == 1
    end_broken()
    end()
    assert not deltas.wanted
