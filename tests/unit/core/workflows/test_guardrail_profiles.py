"""Which guardrail profile a step has: step, workflow, agent; the rest is left to the workspace."""

import pytest

from kapell.core.agents.definition import Agent
from kapell.core.guardrails.standing import Standing, lowered, profile_of, told
from kapell.core.runs.fold.guards import profiles_named
from kapell.core.workflows.pins import Overrides, Pins
from kapell.core.workflows.version import version_hash
from tests.unit.core.workflows.authoring import compiled, said, step_of, version_of

CAREFUL = Pins(agents={"careful": Agent(name="careful", instructions="x", guardrails="strict")})


@pytest.mark.requirement("RO-01")
@pytest.mark.parametrize(
    ("top", "step", "profile"),
    [
        ("", "ask: hi", None),
        ("", "ask: hi, guardrails: off", "off"),
        ("guardrails: strict\n", "ask: hi", "strict"),
        ("guardrails: strict\n", "ask: hi, guardrails: off", "off"),
        ("", "agent: careful, prompt: hi", "strict"),
        ("guardrails: off\n", "agent: careful, prompt: hi", "off"),
        ("", "agent: careful, prompt: hi, guardrails: default", "default"),
    ],
)
def test_the_nearer_word_holds(top: str, step: str, profile: str | None) -> None:
    text = f"name: x\n{top}steps: [{{id: a, {step}}}]"
    assert step_of(text, "a", CAREFUL).guardrails == profile


def test_a_block_hands_its_profile_on() -> None:
    version = version_of("""\
        name: x
        steps:
          - id: b
            guardrails: off
            parallel:
              left: [{id: c, ask: hi}, {id: d, ask: hi, guardrails: strict}]
    """)
    assert profiles_named(version) == (
        ("b", "off"),
        ("b.left/c", "off"),
        ("b.left/d", "strict"),
    )


def test_the_profile_of_the_caller_stands_behind_that_of_a_sub_workflow() -> None:
    text = "name: x\n%ssteps: [{id: a, ask: hi}]"
    over = Overrides(caller_guardrails="strict")
    assert compiled(text % "", overrides=over)[0].body.steps[0].guardrails == "strict"
    own = compiled(text % "guardrails: off\n", overrides=over)[0]
    assert own.body.steps[0].guardrails == "off"


def test_only_profiles_there_are_may_be_named() -> None:
    assert said("name: x\nguardrails: lax\nsteps: [{id: a, ask: hi}]") == ["2:13 wrong_value"]


def test_a_version_that_names_none_is_what_it_was() -> None:
    text = "name: x\nsteps: [{id: a, ask: hi%s}]"
    plain, other = version_of(text % ""), version_of(text % ", guardrails: strict")
    assert version_hash(plain) != version_hash(other)


@pytest.mark.requirement("RO-01")
def test_what_is_off_is_told_and_nothing_else_is() -> None:
    assert (told(Standing()), lowered(Standing())) == ("", False)
    strict = Standing(profile="strict")
    assert (told(strict), lowered(strict)) == ("guardrails strict", False)
    some = Standing(steps=(("a", "off"), ("b", "strict"), ("c", "off")), without=("labels",))
    assert told(some) == "guardrails off in a, c; guardrails strict in b; without labels"
    assert lowered(some)


def test_the_command_line_holds_for_every_step() -> None:
    fixed = Standing(profile="strict", fixed=True, steps=(("a", "off"),))
    assert (profile_of(fixed, "off"), lowered(fixed), told(fixed)) == (
        "strict",
        False,
        "guardrails strict",
    )
    assert profile_of(Standing(), "off") == "off"
    assert profile_of(Standing(profile="strict"), None) == "strict"
