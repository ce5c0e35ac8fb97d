"""Answers that must keep to their sources: checked, corrected, shown to people, refused."""

from collections.abc import Sequence

import pytest

from kapell.core.agents.definition import Agent
from kapell.core.events.guarding.approval import ApprovalRequested
from kapell.core.events.model import ModelAnswered
from kapell.core.events.value import packed_digest
from kapell.core.gateway.calls import ModelAnswer, ToolAsk, Usage
from kapell.core.guardrails.grounding.demand import Grounded, Score
from kapell.core.runs.commands import Answer
from kapell.core.runs.state import OpenCall
from kapell.core.tools.spec import ToolSpec
from kapell.core.workflows.pins import Pins
from kapell.kit.json import Json
from kapell.testing.simulation import Simulation
from tests.unit.core.runs.running import Effect, ran, said
from tests.unit.core.workflows.authoring import version_of, wrong

RIGHT = "The bridge is 120 metres long."
WRONG = "The bridge is 130 metres long. I do not know who built it."
INPUTS: dict[str, Json] = {"text": "The bridge is 120 metres long and opened in 1932."}
STEP = """
- id: a
  ask: How long is it?
  corrections: 1
  grounded: {{sources: "{{{{ inputs.text }}}}"{more}}}
"""


def answering(*answers: str) -> Effect:
    """Return a model that gives these answers in turn, the last one again and again."""
    left: list[str] = list(answers)

    def effect(call: OpenCall, args: Json) -> Json | ModelAnswer:
        del args
        return said(left.pop(0) if len(left) > 1 else left[0]) if call.kind == "model" else "done"

    return effect


def answered(made: Simulation) -> Sequence[ModelAnswered]:
    """Return the facts about the model's answers."""
    return [e.payload for e in made.events if isinstance(e.payload, ModelAnswered)]


@pytest.mark.requirement("GR-08")
def test_an_answer_that_its_sources_hold_is_used() -> None:
    made = ran(STEP.format(more=""), answering(RIGHT), INPUTS)
    assert made.state.status == "succeeded"
    assert [one.grounding for one in answered(made)] == [Score(1.0, 0, 1)]


@pytest.mark.requirement("GR-08")
def test_a_flagged_answer_goes_back_with_its_sentences_named() -> None:
    made = ran(STEP.format(more=""), answering(WRONG, RIGHT), INPUTS)
    first, second = answered(made)
    assert first.grounding == Score(0.2, 1, 2)
    assert "- The bridge is 130 metres long. (number)" in first.problem
    assert "who built it" not in first.problem
    assert (second.problem, made.state.status) == ("", "succeeded")


@pytest.mark.requirement("GR-08")
def test_after_the_corrections_the_step_fails() -> None:
    made = ran(STEP.format(more=""), answering(WRONG), INPUTS)
    failure = made.state.failure
    assert failure is not None
    assert (failure.code, failure.step, len(answered(made))) == ("answer_ungrounded", "a", 2)
    assert "1 of 2 sentences" in failure.message
    assert "130" not in failure.message


@pytest.mark.requirement("GR-08")
def test_block_fails_at_once() -> None:
    made = ran(STEP.format(more=", on_failure: block"), answering(WRONG, RIGHT), INPUTS)
    failure = made.state.failure
    assert failure is not None
    assert (failure.code, len(answered(made))) == ("answer_ungrounded", 1)


def test_the_threshold_is_the_authors() -> None:
    made = ran(STEP.format(more=", threshold: 0.1"), answering(WRONG), INPUTS)
    assert made.state.status == "succeeded"


def test_without_the_key_nothing_is_checked() -> None:
    made = ran("- {id: a, ask: How long is it?}", answering(WRONG), INPUTS)
    assert (made.state.status, answered(made)[0].grounding) == ("succeeded", None)


@pytest.mark.requirement("GR-08", "WF-09")
def test_people_are_shown_what_the_sources_do_not_hold() -> None:
    made = ran(STEP.format(more=", on_failure: ask"), answering(WRONG), INPUTS)
    assert made.state.status == "waiting"
    asked = next(e.payload for e in made.events if isinstance(e.payload, ApprovalRequested))
    data = made.state.questions["a"].data
    assert asked.digest == packed_digest(data)
    assert (asked.rule, asked.edit) == ("grounded", ("answer",))
    shown = getattr(data, "value", None)
    assert isinstance(shown, dict)
    assert shown["unsupported"] == [
        {"sentence": "The bridge is 130 metres long.", "flaws": ["number"]}
    ]
    made.tell(Answer("a", approved=True, data={"answer": RIGHT}))
    made.run()
    assert (made.state.status, made.output) == ("succeeded", RIGHT)


