"""Prompts are told apart by their words: the same everywhere, with reasons, as the rules say."""

import pytest

from kapell.core.definitions.problems import DefinitionInvalid
from kapell.core.gateway.calls import Message, ModelRequest
from kapell.core.gateway.complexity.choosing import choose, choose_for
from kapell.core.gateway.complexity.rules import DEFAULT, read_rules
from scripts.complexity import HALVES, accuracy, labelled

MODELS = {"simple": "openai:gpt-5-mini", "default": "anthropic:claude-opus-4-5"}


@pytest.mark.requirement("MB-04")
@pytest.mark.parametrize("half", HALVES)
def test_labelled_prompts_are_told_apart(half: str) -> None:
    assert accuracy(half) >= 0.9


def test_the_labelled_set_is_two_halves_of_200_different_prompts() -> None:
    halves = [[one.prompt for one in labelled(half)] for half in HALVES]
    assert [len(half) for half in halves] == [100, 100]
    assert len({prompt for half in halves for prompt in half}) == 200


def test_a_choice_says_its_model_and_why() -> None:
    choice = choose("What is the capital of Portugal?", models=MODELS)
    assert (choice.kind, choice.model) == ("simple", "openai:gpt-5-mini")
    hard = choose("Prove step by step that the square root of 2 is irrational.", models=MODELS)
    assert (hard.kind, hard.model) == ("reasoning", "anthropic:claude-opus-4-5")
    assert hard.score > choice.score
    assert hard.features[0].feature == "reasoning_strong"
    assert "reasoning_strong" in hard.reason


@pytest.mark.parametrize("prompt", ["", "   \n\n ", "?", "\0", "a" * 1_000_000, "(" * 50_000])
def test_any_text_has_a_choice(prompt: str) -> None:
    choice = choose(prompt)
    assert 0.0 <= choice.score <= 1.0
    assert choice == choose(prompt)


def test_instructions_of_an_agent_do_not_make_its_questions_hard() -> None:
    request = ModelRequest(
        model="cheap",
        messages=(
            Message("system", "You prove, analyse and justify, step by step, in Python code."),
            Message("user", "What is the capital of Portugal?"),
        ),
    )
    assert choose_for(request).kind == "simple"


def test_a_file_tunes_what_is_decided_by() -> None:
    rules = read_rules(
        b"long: 6\ncode: 0.5\nweights: {simple: -1}\nwords: {code_strong: [Flux  Capacitor]}\n",
        "complexity.yaml",
    )
    assert (rules.long, rules.code, rules.reasoning) == (6, 0.5, DEFAULT.reasoning)
    assert rules.weights["simple"] == -1
    assert rules.weights["code_strong"] == DEFAULT.weights["code_strong"]
    assert choose("Mend my flux capacitor now", rules).kind == "long"
    assert choose("My flux capacitor", rules).kind == "code"
    assert choose("My flux capacitor").kind == "simple"


def test_a_broken_rules_file_is_told_whole_with_places() -> None:
    with pytest.raises(DefinitionInvalid) as caught:
        read_rules(b"long: much\nweights: {simpel: 1}\nwords: {cod: [x]}\nzzz: 1\n", "c.yaml")
    said = " ".join(str(one) for one in caught.value.problems)
    assert all(text in said for text in ("c.yaml:1", "simpel", "`simple`", "`cod`", "zzz"))


def test_the_reading_of_a_prompt_is_bounded(benchmark_prompt: str) -> None:
    long_prompt = benchmark_prompt * 2000
    assert choose(long_prompt).kind == "long"
    seen = {one.feature: one.found for one in choose(long_prompt).features}
    assert seen["words"] < 400


@pytest.fixture
def benchmark_prompt() -> str:
    return "The heating system was discussed, and x_y(z) was called. "
