"""Names on the wire: safe everywhere, and never one for two."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapell.adapters.llm.remote.naming import our_name, our_names, wire_id, wire_name

SAFE = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
NAMES = st.text(alphabet="ab9._-é ", min_size=1, max_size=80)


@pytest.mark.parametrize(
    ("name", "wire"),
    [("file.read", "file__read"), ("memory.search", "memory__search"), ("plain", "plain")],
)
def test_common_names_stay_readable(name: str, wire: str) -> None:
    assert wire_name(name) == wire
    assert our_name(wire, {}) == name


@pytest.mark.requirement("LG-11")
@given(NAMES)
def test_any_name_is_safe_and_comes_back(name: str) -> None:
    wire = wire_name(name)
    assert SAFE.fullmatch(wire)
    assert our_name(wire, our_names([name])) == name


@given(NAMES, NAMES)
def test_two_names_never_become_one(first: str, second: str) -> None:
    assert (wire_name(first) == wire_name(second)) == (first == second)


def test_ids_of_tool_calls_fit_everywhere() -> None:
    assert wire_id("toolu_01AbC") == "toolu_01AbC"
    assert wire_id("call:1|x") == wire_id("call:1|x")
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,40}", wire_id("call:1|x" * 20))
    assert wire_id("a b") != wire_id("a c")
