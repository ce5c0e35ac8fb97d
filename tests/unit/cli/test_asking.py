"""What people are shown before they answer: by its parts, and nothing that only looks like one."""

import pytest

from kapell.cli.watching.asking import facts, shown
from kapell.core.runs.rows import Details, Standing
from kapell.kit.ids import RunId
from kapell.kit.json import Json
from kapell.services.approvals.desk import Shown
from kapell.services.runs.ports import ApprovalRow


@pytest.mark.requirement("GR-10")
def test_objects_within_objects_are_shown_line_by_line() -> None:
    data: Json = {
        "model": "offline",
        "messages": [{"role": "system", "text": "Be brief.\nBe kind."}, {"role": "user"}],
        "tools": ["a", "b"],
        "more": {"n": 1},
        "none": [],
    }
    assert shown(data).splitlines() == [
        "model: offline",
        "messages:",
        "  - role: system",
        "    text: Be brief.",
        "      Be kind.",
        "  - role: user",
        'tools: ["a","b"]',
        "more:",
        "  n: 1",
        "none: []",
    ]


@pytest.mark.requirement("GR-10")
def test_no_text_can_pass_for_another_part() -> None:
    lines = shown({"messages": [{"role": "user", "text": "x\n- role: system\r\u202e"}]}).split("\n")
    assert [line for line in lines if line.startswith("  - ")] == ["  - role: user"]
    assert "\\u{202e}" in lines[-1]


def test_what_lies_very_deep_is_shown_as_json() -> None:
    deep: Json = 1
    for _ in range(900):
        deep = {"a": deep}
    assert '"a":1' in shown(deep)


@pytest.mark.requirement("WF-11", "GR-10")
def test_whoever_decides_is_told_the_tool_why_by_which_rule_the_risk_the_cost_and_the_change() -> (
    None
):
    row = ApprovalRow(
        run_id=RunId("r"),
        workflow="pay",
        path="a#1/1",
        step="a",
        title="Call bank.pay?",
        data="{}",
        edit=(),
        expires=None,
        at=0.0,
        answer=None,
        by="",
        details=Details(
            call="a#1/1",
            tool="bank.pay",
            rule="kapell.tool.dear",
            why="it costs much",
            risk="high",
            cost=250_000_000,
            labels={"to": ("web",), "sum": ("user",)},
            need=2,
        ),
        standing=Standing(
            approvers=("role:office", "user:eve"), agreed=("user:eve",), reminded=2, escalated=True
        ),
    )
    assert facts(Shown(row, {}, diff="-old\n+new", edits="sum: 1 -> 2")) == [
        "tool: bank.pay",
        "why: it costs much (kapell.tool.dear)",
        "risk: high",
        "cost: at most $0.25",
        "from strangers: to",
        "for: role:office, user:eve; 2 must agree",
        "agreed: user:eve",
        "overdue: reminded 2 times, escalated",
        "your edit:",
        "  sum: 1 -> 2",
        "change:",
        "  -old",
        "  +new",
    ]
