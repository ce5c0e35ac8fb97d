"""YAML 1.2 and JSON are read with places; what is broken gets one clear message."""

import pytest

from kapell.core.definitions.problems import DefinitionInvalid, Problems
from kapell.core.definitions.reading import ALIAS_LIMIT, DEPTH_LIMIT, SIZE_LIMIT, read, read_on
from kapell.kit.json import Json


def value(text: str | bytes) -> Json:
    return read(text, "f.yaml").plain()


def said(text: str | bytes) -> list[str]:
    with pytest.raises(DefinitionInvalid) as caught:
        read(text, "f.yaml")
    return [f"{one.place.line}:{one.place.column} {one.code}" for one in caught.value.problems]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("12:30", "12:30"),
        ("2030-01-31", "2030-01-31"),
        ("017", 17),
        ("0o17", 15),
        ("0x1F", 31),
        ("-5", -5),
        ("1_000", "1_000"),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("null", None),
        ("'5'", "5"),
        ('"\\ud83d\\ude00\\/"', "😀/"),
        ("|\n  a\n   b\n", "a\n b\n"),
        (">\n  a\n  b\n", "a b\n"),
        ("[1, {a: b}]", [1, {"a": "b"}]),
    ],
)
def test_scalars_follow_the_core_schema(written: str, meant: Json) -> None:
    found = value(f"key: {written}")
    assert found == {"key": meant}
    assert isinstance(found, dict)
    assert type(found["key"]) is type(meant)


def test_keys_are_text_however_they_look() -> None:
    assert value("on: 1\n1: 2\ntrue: 3\nnull: 4") == {"on": 1, "1": 2, "true": 3, "null": 4}


def test_json_with_tabs_is_read_too() -> None:
    assert value('{\n\t"a": [1, 2.5, null],\n\t"b": {"c": "\\n"}}') == {
        "a": [1, 2.5, None],
        "b": {"c": "\n"},
    }


def test_a_byte_order_mark_of_utf8_is_passed_over() -> None:
    assert value(b"\xef\xbb\xbfa: 1") == {"a": 1}


def test_windows_line_ends_are_line_ends() -> None:
    assert value(b"a: 1\r\nb: |\r\n  x\r\n  y\r\n") == {"a": 1, "b": "x\ny\n"}


def test_aliases_are_copied() -> None:
    assert value("a: &x {k: 1}\nb: *x\nc: [*x]") == {"a": {"k": 1}, "b": {"k": 1}, "c": [{"k": 1}]}


def test_a_merge_key_is_only_a_key() -> None:
    assert value("a: &x {k: 1}\nb: {<<: *x}") == {"a": {"k": 1}, "b": {"<<": {"k": 1}}}


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        (b"", ["1:1 file_empty"]),
        ("# nothing\n", ["1:1 file_empty"]),
        ("---\n", ["1:1 file_empty"]),
        ("null", ["1:1 not_a_mapping"]),
        ("- a\n- b", ["1:1 not_a_mapping"]),
        ("just text", ["1:1 not_a_mapping"]),
        (b"a: ok\nb: \xff\xfe", ["2:4 encoding_broken"]),
        ("a: 1".encode("utf-16"), ["1:1 encoding_broken"]),
        ("a: x\x00y", ["1:5 character_refused"]),
        ("a: 1\nb: \x07", ["2:4 character_refused"]),
        ('a: "\\0"', ["1:4 character_refused"]),
        ('a: "\\ud83d"', ["1:4 character_refused"]),
        ("a: 1\n---\nb: 2", ["2:1 yaml_many_documents"]),
        ("a: 1\nb: 2\na: 3\nb: 4", ["3:1 duplicate_key", "4:1 duplicate_key"]),
        ("a:\n\t- b", ["2:1 yaml_tab"]),
        ("a: {{ x }}", ["1:4 yaml_template_unquoted"]),
        ("a: {{ x }} more", ["1:4 yaml_template_unquoted"]),
        ("a:\n  - {{ x }}\n  - b", ["2:5 yaml_template_unquoted"]),
        ("a: {% if x %}", ["1:4 yaml_template_unquoted"]),
        ("a: !tag x\nb: !!str 5", ["1:4 yaml_tag", "2:4 yaml_tag"]),
        ("a: !important\nb: 1", ["1:4 yaml_tag"]),
        ("a: *nowhere", ["1:4 yaml_alias_unknown"]),
        ("a: b: c", ["1:5 yaml_broken"]),
        ("a: 'x", ["1:4 yaml_broken"]),
        ("a: [1, 2", ["1:9 yaml_broken"]),
        ("a: @x", ["1:4 yaml_broken"]),
        ("- a\nb: c", ["2:1 yaml_broken"]),
        ("? [a]\n: b", ["1:3 key_not_text"]),
        (
            "a: .inf\nb: .nan\nc: 1e999",
            ["1:4 number_refused", "2:4 number_refused", "3:4 number_refused"],
        ),
        ("a: 99999999999999999999\nb: " + "9" * 5000, ["1:4 number_refused", "2:4 number_refused"]),
    ],
)
def test_what_is_broken_gets_its_own_message(text: str | bytes, problems: list[str]) -> None:
    assert said(text) == problems


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 'it's'", "The text goes on after its closing quote."),
        ("a: 1\n  b: 2", "A colon followed by a blank stands where no key can be."),
        ("a: 1\nb", "This line is no `key: value`; the colon is missing."),
        ("a: [1,", "The file ends inside a bracket or brace."),
        ("a: [1 2: 3", "A list or mapping in brackets is not closed, or a comma is missing."),
        ('a: "\\q"', "A double-quoted text holds a backslash that escapes nothing."),
        ("a: 'x", "A quoted text is never closed."),
        ("a:\n    b: 1\n  c: 2", "This line does not fit the lines above it."),
    ],
)
def test_broken_yaml_is_explained(text: str, message: str) -> None:
    with pytest.raises(DefinitionInvalid) as caught:
        read(text, "f.yaml")
    assert [one.message for one in caught.value.problems] == [message]
    assert caught.value.problems[0].advice


