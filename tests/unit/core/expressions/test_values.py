"""What expressions and templates give."""

import pytest

from kapell.core.expressions import (
    ExpressionError,
    ExpressionName,
    ExpressionType,
    compile_expression,
    compile_template,
    compile_value,
    is_template,
)
from kapell.kit.json import Json

NAMES: dict[str, object] = {
    "steps": {
        "load": {"output": {"rows": [{"id": 1, "tone": "b"}, {"id": 2, "tone": "A"}]}},
        "skipped": {"output": None, "status": "skipped"},
        "replies": {"output": [{"output": "succeeded"}, {"output": None}]},
    },
    "inputs": {"tone": "friendly", "count": 3, "items": "the key", "_id": 7, "yes": True},
    "text": "one two",
    "none_at_all": None,
    "braces": "{{ inputs.tone }}",
}


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("inputs.tone == 'friendly' and inputs.count > 2", True),
        ("steps['load'].output.rows[0].id", 1),
        ("steps.load.output.rows[9].id", None),
        ("steps.skipped.output.a.b[0]['c']", None),
        ("none_at_all.upper()", None),
        ("none_at_all | length", 0),
        ("none_at_all is defined", False),
        ("inputs.missing | default('x')", "x"),
        ("inputs.items", "the key"),
        ("inputs['_id']", 7),
        ("inputs.get('count')", 3),
        ("text.upper()", "ONE TWO"),
        ("text.split()", ["one", "two"]),
        ("steps.load.output.rows | map(attribute='id')", [1, 2]),
        ("steps.load.output.rows | sum(attribute='id')", 3),
        ("steps.load.output.rows | sort(attribute='tone') | map(attribute='id')", [2, 1]),
        ("steps.replies.output | selectattr('output', 'eq', 'succeeded') | length", 1),
        ("[1, 2, 3, 4] | select('odd')", [1, 3]),
        ("[1, 2, 3, 4] | reject('gt', 2)", [1, 2]),
        ("[{'a': 1}, {'a': 0}] | rejectattr('a')", [{"a": 0}]),
        ("[1, 2, 3] | batch(2, 0)", [[1, 2], [3, 0]]),
        ("[1, 2, 3] | slice(2, 0)", [[1, 2], [3, 0]]),
        ("['b', 'a', 'B'] | unique", ["b", "a"]),
        ("['b', 'a'] | map('upper')", ["B", "A"]),
        ("{'b': 1, 'a': 2} | dictsort", [["a", 2], ["b", 1]]),
        ("{'b': 1, 'a': 2} | dictsort(by='value')", [["b", 1], ["a", 2]]),
        ("{'a': 1} | items", [["a", 1]]),
        (
            "[{'k': 'x', 'n': 1}, {'k': 'y', 'n': 2}, {'k': 'x', 'n': 3}] | groupby('k')",
            [
                {"grouper": "x", "list": [{"k": "x", "n": 1}, {"k": "x", "n": 3}]},
                {"grouper": "y", "list": [{"k": "y", "n": 2}]},
            ],
        ),
        ("{'b': [1, none], 'a': '<'} | tojson", '{"a":"<","b":[1,null]}'),
        ("{'a': 1} | tojson(indent=2)", '{\n  "a": 1\n}'),
        ("'[1, {}]' | fromjson", [1, {}]),
        ("(1, 2)", [1, 2]),
        ("range(2, 8, 3)", [2, 5]),
        ("1 < 2 <= 2 != 3", True),
        ("1 < 2 > 2", False),
        ("'n' in text and 'z' not in text and 'tone' in inputs", True),
        ("7 // 2 + 7 % 2 - -1", 5),
        ("2 ** 10", 1024),
        ("(0 - 1) ** 100001", -1),
        ("1 / 4", 0.25),
        ("'a' ~ 1 ~ none ~ true ~ [1]", "a1true[1]"),
        ("'%s is %05.1f%%' | format(text, 2.25)", "one two is 002.2%"),
        ("'%(a)s-%3d' | format(7, a=1)", "1-  7"),
        ("'x' if inputs.missing", None),
        ("[3, 1, 2][1:]", [1, 2]),
        ("text[::-1]", "owt eno"),
        ("'4' | int + '1.5' | float", 5.5),
        ("'no' | int(-1)", -1),
        ("[3, 1] | min + [3, 1] | max", 4),
        ("2.5 | round + 2.45 | round(1, 'floor')", 4.4),
        ("'one two three' | truncate(9)", "one..."),
        ("'a-b' | replace('-', '+') | center(5)", " a+b "),
        ("'a b' | urlencode", "a%20b"),
        ("[1, 2] | join('-')", "1-2"),
        ("[1, 2] | reverse | first", 2),
        ("'a\nb' | indent(2)", "a\n  b"),
        ("true is sameas 1", False),
        ("{'a': inputs.yes}", {"a": True}),
    ],
)
def test_expressions_give_json(source: str, value: Json) -> None:
    found = compile_expression(source).evaluate(NAMES)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("plain", "plain"),
        ("{{ steps.load.output.rows }}", [{"id": 1, "tone": "b"}, {"id": 2, "tone": "A"}]),
        (" {{ inputs.count + 1 }}\n", 4),
        ("Hi {{ inputs.count }}", "Hi 3"),
        ("[{{ none_at_all }}|{{ inputs.yes }}|{{ [1, {'a': none}] }}]", '[|true|[1,{"a":null}]]'),
        ("{{ braces }}", "{{ inputs.tone }}"),
        ("say {{ braces }}", "say {{ inputs.tone }}"),
        ("{% for n in [1, 2] %}{{ loop.index }}/{{ loop.length }}{% endfor %}", "1/22/2"),
        ("{% for a, b in inputs.x or [[1, 2]] %}{{ b }}{% else %}none{% endfor %}", "2"),
        ("{% for a in none_at_all %}x{% else %}none{% endfor %}", "none"),
        ("{% for a in [1, 2, 3] if a is odd %}{{ a }}{% endfor %}", "13"),
        ("{% for a in 'ab' %}{{ loop.cycle('x', 'y') }}{{ loop.previtem }}{% endfor %}", "xya"),
        ("{% if inputs.count > 5 %}a{% elif true %}b{% else %}c{% endif %}", "b"),
        ("{% set a = 1 %}{% set b %}<{{ a }}>{% endset %}{{ b ~ b }}", "<1><1>"),
        ("{% if none_at_all %}{% set a = 1 %}{% endif %}[{{ a }}]", "[]"),
        ("{# a remark #}{{ 1 }}", 1),
        ("{% raw %}{{ 1 }}{% endraw %}", "{{ 1 }}"),
        ("a\r\n{{ 1 }}", "a\n1"),
        ("x {{- 1 -}} y\n", "x1y\n"),
        ("\n{{ 1 }}{{ 2 }}\n", "\n12\n"),
    ],
)
def test_templates_keep_a_lone_value_and_make_text_of_the_rest(source: str, value: Json) -> None:
    found = compile_template(source).evaluate(NAMES)
    assert found == value
    assert type(found) is type(value)