def test_an_answer_that_people_do_not_want_fails_the_step() -> None:
    made = ran(STEP.format(more=", on_failure: ask"), answering(WRONG), INPUTS)
    made.tell(Answer("a", approved=False))
    made.run()
    failure = made.state.failure
    assert failure is not None and failure.code == "answer_ungrounded"


def test_sources_that_cannot_be_worked_out_let_nothing_pass() -> None:
    step = "- {id: a, ask: x, grounded: {sources: '{{ 1 // (inputs.text | length - 49) }}'}}"
    made = ran(step, answering(RIGHT), {"text": INPUTS["text"]})
    assert made.state.status == "failed"


def test_long_sources_are_compared_apart_from_the_loop() -> None:
    long = {"text": "The bridge is 120 metres long. " + "Frogs sing in the reeds. " * 2_000}
    made = ran(STEP.format(more=""), answering(WRONG, RIGHT), long)
    assert made.state.status == "succeeded"
    assert [one.grounding is not None for one in answered(made)] == [True, True]


def test_structured_answers_are_checked_by_their_texts() -> None:
    step = """
    - id: a
      ask: How long is it?
      output: {type: object, properties: {answer: {type: string}}}
      grounded: {sources: ["{{ inputs.text }}"], on_failure: block}
    """

    def effect(call: OpenCall, args: Json) -> Json | ModelAnswer:
        del call, args
        return ModelAnswer(text="{}", value={"answer": WRONG}, usage=Usage())

    made = ran(step, effect, INPUTS)
    assert made.state.failure is not None
    assert made.state.failure.code == "answer_ungrounded"


KEEPER = Agent(
    name="keeper",
    instructions="You look things up.",
    tools=("look.*",),
    grounded=Grounded(on_failure="block"),
)
TOOLS = {"look.up": ToolSpec(name="look.up", description="Looks up.", args=None)}


@pytest.mark.requirement("GR-08")
@pytest.mark.parametrize(
    ("answer", "code"), [(RIGHT, ""), (WRONG, "answer_ungrounded")], ids=["held", "invented"]
)
def test_an_agent_keeps_to_what_its_tools_returned(answer: str, code: str) -> None:
    text = "{name: w, model: offline, steps: [{id: a, agent: keeper, prompt: How long?}]}"
    version = version_of(text, Pins(agents={"keeper": KEEPER}))

    def effect(call: OpenCall, args: Json) -> Json | ModelAnswer:
        if call.kind == "tool":
            return {"title": "Bridges", "text": INPUTS["text"]}
        first = "/1" in call.call.rpartition("#")[2]
        asks = (ToolAsk("c1", "look.up", {}),) if first else ()
        return ModelAnswer(text="" if first else answer, asks=asks, usage=Usage())

    made = Simulation(version, {}, effect, tools=TOOLS)
    made.run()
    failure = made.state.failure
    assert (failure.code if failure is not None else "") == code


def test_what_no_model_says_here_cannot_be_demanded() -> None:
    other = Agent(name="far", instructions="", runtime="python", settings={"entry": "m:o"})
    text = """
    name: w
    steps:
      - {id: a, agent: far, prompt: x, grounded: {sources: y}}
      - {id: b, tool: t, with: {}, grounded: {sources: y}}
    """
    pins = Pins(agents={"far": other})
    assert [one.code for one in wrong(text, pins)] == ["grounded_elsewhere", "key_alone"]


def test_templates_of_sources_are_checked() -> None:
    text = "{name: w, model: offline, steps: [{id: a, ask: x, grounded: {sources: '{{ nope }}'}}]}"
    assert [one.code for one in wrong(text)] == ["name_unknown"]


def test_a_kept_answer_is_not_used_with_other_sources() -> None:
    step = """
    - id: s
      for_each: ["It is 120 metres long.", "It is 130 metres long."]
      steps:
        - id: a
          ask: How long is it?
          cache: {ttl: 1h}
          corrections: 0
          grounded: {sources: "{{ item }}"}
    """
    made = ran(step, answering("It is 120 metres long."))
    assert len(answered(made)) == 2
    assert made.state.failure is not None
    assert made.state.failure.code == "answer_ungrounded"