def test_a_duplicate_key_names_both_places() -> None:
    with pytest.raises(DefinitionInvalid) as caught:
        read("a: 1\nb:\n  c: 1\n  c: 2", "f.yaml")
    assert "first in line 3, column 3" in caught.value.problems[0].message
    assert str(caught.value.problems[0].place) == "f.yaml:4:3"


def test_a_file_over_the_limit_is_not_parsed() -> None:
    assert said(b"a: " + b"x" * SIZE_LIMIT) == ["1:1 file_too_large"]


def test_aliases_cannot_multiply_without_bound() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for number in range(1, 9):
        inside = ", ".join(f"*a{number - 1}" for _ in range(10))
        lines.append(f"a{number}: &a{number} [{inside}]")
    found = said("\n".join(lines))
    assert len(found) == 1
    assert found[0].endswith("yaml_aliases_too_many")
    assert ALIAS_LIMIT < 10**8


def test_nesting_has_an_end() -> None:
    deep = "a: " + "[" * (DEPTH_LIMIT + 5) + "]" * (DEPTH_LIMIT + 5)
    assert [one.split()[1] for one in said(deep)] == ["yaml_too_deep"]


def test_aliases_do_not_nest_deeper_either() -> None:
    lines = ["a0: &a0 " + "[" * 60 + "x" + "]" * 60]
    for number in range(1, 12):
        lines.append(f"a{number}: &a{number} " + "[" * 60 + f"*a{number - 1}" + "]" * 60)
    assert [one.split()[1] for one in said("\n".join(lines))] == ["yaml_too_deep"]


def test_every_value_knows_its_place() -> None:
    root = read("a: 1\nb:\n  - c: [x, yy]\n    d: |\n      one\n      two\n", "f.yaml")
    assert str(root.at(["b", 0, "c", 1]).place) == "f.yaml:3:12"
    assert str(root.at(["b", 0]).key_place("d")) == "f.yaml:4:5"
    assert str(root.at(["b", 0, "d"]).inside(2, 3)) == "f.yaml:6:9"
    assert str(root.at(["b", 7, "x"]).place) == "f.yaml:3:3"


def test_lines_count_from_where_the_text_stands() -> None:
    root = read("name: x\ntools: y", "a.md", first_line=2)
    assert str(root.key_place("tools")) == "a.md:3:1"


def test_a_problem_says_where_what_and_what_to_do() -> None:
    with pytest.raises(DefinitionInvalid) as caught:
        read("a: {{ x }}", "f.yaml")
    assert caught.value.code == "definition_invalid"
    assert str(caught.value.problems[0]) == (
        "f.yaml:1:4: A value that begins with {{ must be quoted: YAML reads { as a mapping. "
        '[yaml_template_unquoted] Write it as "{{ ... }}".'
    )


@pytest.mark.requirement("DX-07")
@pytest.mark.parametrize("written", [".inf", "-.INF", ".nan", "1e999", "9" * 20])
def test_what_is_no_number_does_not_hide_the_rest_of_its_file(written: str) -> None:
    problems = Problems()
    root = read_on(f"a: {written}\na: 2\nb: {{{{ x }}}}\nc: 3\n", "f.yaml", problems)
    assert root is not None
    assert [(one.place.line, one.code) for one in problems.errors] == [
        (1, "number_refused"),
        (2, "duplicate_key"),
        (3, "yaml_template_unquoted"),
    ]
    assert root.plain() == {"a": None, "b": "{{ x }}", "c": 3}
