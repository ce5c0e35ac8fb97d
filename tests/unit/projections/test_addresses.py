"""Step runs of one step share an address."""

import pytest

from kapell.core.runs import paths
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
        ("a#2", "a", "", "a"),
        ("a[3]#2", "a", "", "a"),
        ("a#2/b", "a/b", "a", "b"),
        ("a[3]/b#2", "a/b", "a", "b"),
        ("a[3]#2/b", "a/b", "a", "b"),
        ("a#2.left/b", "a.left/b", "a", "left: b"),
        ("a#2:one/b", "a:one/b", "a", "one: b"),
        ("a#2@3/b", "a/b", "a", "b"),
        ("a[1]#2@3/b#4.c/d", "a/b.c/d", "a/b", "c: d"),
    ],
)
def test_addresses(path: str, step: str, parent: str, label: str) -> None:
    found = addresses.step_of(path)
    assert found == step
    assert addresses.parent_of(found) == parent
    assert addresses.label_of(found) == label


def test_paths_are_ordered_by_their_numbers() -> None:
    ordered = ["a", "a@9/b", "a@10/b", "a[2]", "a[2]/b", "a[10]", "b"]
    assert sorted(reversed(ordered), key=paths.order) == ordered
