"""Step runs of one step share an address."""

import pytest

from kapell.projections import addresses


@pytest.mark.parametrize(
    ("path", "step", "parent", "label"),
    [
        ("load", "load", "", "load"),
        ("classify[3]", "classify", "", "classify"),
        ("replies[3]/draft", "replies/draft", "replies", "draft"),
        ("again@2/p", "again/p", "again", "p"),
        ("sides.a/x", "sides.a/x", "sides", "a: x"),
        ("way:one/z", "way:one/z", "way", "one: z"),
        ("kept!undo/undo", "kept!undo/undo", "kept", "undo: undo"),
        ("a[1]/b.c/d@4/e", "a/b.c/d/e", "a/b.c/d", "e"),
        ("a[1].c/d", "a.c/d", "a", "c: d"),
    ],
)
def test_addresses(path: str, step: str, parent: str, label: str) -> None:
    found = addresses.step_of(path)
    assert found == step
    assert addresses.parent_of(found) == parent
    assert addresses.label_of(found) == label
