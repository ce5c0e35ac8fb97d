"""Which step begins when: order, joins, skips, choices, branches, loops, sub-workflows."""

import pytest

from tests.unit.core.runs.running import asked, paths, ran


@pytest.mark.requirement("WF-01")
def test_steps_follow_each_other_and_the_last_gives_the_output() -> None:
    made = ran(
        """
        - {id: a, tool: t, with: {n: "{{ inputs.n }}"}}
        - {id: b, set: {twice: "{{ steps.a.output.n * 2 }}"}}
        """,
        inputs={"n": 4},
    )
    assert made.output == {"twice": 8}
    assert paths(made, "step.succeeded") == ["a", "b"]


@pytest.mark.requirement("WF-01", "WF-04")
def test_what_depends_on_nothing_begins_at_once() -> None:
    made = ran(
        """
        - {id: a, tool: t}
        - {id: b, tool: t, depends_on: []}
        - {id: c, set: {x: 1}, depends_on: [a, b]}
        """
    )
    assert paths(made, "step.started") == ["a", "b", "c"]
    assert made.types.index("tool.returned") > made.types.index("tool.requested") + 1


@pytest.mark.requirement("WF-02")
@pytest.mark.parametrize(
    ("join", "bad", "skipped", "status"),
    [
        ("all", "", "", "succeeded"),
        ("all", "a", "", "skipped"),
        ("all", "", "a", "skipped"),
        ("any", "a", "", "succeeded"),
        ("any", "ab", "", "skipped"),
        ("always", "ab", "", "succeeded"),
        ("", "ab", "", "succeeded"),
        ("", "", "a", "succeeded"),
        ("", "", "ab", "skipped"),
    ],
)
def test_joins(join: str, bad: str, skipped: str, status: str) -> None:
    def step(name: str) -> str:
        tool = "bad" if name in bad else "t"
        when = ", when: 'false'" if name in skipped else ""
        return f"- {{id: {name}, tool: {tool}, depends_on: [], on_error: continue{when}}}\n"

    joined = f", join: {join}" if join else ""
    made = ran(f"{step('a')}{step('b')}- {{id: c, set: {{x: 1}}, depends_on: [a, b]{joined}}}\n")
    assert made.state.steps["c"].status == status


def test_any_starts_with_the_first_success() -> None:
    made = ran(
        """
        - {id: a, tool: t}
        - {id: b, wait: {for: 1h}, depends_on: []}
        - {id: c, tool: t, depends_on: [a, b], join: any}
        """
    )
    assert paths(made, "step.succeeded") == ["a", "c", "b"]


@pytest.mark.requirement("WF-02")
def test_a_skip_does_not_spread_and_reads_as_null() -> None:
    made = ran(
        """
        - {id: a, tool: t, when: inputs.go}
        - {id: b, set: {got: "{{ steps.a.output.x }}", was: "{{ steps.a.status }}"}}
        """,
        inputs={"go": False},
    )
    assert made.output == {"got": None, "was": "skipped"}


@pytest.mark.requirement("WF-02")
@pytest.mark.parametrize(
    ("n", "output"),
    [
        (1, {"case": "one", "output": {"x": 1}}),
        (2, {"case": "two", "output": {"x": 2}}),
        (9, {"case": "else", "output": {"x": 0}}),
    ],
)
def test_a_switch_takes_the_first_case_that_holds(n: int, output: object) -> None:
    made = ran(
        """
        - id: s
          switch:
            cases:
              - {name: one, when: inputs.n == 1, steps: [{id: a, set: {x: 1}}]}
              - {name: two, when: inputs.n < 3, steps: [{id: a, set: {x: 2}}]}
            else: [{id: a, set: {x: 0}}]
        """,
        inputs={"n": n},
    )
    assert made.output == output


@pytest.mark.requirement("WF-02")
def test_a_switch_without_a_case_gives_nothing_well() -> None:
    made = ran(
        "- {id: s, switch: {cases: [{name: a, when: inputs.n, steps: [{id: x, tool: t}]}]}}",
        inputs={"n": 0},
    )
    assert made.output == {"case": None, "output": None}


@pytest.mark.requirement("WF-04")
def test_parallel_collects_all_branches() -> None:
    made = ran(
        """
        - id: p
          parallel:
            left: [{id: a, tool: t, with: {x: 1}}]
            right: [{id: a, tool: t, with: {x: 2}}, {id: b, set: {y: "{{ steps.a.output.x }}"}}]
        """
    )
    assert made.output == {"left": {"x": 1}, "right": {"y": 2}}


@pytest.mark.requirement("WF-03")
@pytest.mark.parametrize(
    ("until", "exhausted", "status", "output"),
    [
        ("steps.a.output.n >= 3", "fail", "succeeded", {"passes": 3, "output": {"n": 3}}),
        ("false", "continue", "succeeded", {"passes": 4, "output": {"n": 4}}),
        ("false", "fail", "failed", None),
    ],
)
def test_loops(until: str, exhausted: str, status: str, output: object) -> None:
    made = ran(
        f"""
        - id: l
          loop:
            until: {until}
            max: 4
            on_exhausted: {exhausted}
            steps: [{{id: a, set: {{n: "{{{{ (pass.previous.n or 0) + 1 }}}}"}}}}]
        """
    )
    assert made.state.status == status
    assert made.output == output
    if status == "failed":
        assert made.state.failure is not None
        assert made.state.failure.code == "loop_exhausted"


@pytest.mark.requirement("WF-03")
def test_a_pass_knows_its_number() -> None:
    made = ran(
        """
        - id: l
          loop: {until: pass.number == 2, steps: [{id: a, tool: t, with: {n: "{{ pass.number }}"}}]}
        """
    )
    assert asked(made) == [("l@1/a", {"n": 1}), ("l@2/a", {"n": 2})]


@pytest.mark.requirement("WF-01")
def test_a_sub_workflow_is_a_world_of_its_own() -> None:
    sub = """
    name: sub
    inputs: {n: {type: integer}, far: {type: any, default: none}}
    steps: [{id: a, set: {n: "{{ inputs.n }}", far: "{{ inputs.far }}"}}]
    outputs: {n: "{{ steps.a.output.n + 1 }}", far: "{{ steps.a.output.far }}"}
    """
    made = ran(
        """
        - {id: a, set: {n: 10}}
        - {id: s, workflow: sub, with: {n: "{{ steps.a.output.n }}"}}
        """,
        inputs={"far": "seen"},
        workflows={"sub": sub},
    )
    assert made.output == {"n": 11, "far": "none"}
    assert paths(made, "step.started") == ["a", "s", "s/a"]


def test_wrong_inputs_of_a_sub_workflow_fail_the_step() -> None:
    sub = "{name: sub, inputs: {n: {type: integer}}, steps: [{id: a, set: {x: 1}}]}"
    made = ran(
        "- {id: s, workflow: sub, with: {n: '{{ inputs.n }}'}}", inputs={"n": "x"},
        workflows={"sub": sub},
    )  # fmt: skip
    assert made.state.failure is not None
    assert made.state.failure.code == "inputs_invalid"


def test_the_same_log_follows_from_the_same_inputs() -> None:
    text = "- {id: a, for_each: [1, 2, 3], concurrency: 2, tool: t, with: {n: '{{ item }}'}}"
    assert [e.payload for e in ran(text).events] == [e.payload for e in ran(text).events]
