"""``for_each``: slots, waiting items, failures, results."""

import pytest

from kapell.core.gateway.calls import ModelAnswer
from kapell.core.runs.commands import Answer
from kapell.core.runs.state import OpenCall
from kapell.kit.errors import Failure
from kapell.kit.json import Json
from kapell.testing.simulation import Simulation
from tests.unit.core.runs.running import BAD, DOWN, asked, echo, paths, ran, sim


def _most_busy(made: Simulation) -> int:
    most = now = 0
    for event in made.events:
        now += {"tool.requested": 1, "tool.returned": -1, "tool.failed": -1}.get(event.type, 0)
        most = max(most, now)
    return most


@pytest.mark.requirement("WF-03", "WF-04")
def test_items_that_pass_where_are_carried_out_in_order() -> None:
    made = ran(
        """
        - {id: a, for_each: "{{ inputs.l }}", as: x, where: x > 1, tool: t, with: {v: "{{ x }}"}}
        """,
        inputs={"l": [1, 2, 3]},
    )
    assert made.output == [
        {"index": 0, "item": 2, "output": {"v": 2}, "status": "succeeded", "error": None},
        {"index": 1, "item": 3, "output": {"v": 3}, "status": "succeeded", "error": None},
    ]


@pytest.mark.parametrize("concurrency", [1, 2, 5])
def test_concurrency_holds(concurrency: int) -> None:
    made = ran(f"- {{id: a, for_each: [1, 2, 3, 4, 5, 6], concurrency: {concurrency}, tool: t}}")
    assert _most_busy(made) == concurrency
    assert made.state.status == "succeeded"


def test_concurrency_holds_across_nested_items_and_waits() -> None:
    made = ran(
        """
        - id: o
          for_each: [1, 2, 3]
          concurrency: 1
          steps:
            - {id: w, wait: {for: 1s}}
            - {id: b, for_each: [1, 2, 3], as: i, concurrency: 2, tool: t}
        """
    )
    assert made.state.status == "succeeded"
    assert len(asked(made)) == 9
    assert _most_busy(made) == 2


def test_no_items_give_an_empty_list() -> None:
    assert ran("- {id: a, for_each: [], tool: t}").output == []


def test_what_is_no_list_fails_the_step() -> None:
    made = ran("- {id: a, for_each: '{{ inputs.l }}', tool: t}", inputs={"l": 3})
    assert made.state.failure is not None
    assert made.state.failure.code == "for_each_not_list"


def test_waiting_items_hold_no_slot() -> None:
    made = sim(
        "- {id: a, for_each: [1, 2, 3], concurrency: 1, approval: {title: 'Ok {{ item }}?'}}"
    )
    made.run()
    assert paths(made, "approval.requested") == ["a[0]", "a[1]", "a[2]"]
    for index in (2, 0, 1):
        made.tell(Answer(f"a[{index}]", approved=index != 1))
    assert isinstance(made.output, list)
    assert [one["output"]["approved"] for one in made.output] == [True, False, True]


def test_collect_lists_failed_items_and_goes_on() -> None:
    made = ran(
        """
        - id: a
          for_each: [t, bad, t]
          on_item_error: collect
          steps: [{id: s, switch: {cases: [{name: x, when: item == 'bad',
                   steps: [{id: f, tool: bad}]}], else: [{id: g, tool: t}]}}]
        """
    )
    assert isinstance(made.output, list)
    assert [(one["status"], (one["error"] or {}).get("code")) for one in made.output] == [
        ("succeeded", None),
        ("failed", "bad"),
        ("succeeded", None),
    ]


def test_a_failed_item_stops_new_items() -> None:
    made = ran("- {id: a, for_each: [1, 2, 3], tool: bad, on_error: continue}")
    assert made.state.status == "succeeded"
    assert len(asked(made)) == 1


@pytest.mark.requirement("WF-02", "WF-03")
def test_what_always_runs_in_an_item_still_gets_a_slot_after_another_item_failed() -> None:
    def effect(call: OpenCall, args: Json) -> Json | Failure | ModelAnswer:
        return BAD if call.path.startswith("a[0]") else echo(call, args)

    made = ran(
        """
        - id: a
          for_each: [1, 2]
          concurrency: 1
          on_error: continue
          steps: [{id: w, wait: {for: 1s}}, {id: b, join: always, steps: [{id: c, tool: t}]}]
        """,
        effect,
    )
    assert made.state.status == "succeeded"
    assert [path for path, _ in asked(made)] == ["a[0]/b/c", "a[1]/b/c"]


@pytest.mark.requirement("WF-03", "WF-04")
def test_a_branch_that_waits_for_a_slot_holds_nothing_up_after_another_item_failed() -> None:
    made = sim(
        """
        - id: a
          for_each: [1, 2]
          concurrency: 1
          on_error: continue
          steps:
            - {id: w, wait: {for: 1s}}
            - {id: p, parallel: {l: [{id: x, tool: t}], r: [{id: x, tool: t}]}}
            - {id: v, wait: {for: 1s}}
            - {id: f, set: {x: "{{ 1 / 0 }}"}}
        """
    )
    made.claim()
    made.expire()
    while not made.state.calls.keys() & {"a[1]/p.l/x#1/1"}:
        made.step()
    made.expire()
    assert paths(made, "step.failed") == ["a[0]/f", "a[0]"]
    made.run()
    assert made.state.status == "succeeded"
    assert paths(made, "step.skipped") == ["a[1]/p", "a[1]"]


@pytest.mark.requirement("DX-04")
def test_items_are_tried_again_one_by_one_and_forget_the_failure() -> None:
    tries: dict[str, int] = {}

    def effect(call: OpenCall, args: Json) -> Json | Failure | ModelAnswer:
        tries[call.path] = tries.get(call.path, 0) + 1
        return echo(call, args) if tries[call.path] > 1 or call.path != "a[1]" else DOWN

    made = ran("- {id: a, for_each: [1, 2], retry: {attempts: 2}, tool: t}", effect)
    assert tries == {"a[0]": 1, "a[1]": 2}
    assert isinstance(made.output, list)
    assert made.output[1]["error"] is None


def test_ten_thousand_items_cost_a_fixed_number_of_events_each() -> None:
    sizes = {}
    for count in (50, 400):
        made = ran(
            "- {id: a, for_each: '{{ inputs.l }}', concurrency: 8, tool: t}",
            inputs={"l": list(range(count))},
        )
        sizes[count] = len(made.events)
    assert sizes[400] - sizes[50] == 4 * 350
