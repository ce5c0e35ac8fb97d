"""Hostile expressions end in one clear error, by counting and never by the clock."""

import sys
import threading

import pytest

from kapell.core.expressions import (
    ExpressionError,
    ExpressionTooExpensive,
    Limits,
    compile_expression,
    compile_template,
)
from kapell.core.expressions.dialect import DIALECT
from kapell.kit.json import Json


def _deep(levels: int) -> Json:
    value: Json = 1
    for _ in range(levels):
        value = [value]
    return value


NAMES: dict[str, object] = {
    "x": list(range(1000)),
    "text": "text",
    "o": {"a": 1, "items": 5},
    "deep": _deep(300),
    "kids": [{"kids": []}],
    "digits": "9" * 5000,
    "thing": object(),
}
_DOUBLED = "{% set a0 = [1] %}" + "".join(
    f"{{% set a{at + 1} = [a{at}, a{at}] %}}" for at in range(60)
)

EXPENSIVE = [
    "{% for i in range(10**12) %}{% endfor %}",
    "{% for i in range(999) %}{% for j in range(999) %}{% for k in range(999) %}{% endfor %}"
    "{% endfor %}{% endfor %}",
    "{% for i in range(100000) %}" + "a" * 10_000 + "{% endfor %}",
    "{% for i in range(100000) %}{% set b = [" + "1," * 5_000 + "] %}{% endfor %}",
    "{% for i in range(90000) %}{% if " + "1 and " * 60 + "1 %}{% endif %}{% endfor %}",
    "{{ range(10**9) }}",
    "{{ range(10**30) }}",
    "{{ 'a' * 10**9 }}",
    "{{ 10**9 * [1] }}",
    "{{ [[[[0]*1000]*1000]*1000]*1000 }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ '%.1000000000f' | format(1) }}",
    "{{ (['a'*1000]*100000) | join }}",
    "{{ x | join('a'*100000) }}",
    "{{ x | batch(10**9, 1) }}",
    "{{ x | batch(10**6, 1) | batch(1) | map('batch', 1000000, 1) }}",
    "{{ x | slice(10**9) }}",
    "{{ ([x]*1000) | tojson }}",
    "{{ ([x]*1000) | tojson(indent=8) }}",
    "{{ ([x]*1000) | unique }}",
    "{{ (x*500) | sort(reverse=true) }}",
    "{{ (x*900) | sum }}",
    "{{ text.replace('', 'a'*1000000) }}",
    "{{ text | center(10**9) }}",
    "{{ text.zfill(10**9) }}",
    "{{ text | indent(10**9) }}",
    "{{ digits | int }}",
    "{{ ('9'*5000) | float }}",
    "{{ 2**100000 }}",
    "{{ 9**9**9**9**9 }}",
    "{{ (10**300)*(10**300) }}",
    _DOUBLED + "{{ a60 == a59 }}",
    _DOUBLED + "{{ a60 in [a59] }}",
    _DOUBLED + "{{ a60 }}",
    _DOUBLED + "{{ [a60] | groupby(0) }}",
    "{{ deep == deep }}",
    "{{ [deep] }}",
    "{{ deep | tojson }}",
    "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "{{ " + "[" * 60 + "1" + "]" * 60 + " }}",
    "{{ " + "not " * 5000 + "1 }}",
    "{{ " + "-" * 5000 + "1 }}",
    "{{ " + "1+" * 5000 + "1 }}",
    "{{ " + "1+" * 100 + "1 }}",
    "{{ " + "1 if 1 else " * 5000 + "1 }}",
    "{{ x" + "|list" * 3000 + " }}",
    "{{ o" + ".a" * 3000 + " }}",
    "{{ " + "1 and " * 3000 + "1 }}",
    "{{ [" + "1," * 30_000 + "] }}",
    "{% if 1 %}" * 500 + "{% endif %}" * 500,
    "{% set a %}" * 500 + "{% endset %}" * 500,
    "{% for i in x %}" * 12 + "{% endfor %}" * 12,
    "a" * 1_000_000 + "{{ 1 }}",
]
DENIED = [
    "{{ ().__class__ }}",
    "{{ ''.__class__.__mro__ }}",
    "{{ o.__class__ }}",
    "{{ o._private }}",
    "{{ o['__class__'] }}",
    "{{ text['__cl' ~ 'ass__'] }}",
    "{{ x | attr('__class__') }}",
    "{{ x | map(attribute='__class__') }}",
    "{{ [o] | sum(attribute='a.__class__') }}",
    "{{ [o, o] | sort(attribute='__class__') }}",
    "{{ [o] | selectattr('__class__') }}",
    '{{ "{0.__class__}".format(x) }}',
    '{{ "{:>1000000000}".format(1) }}',
    "{{ text.format_map(o) }}",
    "{{ x.append(1) }}",
    "{{ o.update({}) }}",
    "{{ o.a.real.__class__ }}",
    "{{ lipsum() }}",
    "{{ cycler(1, 2) }}",
    "{{ joiner() }}",
    "{{ namespace(a=1) }}",
    "{{ dict(a=1) }}",
    "{{ now() }}",
    "{{ self }}",
    "{{ self.x() }}",
    "{{ __result }}",
    "{{ x() }}",
    "{{ range(*[1]) }}",
    "{{ range.__class__ }}",
    "{% for k in kids recursive %}{{ loop(k.kids) }}{% endfor %}",
    "{% for k in kids recursive %}{{ k }}{% endfor %}",
    "{% for k in kids %}{{ loop }}{% endfor %}",
    "{% for k in kids %}{{ loop(k.kids) }}{% endfor %}",
    "{% for k in kids %}{{ loop.changed(1) }}{% endfor %}",
    "{% for k in kids %}{% set outer = loop %}{% endfor %}",
    "{% macro a() %}{% endmacro %}",
    "{% call x() %}{% endcall %}",
    "{% include 'x' %}",
    "{% import 'x' as y %}",
    "{% from 'x' import y %}",
    "{% extends 'x' %}",
    "{% block a %}{% endblock %}",
    "{% filter upper %}{% endfilter %}",
    "{% autoescape true %}{% endautoescape %}",
    "{% set o.a = 1 %}",
    "{% set loop = 1 %}",
    "{{ [thing] }}",
    "{{ thing }}",
    "{{ thing ~ '' }}",
]
SYNTAX = [
    "{{ 1 + }}",
    "{{ 'abc",
    "{{ x",
    "{% if %}",
    "{% if x %}",
    "{% unknown %}",
    "{{ }}",
    "{{ 1 2 }}",
    "{{ 1 << 5 }}",
    "{{ " + "9" * 5000 + " }}",
    "{{ 1e999 }}",
    "{{ '\\ud800' }}",
    "{{ {1: 2} }}",
    "{{ x | nofilter }}",
    "{{ x | random }}",
    "{{ x is notest }}",
    "{{ x | sort(wrong=1) }}",
    "{{ x | batch }}",
]
TYPES = [
    "{{ 1 + 'a' }}",
    "{{ x + 1 }}",
    "{{ -text }}",
    "{{ 1 / 0 }}",
    "{{ 1e308 * 10 }}",
    "{{ (-8) ** 0.5 }}",
    "{{ 10 ** 100 }}",
    "{{ [10 ** 100] }}",
    "{{ 2.0 ** 10000 }}",
    "{{ x < text }}",
    "{{ [1, 'a'] | sort }}",
    "{{ text.upper }}",
    "{{ x.rows }}",
    "{{ o.items() }}",
    "{{ text[o] }}",
    "{{ x[::0] }}",
    "{{ {o: 2} }}",
    "{{ {[]: 2} }}",
    "{{ o | tojson(indent=1000000) }}",
    "{{ 1.5 | round(10**9) }}",
    "{{ x | map('nofilter') }}",
    "{{ x | select('notest') }}",
    "{{ x | map('replace') }}",
    "{{ ('['*100000) | fromjson }}",
    "{{ x | batch(0) }}",
    "{{ '%s' | format }}",
    "{% for a, b in x %}{% endfor %}",
    "{% for a in 5 %}{% endfor %}",
]


