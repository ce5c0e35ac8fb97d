"""What people are shown before they answer: by its parts, and nothing that only looks like one."""

import pytest

from kapell.cli.watching.asking import shown
from kapell.kit.json import Json


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
