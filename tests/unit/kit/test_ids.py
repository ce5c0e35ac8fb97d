"""Only what has the form of our ids is one."""

import pytest

from kapell.kit.ids import RunId, child_id, is_id, sortable


def test_what_we_make_are_ids() -> None:
    parent = RunId(sortable(1.7e9, 2**80 - 1))
    assert is_id(parent)
    assert is_id(child_id(parent, "a/b#2"))
    assert child_id(parent, "a") != child_id(parent, "a#2")


@pytest.mark.requirement("DX-07")
def test_a_child_sorts_beside_its_parent() -> None:
    before, later = RunId(sortable(1.7e9, 1)), RunId(sortable(1.7e9 + 1, 0))
    child = child_id(before, "a")
    assert sorted([later, child, before]) == [before, child, later]
    assert before < child_id(child, "b") < later


@pytest.mark.requirement("DX-07")
@pytest.mark.parametrize(
    "text", ["", ".", "../" * 8 + "..", "a" * 25, "a" * 27, "A" * 26, "a" * 26 + "\n"]
)
def test_what_is_no_id(text: str) -> None:
    assert not is_id(text)