def test_a_bare_expression_accepts_braces_and_says_so() -> None:
    braced = compile_expression(" {{ inputs.count > 2 }} ")
    assert braced.braces
    assert braced.evaluate(NAMES) is True
    assert not compile_expression("inputs.count > 2").braces
    with pytest.raises(ExpressionError) as caught:
        compile_expression("{{ inputs.count }} and {{ inputs.count }}")
    assert caught.value.code == "expression_syntax"


def test_is_template() -> None:
    assert is_template("a {{ b }}")
    assert is_template("{% if a %}{% endif %}")
    assert not is_template("{ braces } and 100%")


def test_values_are_worked_out_inside_and_keep_their_constant_parts() -> None:
    source: Json = {
        "path": "out/{{ inputs.count }}.txt",
        "{{ key }}": "stays",
        "rows": ["{{ steps.load.output.rows[0] }}", 1, {"deep": [True, "{{ text }}"]}],
        "constant": [{"a": None}],
    }
    value = compile_value(source)
    assert not value.constant
    assert value.source is source
    assert {(read.root, read.member) for read in value.reads} == {
        ("inputs", "count"),
        ("steps", "load"),
        ("text", None),
    }
    assert value.evaluate(NAMES) == {
        "path": "out/3.txt",
        "{{ key }}": "stays",
        "rows": [{"id": 1, "tone": "b"}, 1, {"deep": [True, "one two"]}],
        "constant": [{"a": None}],
    }


def test_a_constant_value_is_itself() -> None:
    source: Json = {"a": [1, "text"]}
    value = compile_value(source)
    assert value.constant
    assert value.evaluate({}) is source


def test_an_error_inside_a_value_names_its_place() -> None:
    with pytest.raises(ExpressionError, match=r"rows\[1\]\.text: ") as caught:
        compile_value({"rows": [1, {"text": "a {{ 1 + }}"}]})
    assert caught.value.code == "expression_syntax"
    late = compile_value({"rows": [1, {"text": "{{ text + 1 }}"}]})
    with pytest.raises(ExpressionType, match=r"rows\[1\]\.text: "):
        late.evaluate(NAMES)


def test_errors_name_line_and_column() -> None:
    template = compile_template("first\n  {{ text ~ (1 / 0) }}")
    with pytest.raises(ExpressionType) as caught:
        template.evaluate(NAMES)
    assert (caught.value.line, caught.value.column) == (2, 14)
    assert caught.value.message == "Division by zero (line 2, column 14)"


def test_a_name_that_is_not_there_gets_the_nearest() -> None:
    with pytest.raises(ExpressionName) as caught:
        compile_expression("1 + input.count").evaluate(NAMES)
    assert caught.value.code == "expression_name"
    assert "'inputs'" in caught.value.advice
    assert (caught.value.line, caught.value.column) == (1, 5)


def test_names_may_be_any_mapping_and_results_are_plain() -> None:
    class Lazy(dict[str, object]):
        pass

    names = {"a": Lazy(b=(1, Lazy(c=2)))}
    for source in ("a", "a or none"):
        found = compile_expression(source).evaluate(names)
        assert found == {"b": [1, {"c": 2}]}
        assert type(found) is dict


def test_evaluation_changes_nothing() -> None:
    names: dict[str, object] = {"rows": [3, 1, 2]}
    assert compile_expression("rows | sort + [rows | sort]").evaluate(names) == [1, 2, 3, [1, 2, 3]]
    assert names == {"rows": [3, 1, 2]}


def test_the_same_source_is_compiled_once() -> None:
    assert compile_expression("1 + 41") is compile_expression("1 + 41")