@pytest.mark.parametrize(
    ("code", "source"),
    [
        (code, source)
        for code, sources in (
            ("expression_too_expensive", EXPENSIVE),
            ("expression_denied", DENIED),
            ("expression_syntax", SYNTAX),
            ("expression_type", TYPES),
        )
        for source in sources
    ],
    ids=lambda text: text[:60],
)
def test_hostile_templates_give_one_clear_error(code: str, source: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_template(source).evaluate(NAMES)
    assert caught.value.code == code
    assert len(caught.value.message) < 400
    assert caught.value.__cause__ is None
    assert "jinja" not in str(caught.value).lower()
    assert caught.value.message.endswith(
        f"(line {caught.value.line}, column {caught.value.column})"
    )


@pytest.mark.parametrize("source", ["", "  ", "1 +", "a b", "a }}", "{{ a", "x y {{ z }}", "%}"])
def test_broken_expressions_are_syntax_errors(source: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_expression(source)
    assert caught.value.code == "expression_syntax"


def test_a_cheap_try_that_fails_leaves_nothing_behind() -> None:
    expression = compile_expression("x | map('string') | join | length")
    with pytest.raises(ExpressionTooExpensive):
        expression.evaluate(NAMES, Limits(operations=500))
    assert expression.evaluate(NAMES) == 2890


def test_every_limit_holds_by_itself() -> None:
    with pytest.raises(ExpressionTooExpensive, match="too much text"):
        compile_expression("'ab' * 60").evaluate({}, Limits(text=100))
    with pytest.raises(ExpressionTooExpensive, match="operations"):
        compile_expression("[0] * 200").evaluate({}, Limits(operations=100))
    with pytest.raises(ExpressionTooExpensive, match="nested"):
        compile_expression("[[[[1]]]]").evaluate({}, Limits(depth=2))
    assert compile_expression("[[1]]").evaluate({}, Limits(depth=2)) == [[1]]


def test_an_object_costs_its_keys_and_its_values() -> None:
    names: dict[str, object] = {"a": {str(at): {} for at in range(1_000)}}
    expression = compile_expression("a | tojson | length")
    assert expression.evaluate(names) == 8_891
    with pytest.raises(ExpressionTooExpensive, match="operations"):
        expression.evaluate(names, Limits(operations=2_500))


def test_nothing_of_jinjas_own_can_be_named() -> None:
    assert all(":" in name for name in DIALECT.filters)
    assert not DIALECT.tests
    assert not DIALECT.globals


def test_one_limit_is_shared_by_all_texts_of_a_loop() -> None:
    template = compile_template("{% for i in range(50) %}{{ 'a' * 10 }}{% endfor %}")
    assert template.evaluate({}, Limits(text=1_200)) == "a" * 500
    with pytest.raises(ExpressionTooExpensive):
        template.evaluate({}, Limits(text=900))


def test_a_compiled_object_may_be_used_by_several_threads_at_once() -> None:
    template = compile_template("{% for i in x %}{{ i + n }},{% endfor %}")
    results: dict[int, Json] = {}

    def work(n: int) -> None:
        results[n] = template.evaluate({"x": NAMES["x"], "n": n})

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert results == {n: "".join(f"{i + n}," for i in range(1000)) for n in range(4)}
