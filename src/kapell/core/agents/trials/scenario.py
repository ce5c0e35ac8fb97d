"""A scenario: a prompt to one agent, what its model says, and what must come of it."""

import re
from fnmatch import fnmatchcase
from typing import Annotated, ClassVar

from msgspec import Meta

from kapell.core.definitions.authored import Authored, doc
from kapell.core.definitions.problems import Problems
from kapell.core.definitions.reading import read
from kapell.core.definitions.shaping import shape
from kapell.kit.json import Json, encode

FOLDER = "scenarios"
ENDINGS = (".yaml", ".yml")
_TEMPLATE = re.compile(r"\{[{%#]")


class ExpectForm(Authored, kw_only=True):
    """What must come of a scenario."""

    called: ClassVar[str] = "what is expected"

    answer: Annotated[
        str | list[str] | None,
        doc("Patterns over the answer, where `*` stands for anything; all must fit."),
    ] = None
    equals: Annotated[Json, doc("The structured answer itself.")] = None
    tools: Annotated[
        list[str] | None, doc("The tools that are called, in their order; `[]` for none.")
    ] = None


class ScenarioForm(Authored, kw_only=True):
    """A prompt to an agent with a scripted model: `kapell agents test` runs it."""

    called: ClassVar[str] = "a scenario"

    agent: Annotated[Annotated[str, Meta(min_length=1)], doc("The agent that is asked.")]
    prompt: Annotated[Annotated[str, Meta(min_length=1)], doc("What it is asked.")]
    answers: Annotated[
        list[Json],
        doc("What the scripted model says, turn by turn: entries of a script of answers."),
    ]
    expect: Annotated[ExpectForm | None, doc("What must come of it.")] = None


def read_scenario(data: bytes | str, file: str, problems: Problems) -> ScenarioForm:
    """Return a scenario's file; what is wrong with it is noted.

    Raises:
        DefinitionInvalid: It is no YAML.
    """
    form = shape(read(data, file, noted=problems), ScenarioForm, problems)
    expect = form.expect
    nothing = expect is None or (
        expect.answer is None and expect.tools is None and not expect.given("equals")
    )
    if nothing:
        problems.error(
            "scenario_expects_nothing",
            "The scenario expects nothing, so it cannot fail.",
            form.place("expect"),
            'Add `expect: {answer: "*a word*"}`.',
        )
    return form


def workflow_of(form: ScenarioForm, name: str) -> str:
    """Return the workflow that carries a scenario out, as JSON."""
    # A template would read the prompt anew: what stands in it is data here.
    prompt = _TEMPLATE.sub(lambda mark: f"{{{{ '{mark[0]}' }}}}", form.prompt)
    step: Json = {"id": "answer", "agent": form.agent, "prompt": prompt}
    workflow: Json = {
        "name": f"scenario-{name}",
        "description": f"A scenario of the agent {form.agent}.",
        "steps": [step],
        "outputs": {"answer": "{{ steps.answer.output }}"},
    }
    return encode(workflow).decode()


def script_of(form: ScenarioForm) -> str:
    """Return the script of the scenario's model, as JSON."""
    return encode({"answers": form.answers}).decode()


def failures(form: ScenarioForm, answer: Json, tools: tuple[str, ...]) -> tuple[str, ...]:
    """Return what did not come of a scenario as expected.

    Args:
        form: The scenario.
        answer: What the agent answered.
        tools: The tools it called, in order.
    """
    expect = form.expect
    if expect is None:
        return ()
    found = []
    text = answer if isinstance(answer, str) else encode(answer).decode()
    for pattern in [expect.answer] if isinstance(expect.answer, str) else expect.answer or ():
        if not fits(pattern, text):
            found.append(f"the answer does not fit {pattern!r}: {text[:300]}")
    if expect.given("equals") and answer != expect.equals:
        found.append(f"the answer is {text[:300]}, not {encode(expect.equals).decode()[:300]}")
    wanted = expect.tools
    if wanted is not None and not _same(wanted, tools):
        found.append(
            f"called were {', '.join(tools) or 'no tools'}, not {', '.join(wanted) or 'none'}"
        )
    return tuple(found)


def fits(pattern: str, text: str) -> bool:
    """Tell whether a text fits a pattern where ``*`` stands for anything."""
    expression = ".*".join(re.escape(part) for part in pattern.split("*"))
    return re.fullmatch(expression, text, re.DOTALL | re.IGNORECASE) is not None


def _same(wanted: list[str], tools: tuple[str, ...]) -> bool:
    return len(wanted) == len(tools) and all(
        fnmatchcase(name, pattern) for name, pattern in zip(tools, wanted, strict=True)
    )
