"""Objects by what they can do, without any framework: shapes, results, and what goes wrong."""

import pytest

from kapell.kit.errors import Invalid, KapellError, Missing, Unavailable
from kapell.services.tools.ports import UnknownOutcome
from tests.integration.tools.runtimes.conftest import Place

pytestmark = pytest.mark.requirement("DE-15")

OBJECTS = """
import asyncio, dataclasses, json

@dataclasses.dataclass
class Found:
    n: int

class Chain:
    async def ainvoke(self, text, config=None):
        print("noise")
        return {"said": text}

class Crew:
    def kickoff(self, inputs=None):
        return Found(len(inputs["prompt"]))

class Team:
    async def run(self, *, task=None):
        return f"task {task}"

class Counting:
    def __init__(self):
        self.n = 0
    def invoke(self, text):
        self.n += 1
        return self.n

chain, crew, team, shared = Chain(), Crew(), Team(), Counting()

def fresh():
    return Counting()

async def answer(prompt):
    return prompt.upper()

async def slow(prompt):
    await asyncio.sleep(60)

def failing(prompt):
    raise RuntimeError("no luck with password=hunter2")

def strange(prompt):
    return object()

def text(prompt):
    return '```json\\n{"n": 1}\\n```'

number = 7

def broken():
    raise RuntimeError("not today")
"""


@pytest.fixture
def objects(place: Place) -> Place:
    """Give a workspace with objects of many shapes."""
    place.write("_objects.py", OBJECTS)
    return place


@pytest.mark.parametrize(
    ("name", "prompt", "expected"),
    [
        ("chain", "hi", {"said": "hi"}),
        ("chain", {"topic": "x"}, {"said": {"topic": "x"}}),
        ("crew", "four", {"n": 4}),
        ("crew", {"prompt": "fives"}, {"n": 5}),
        ("team", "t", "task t"),
        ("Team", "t", "task t"),
        ("team", [1], "task [1]"),
        ("answer", "hi", "HI"),
    ],
)
async def test_objects_are_asked_by_what_they_can_do(
    objects: Place, name: str, prompt: object, expected: object
) -> None:
    assert await objects.python(f"_objects:{name}", prompt) == expected  # type: ignore[arg-type]  # JSON


async def test_a_function_without_parameters_makes_an_object_for_each_prompt(
    objects: Place,
) -> None:
    assert [await objects.python("_objects:shared", "x") for _ in range(2)] == [1, 2]
    assert [await objects.python("_objects:fresh", "x") for _ in range(2)] == [1, 1]


async def test_instructions_go_before_a_text_and_not_before_an_object(objects: Place) -> None:
    said = await objects.python("_objects:answer", "hi", instructions="be brief")
    assert said == "BE BRIEF\n\nHI"
    with pytest.raises(Invalid) as caught:
        await objects.python("_objects:crew", {"prompt": "x"}, instructions="be brief")
    assert caught.value.code == "runtime_prompt"


async def test_a_text_that_holds_json_is_the_value_its_schema_wants(objects: Place) -> None:
    schema = {"type": "object", "required": ["n"]}
    assert await objects.python("_objects:text", "x", output=schema) == {"n": 1}
    assert str(await objects.python("_objects:text", "x")).startswith("```")


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ("nowhere:x", "runtime_module_missing"),
        ("nowhere.deep:x", "runtime_module_missing"),
        ("_objects:lost", "runtime_object_missing"),
        ("_objects:number", "runtime_object_unsuitable"),
        ("_objects:Found", "runtime_object_unsuitable"),
        ("_objects:broken", "runtime_object_broken"),
        ("_lacking:x", "runtime_package_missing"),
        ("_wrong:x", "tool_module_broken"),
    ],
)
async def test_what_cannot_be_asked_is_said_before_anything_is(
    objects: Place, entry: str, code: str
) -> None:
    objects.write("_lacking.py", "import no_such_framework\nx = 1\n")
    objects.write("_wrong.py", "x = 1 / 0\n")
    with pytest.raises((Missing, Invalid)) as caught:
        await objects.python(entry, "hi")
    assert caught.value.code == code
    assert caught.value.advice


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("failing", "runtime_object_failed"),
        ("slow", "runtime_timed_out"),
        ("strange", "runtime_answer_not_json"),
    ],
)
async def test_what_fails_may_have_taken_effect(objects: Place, name: str, code: str) -> None:
    with pytest.raises(UnknownOutcome) as caught:
        await objects.python(f"_objects:{name}", "hi", timeout=0.2)
    cause = caught.value.__cause__
    assert isinstance(cause, KapellError)
    assert cause.code == code
    assert "hunter2" not in cause.message
    with pytest.raises((Unavailable, Invalid)) as told:
        await objects.python(f"_objects:{name}", "hi", timeout=0.2, repeatable=True)
    assert told.value.code == code
