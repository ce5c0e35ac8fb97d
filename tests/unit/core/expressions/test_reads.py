"""What the loader and the run machine learn without working an expression out."""

import pytest

from kapell.core.expressions import Read, compile_expression, compile_template


@pytest.mark.parametrize(
    ("source", "reads"),
    [
        ("steps.load.output.rows", {Read("steps", "load", ("output", "rows"), 1, 1)}),
        ("steps['load'].output", {Read("steps", "load", ("output",), 1, 1)}),
        ("1 + steps['load']['a b'][0]", {Read("steps", "load", ("a b", "0"), 1, 5)}),
        ("c.item.text", {Read("c", "item", ("text",), 1, 1)}),
        (
            "steps[name].output",
            {Read("steps", None, (), 1, 1), Read("name", None, (), 1, 7)},
        ),
        ("a.b.get('c').d", {Read("a", "b", (), 1, 1)}),
        (
            "rows | map(attribute='steps.x') | join(by.it)",
            {Read("rows", None, (), 1, 1), Read("by", "it", (), 1, 40)},
        ),
    ],
)
def test_reads_of_expressions(source: str, reads: set[Read]) -> None:
    assert compile_expression(source).reads == reads


@pytest.mark.parametrize(
    ("source", "roots"),
    [
        ("{'k': a.x, 'l': [c, d[1:e]]} is sameas f", set("acdef")),
        ("a if b else c", set("abc")),
        ("a < b < c and not d", set("abcd")),
        ("a.upper(b) ~ a.replace(old=c, new=d) | default(e)", set("abcde")),
    ],
)
def test_every_part_of_an_expression_is_looked_at(source: str, roots: set[str]) -> None:
    assert {read.root for read in compile_expression(source).reads} == roots


@pytest.mark.parametrize(
    ("source", "roots"),
    [
        ("{% set a = b.c %}{{ a.d }}", {"b"}),
        ("{{ a }}{% set a = 1 %}", {"a"}),
        ("{% set a = a %}{{ a }}", {"a"}),
        ("{% for x in rows %}{{ x.y ~ loop.index }}{% else %}{{ x }}{% endfor %}", {"rows", "x"}),
        ("{% for x in rows if x.ok and z %}{% endfor %}{{ x }}", {"rows", "x", "z"}),
        ("{% for k, v in rows %}{% set q = k %}{{ q ~ v }}{% endfor %}{{ q }}", {"rows", "q"}),
        ("{% if a %}{% set b = 1 %}{% elif c %}{{ d }}{% endif %}{{ b }}", set("acd")),
        ("{% set t %}{{ a }}{% set i = 1 %}{% endset %}{{ t }}{{ i }}", {"a", "i"}),
        ("text {# {{ hidden }} #}{% raw %}{{ raw }}{% endraw %}", set()),
    ],
)  # fmt: skip
def test_names_bound_inside_are_no_reads(source: str, roots: set[str]) -> None:
    assert {read.root for read in compile_template(source).reads} == roots


def test_reads_know_line_and_column() -> None:
    source = "one\r\n{# x #} {%- if a %}\n   {{ b.c }}{% endif %} {{- d }}"
    found = {read.root: (read.line, read.column) for read in compile_template(source).reads}
    assert found == {"a": (2, 16), "b": (3, 7), "d": (3, 29)}
