"""What a run is given becomes what its workflow declares, or is refused with everything wrong."""

import pytest

from kapell.core.workflows.inputs import InputsInvalid, bind
from kapell.kit.errors import Invalid
from kapell.kit.json import Json
from tests.unit.core.workflows.authoring import version_of

VERSION = version_of("""\
    name: x
    inputs:
      n: {type: integer, default: 1}
      f: {type: number, default: 1}
      b: {type: boolean, default: false}
      o: {type: object, default: {}}
      l: {type: array, default: []}
      s: {type: string, default: ''}
      file: {type: file, default: a.csv}
      tone: {type: string, enum: [formal, friendly], default: friendly}
      size: {type: integer, enum: [1, 2, 3], default: 1}
      any: {default: null}
      pick: {enum: [1, '2', x], default: 1}
    steps: [{id: a, ask: hi}]
""")


@pytest.mark.parametrize(
    ("name", "given", "bound"),
    [
        ("n", "3", 3),
        ("n", " -3 ", -3),
        ("n", 3, 3),
        ("n", 3.0, 3),
        ("f", "3", 3),
        ("f", "2.5", 2.5),
        ("b", "true", True),
        ("b", "No", False),
        ("b", True, True),
        ("o", '{"a": [1]}', {"a": [1]}),
        ("l", "[1, 2]", [1, 2]),
        ("s", "3", "3"),
        ("s", "true", "true"),
        ("any", "3", "3"),
        ("any", [1], [1]),
        ("file", "x y.csv", "x y.csv"),
        ("tone", "formal", "formal"),
        ("size", "2", 2),
        ("n", None, 1),
        ("pick", "1", 1),
        ("pick", "2", "2"),
    ],
)
def test_texts_become_the_declared_type(name: str, given: Json, bound: Json) -> None:
    found = bind(VERSION, {name: given})[name]
    assert found == bound
    assert type(found) is type(bound)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("n", "3.5"),
        ("n", "three"),
        ("n", True),
        ("f", "1e999"),
        ("b", "maybe"),
        ("b", 1),
        ("o", "[1]"),
        ("o", '"text"'),
        ("l", "{}"),
        ("s", 3),
        ("file", 3),
        ("tone", "formel"),
        ("size", "4"),
        ("size", True),
        ("pick", True),
        ("pick", "3"),
    ],
)
def test_what_does_not_fit_is_refused(name: str, given: Json) -> None:
    with pytest.raises(InputsInvalid) as caught:
        bind(VERSION, {name: given})
    assert [(one.code, f"`{name}`" in one.message) for one in caught.value.errors] == [
        ("input_wrong", True)
    ]


def test_everything_wrong_comes_at_once_with_the_nearest_name() -> None:
    version = version_of("""\
        name: x
        inputs: {city: {type: string}, count: {type: integer}, day: {description: Which day}}
        steps: [{id: a, ask: hi}]
    """)
    with pytest.raises(InputsInvalid) as caught:
        bind(version, {"citty": "x", "count": "many"})
    assert [(one.code, one.advice) for one in caught.value.errors] == [
        ("input_unknown", "Did you mean `city`?"),
        ("input_missing", "Give it with --input city=..."),
        ("input_wrong", "It takes a whole number."),
        ("input_missing", "Give it with --input day=..."),
    ]
    assert caught.value.code == "inputs_invalid"
    assert "(and 3 more)" in caught.value.message


def test_defaults_fill_in() -> None:
    assert bind(VERSION, {"n": "5"}) == {
        "n": 5, "f": 1, "b": False, "o": {}, "l": [], "s": "", "file": "a.csv",
        "tone": "friendly", "size": 1, "any": None, "pick": 1,
    }  # fmt: skip


def test_a_workflow_that_declares_none_accepts_any() -> None:
    version = version_of("name: x\nsteps: [{id: a, ask: hi}]")
    assert bind(version, {"env": "prod", "n": 3}) == {"env": "prod", "n": 3}


def test_a_workflow_that_declares_an_empty_list_takes_none() -> None:
    version = version_of("name: x\ninputs: {}\nsteps: [{id: a, ask: hi}]")
    with pytest.raises(InputsInvalid) as caught:
        bind(version, {"env": "prod"})
    assert caught.value.errors[0].advice == "It takes no inputs."


@pytest.mark.requirement("DX-08")
@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("n", "9223372036854775808", "9223372036854775808"),
        ("n", "-9223372036854775809", "-9223372036854775809"),
        ("n", "1e300", "a number of 997 bits"),
        ("n", 10**1000, "a number of 3322 bits"),
        ("f", float("nan"), "nan"),
        ("f", float("-inf"), "-inf"),
        ("l", "[1, [99999999999999999999]]", "99999999999999999999"),
        ("o", {"a": [float("inf")]}, "inf"),
    ],
)
def test_numbers_that_not_every_reader_has_are_refused(name: str, value: Json, shown: str) -> None:
    with pytest.raises(InputsInvalid) as caught:
        bind(VERSION, {"n": 1, name: value})
    (error,) = caught.value.errors
    assert error.message == f"The input `{name}` holds {shown}, which does not fit into 64 bits."
    assert error.advice


def test_the_largest_numbers_are_taken() -> None:
    free = version_of("name: x\nsteps: [{id: a, ask: hi}]")
    for number in (2**63 - 1, -(2**63)):
        assert bind(VERSION, {"n": str(number)})["n"] == number
        assert bind(free, {"n": number}) == {"n": number}
    with pytest.raises(Invalid):
        bind(free, {"n": 2**63})
