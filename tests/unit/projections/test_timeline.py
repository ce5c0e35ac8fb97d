"""Every event has a line that people understand."""

from typing import get_args

import pytest

from kapell.core.events.envelope import Payload
from kapell.core.events.guarding.approval import ApprovalRequested
from kapell.projections.timeline import Line, line_of
from tests.unit.projections.histories import whole


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    return [line_of(event) for event in whole(broken=("last",))]


def test_no_line_is_empty_and_none_shows_a_struct(lines: list[Line]) -> None:
    assert all(line.text for line in lines)
    assert not [line.text for line in lines if "(" in line.text and "=" in line.text]


def test_every_kind_of_event_has_words_of_its_own() -> None:
    source = line_of.__globals__
    missing = [kind.__name__ for kind in get_args(Payload) if kind.__name__ not in source]
    assert not missing
    assert ApprovalRequested.__name__ in source


@pytest.mark.requirement("OB-01")
def test_the_story_can_be_read(lines: list[Line]) -> None:
    told = [f"{line.path}: {line.text}" for line in lines if line.weight != "detail"]
    for part in (
        ": everything queued",
        "classify: started with 3 items",
        "classify[1]: attempt 2 in ",
        "replies[0]/release: asks: send 1?",
        ": waiting for 3 approvals",
        "replies[0]/release: approved by user:ada",
        "never: skipped (when)",
        "last: dead letter after 1 attempt: There is no file. [file_missing]",
        "kept: undone",
        ": failed: There is no file. [file_missing], finished steps were undone",
    ):
        assert any(part in line for line in told), part


def test_trouble_is_marked(lines: list[Line]) -> None:
    trouble = {line.type for line in lines if line.weight == "trouble"}
    assert trouble == {"step.retry_scheduled", "step.dead", "run.failed"}
