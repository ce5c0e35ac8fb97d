"""Who waits for whom: implied, said, and wrong."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapell.core.workflows.order import Order
from kapell.core.workflows.version import Join
from tests.unit.core.workflows.authoring import said, version_of, wrong

pytestmark = pytest.mark.requirement("WF-01")


def test_a_step_waits_for_the_one_above_unless_it_says_otherwise() -> None:
    version = version_of("""\
        name: x
        steps:
          - {id: a, ask: hi}
          - {id: b, ask: hi}
          - {id: c, ask: hi, depends_on: []}
          - {id: d, ask: hi, depends_on: [b, a, b]}
          - {id: e, ask: hi, depends_on: [a, c], join: any}
          - {id: f, ask: hi, join: always}
    """)
    assert [(one.id, one.after, one.join) for one in version.body.steps] == [
        ("a", (), Join.ORDER),
        ("b", ("a",), Join.ORDER),
        ("c", (), Join.ORDER),
        ("d", ("b", "a"), Join.DEFAULT),
        ("e", ("a", "c"), Join.ANY),
        ("f", ("e",), Join.ALWAYS),
    ]


def test_waiting_may_look_forward() -> None:
    version = version_of("""\
        name: x
        steps:
          - {id: a, ask: "{{ steps.b.output }}", depends_on: [b]}
          - {id: b, ask: hi, depends_on: []}
    """)
    assert [one.after for one in version.body.steps] == [("b",), ()]


@pytest.mark.parametrize(
    ("steps", "problems"),
    [
        ("[{id: a, ask: x}, {id: b, ask: x, depends_on: [zz]}]", ["2:55 depends_on_unknown"]),
        ("[{id: a, ask: x, depends_on: [a]}]", ["2:38 order_cycle"]),
        ("[{id: a, ask: x, depends_on: [b]}, {id: b, ask: x}]", ["2:25 order_cycle"]),
        (
            "[{id: a, ask: x, depends_on: [c]}, {id: b, ask: x, depends_on: [a]}, "
            "{id: c, ask: x, depends_on: [b]}]",
            ["2:25 order_cycle"],
        ),
        ("[{id: a, ask: x, join: any}]", ["2:25 join_alone"]),
        ("[{id: a, ask: x}, {id: b, ask: x, depends_on: [], join: all}]", ["2:58 join_alone"]),
    ],
)
def test_orders_that_cannot_be(steps: str, problems: list[str]) -> None:
    assert said(f"name: x\nsteps: {steps}") == problems


def test_a_cycle_is_named() -> None:
    found = wrong("""\
        name: x
        steps:
          - {id: a, ask: x}
          - {id: b, ask: x, depends_on: [a, d]}
          - {id: c, ask: x}
          - {id: d, ask: x}
    """)
    assert [one.message for one in found] == ["These steps wait for each other: b -> d -> c -> b."]


@pytest.mark.parametrize(
    ("steps", "advice"),
    [
        (
            ["{id: a, set: {}}", '{id: b, ask: "{{ steps.a.output }}", depends_on: []}'],
            "Add `depends_on: [a]` to the step `b`.",
        ),
        (
            [
                "{id: a, set: {}}",
                "{id: b, set: {}, depends_on: []}",
                '{id: c, ask: "{{ steps.a.output }}", depends_on: [b]}',
            ],
            "Add `depends_on: [b, a]` to the step `c`.",
        ),
        (
            [
                "{id: a, set: {}}",
                '{id: b, depends_on: [], steps: [{id: i, ask: "{{ steps.a.output }}"}]}',
            ],
            "Add `depends_on: [a]` to the step `b`.",
        ),
    ],
)
def test_reading_without_waiting_gets_the_line_that_mends_it(steps: list[str], advice: str) -> None:
    text = "name: x\nsteps:\n" + "".join(f"  - {step}\n" for step in steps)
    found = wrong(text)
    assert [(one.code, one.advice) for one in found] == [("step_not_awaited", advice)]
    mended = advice.split("`")[1]
    broken = steps[-1]
    start = broken.index("depends_on: [")
    end = broken.index("]", start) + 1
    assert said(text.replace(broken, broken[:start] + mended + broken[end:])) == []


def test_waiting_through_others_is_waiting() -> None:
    assert (
        said("""\
        name: x
        steps:
          - {id: a, set: {}}
          - {id: b, set: {}, depends_on: [a]}
          - {id: c, ask: "{{ steps.a.output }}", depends_on: [b]}
          - id: d
            steps:
              - id: e
                parallel: {one: [{id: f, ask: "{{ steps.a.output }}"}]}
    """)
        == []
    )


def test_reading_what_comes_later_is_told_apart() -> None:
    assert said("""\
        name: x
        steps:
          - {id: a, ask: "{{ steps.b.output }}"}
          - {id: b, ask: hi}
    """) == ["3:22 step_comes_later"]


@given(st.dictionaries(st.sampled_from("abcdef"), st.lists(st.sampled_from("abcdef"), max_size=3)))
def test_a_cycle_is_found_exactly_when_there_is_one(graph: dict[str, list[str]]) -> None:
    order = Order(
        {step: tuple(one for one in after if one in graph) for step, after in graph.items()}
    )
    cycle = order.cycle()
    assert (cycle is not None) == any(order.awaits(step, step) for step in graph)
    if cycle is not None:
        assert set(cycle) <= order.before(cycle[0])
        assert cycle[0] == cycle[-1]
        assert all(later in order.after[step] for step, later in pairwise(cycle))
