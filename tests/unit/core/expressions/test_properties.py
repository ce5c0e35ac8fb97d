"""What holds for every expression and every value."""

import sys
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kapell.core.expressions import (
    ExpressionError,
    ExpressionTooExpensive,
    Limits,
    compile_expression,
    compile_template,
    compile_value,
)
from kapell.core.expressions.compiling import build
from kapell.core.expressions.limits import DEFAULT, Meter
from kapell.core.expressions.paths import path_of
from kapell.kit import json
from kapell.kit.json import Json
from tests.drawing import examples

_NAME = st.sampled_from(["a", "b", "items", "get", "x1", "if"])
_TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8
) | st.sampled_from(["{{ a }}", "{% if %}", "123", "None", "true", "[1]", "{{"])
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_NAME | _TEXT, inner, max_size=4),
    max_leaves=12,
)
_STEPS = st.lists(
    st.one_of(
        _NAME.map(lambda name: f".{name}"),
        _NAME.map(lambda name: f"['{name}']"),
        st.integers(0, 4).map(lambda at: f"[{at}]"),
    ),
    max_size=5,
)
_ATOMS = st.sampled_from(
    ["a", "b.x", "b.items", "1", "2.5", "'t'", "'a b'", "none", "true", "[]", "[1, 'x']",
     "{'k': a}", "range(3)", "a[0]", "b['x'][1:]", "'ab' * 3"]
)  # fmt: skip
_SIGNS = st.sampled_from(
    ["+", "-", "*", "/", "//", "%", "**", "~", "==", "!=", "<", ">=", "in", "not in", "and", "or"]
)
_FILTERS = st.sampled_from(
    ["length", "list", "join('-')", "upper", "sort", "unique", "sum", "first", "last", "reverse",
     "map('string')", "map(attribute='x')", "select", "batch(2)", "slice(2, 0)", "tojson", "string",
     "int", "float", "default(1)", "items", "groupby('x')", "min", "max", "round", "abs", "title",
     "tojson(indent=1)", "trim", "replace('a', 'bb')", "wordcount", "truncate(3)", "indent(1)"]
)  # fmt: skip
EXPRESSIONS = st.recursive(
    _ATOMS,
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, _SIGNS, inner),
        st.builds("({} | {})".format, inner, _FILTERS),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("(not {})".format, inner),
        st.builds("({}).upper()".format, inner),
    ),
    max_leaves=8,
)


def _outcome(source: str, names: dict[str, object], limit: Limits = DEFAULT) -> tuple[str, object]:
    """Return the value as canonical text, or the error."""
    try:
        return "value", json.encode(compile_expression(source).evaluate(names, limit))
    except ExpressionError as error:
        return error.code, str(error)


@given(JSON)
def test_a_lone_template_gives_back_any_value_untouched(value: Json) -> None:
    for source in ("{{ a }}", "{{ a.b }}", "{{ [a][0] }}", "{{ (a) }}\n", "{{ none or a }}"):
        names = {"a": {"b": value} if ".b" in source else value}
        found = compile_template(source).evaluate(names)
        if value or "none" not in source:
            assert found == value
            assert type(found) is type(value)


@given(JSON)
def test_a_value_without_templates_is_itself_and_with_one_keeps_the_rest(value: Json) -> None:
    found = compile_value({"kept": value if not _templated(value) else 1, "made": "{{ a }}"})
    assert found.evaluate({"a": value}) == {
        "kept": value if not _templated(value) else 1,
        "made": value,
    }


def _templated(value: Json) -> bool:
    text = json.encode(value).decode()
    return "{{" in text or "{%" in text


@given(_STEPS, st.sampled_from([None, {}, {"a": None}, {"items": {"a": {}}}]))
def test_a_chain_on_null_gives_null(steps: list[str], value: Json) -> None:
    names = [step for step in steps if not step.endswith("]") or "'" in step]
    source = "root.nothing" + "".join(names)
    assert compile_expression(source).evaluate({"root": value}) is None
    assert compile_expression(f"{source} or none").evaluate({"root": value}) is None


@given(_STEPS, JSON)
def test_the_short_way_of_a_path_is_the_long_way(steps: list[str], value: Json) -> None:
    source = "root" + "".join(steps)
    path = path_of(source, 0, len(source))
    assert path is not None
    work, reads, shown = build(source, bare=True)
    assert shown is None
    assert path.reads(source) == reads
    outcomes: list[object] = []
    for way in (path.work, work):
        try:
            outcomes.append(way({"root": value}, Meter(DEFAULT)))
        except Exception as error:  # the same refusal is wanted, whichever it is
            outcomes.append((type(error), str(error)))
    assert repr(outcomes[0]) == repr(outcomes[1])


@settings(max_examples=examples(300))
@given(EXPRESSIONS, JSON, JSON)
def test_any_expression_gives_json_or_one_of_our_errors_always_the_same(
    source: str, first: Json, second: Json
) -> None:
    names: dict[str, object] = {"a": first, "b": {"x": second, "items": [1, None]}}
    before = json.encode(names)
    outcome = _outcome(source, names)
    assert _outcome(source, names) == outcome
    assert json.encode(names) == before


@settings(max_examples=examples(60), deadline=None)
@given(EXPRESSIONS, st.integers(0, 400))
def test_the_limit_bounds_what_python_does(source: str, operations: int) -> None:
    nested = f"[{source}, x | map('string') | join | length, x | sort | map('abs') | sum]"
    compiled = compile_expression(nested)
    calls = 0

    def count(_: FrameType, event: str, __: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    names: dict[str, object] = {"a": [3, 1], "b": {"x": [1]}, "x": list(range(5_000))}
    sys.setprofile(count)
    try:
        with pytest.raises(ExpressionError):  # the second and third part alone cost more
            compiled.evaluate(names, Limits(operations=operations))
    finally:
        sys.setprofile(None)
    assert calls < 200 + 40 * operations


@given(st.integers(1, 2_000), st.integers(0, 60))
def test_a_larger_limit_never_changes_a_value(operations: int, size: int) -> None:
    source = "{% for i in range(n) %}{{ i }}{% endfor %}"
    full = compile_template(source).evaluate({"n": size})
    try:
        assert compile_template(source).evaluate({"n": size}, Limits(operations=operations)) == full
    except ExpressionTooExpensive:
        assert operations < 20 + 8 * size
