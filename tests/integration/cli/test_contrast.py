"""Two models over one workload, as the command line compares them."""

import json

import pytest

from kapell.cli.exits import Exit
from tests.integration.cli.desk import Desk

SETTINGS = """\
prices: {"scripted:dear": {input: 10, output: 50}, "scripted:cheap.yaml": {input: 1, output: 5},
  "scripted:dear.yaml": {input: 10, output: 50}}
routes:
  smart:
    choose: complexity
    deployments:
      - {model: "scripted:cheap.yaml", classes: [simple]}
      - "scripted:dear.yaml"
"""
DEAR = """\
answers:
  - {label: "item[0]", text: "Lisbon is the capital"}
  - {label: "item*", text: "It diverges, for its blocks add up"}
"""
CHEAP = """\
answers:
  - {label: "*", text: "The capital is Lisbon of course"}
"""
WORKLOAD = """\
{"prompt": "What is the capital of Portugal?"}

{"prompt": "Prove step by step why the harmonic series diverges.", "instructions": "Be short."}
"""


@pytest.mark.requirement("LG-09")
def test_cost_time_and_disagreement_are_told(desk: Desk) -> None:
    desk.write("kapell.yaml", SETTINGS)
    desk.write("dear.yaml", DEAR)
    desk.write("cheap.yaml", CHEAP)
    desk.write("prompts.jsonl", WORKLOAD)
    words = ("models", "compare", "scripted:dear.yaml", "smart", "--workload", "prompts.jsonl")
    found = json.loads(desk.ok(*words, "--json").out)
    assert found["first"]["models"] == {"scripted:dear.yaml": 2}
    assert found["second"]["models"] == {"scripted:cheap.yaml": 1, "scripted:dear.yaml": 1}
    assert 0 < found["second"]["usd"] < found["first"]["usd"]
    assert found["saving"] == pytest.approx(1 - found["second"]["usd"] / found["first"]["usd"])
    assert (found["compared"], found["disagreement"]) == (2, 0.5)
    (differs,) = found["differences"]
    assert (differs["item"], differs["overlap"]) == (0, pytest.approx(4 / 6))
    shown = desk.ok(*words).out
    assert "1 of 2 answers differ (50 %)" in shown
    assert "smart costs" in shown
    one = json.loads(desk.ok(*words, "--limit", "1", "--json").out)
    assert one["compared"] == 1


def test_a_runs_prompts_are_a_workload(desk: Desk) -> None:
    desk.write("w.yaml", 'name: w\nsteps: [{id: a, ask: "Write about boats."}]\n')
    desk.ok("run", "w.yaml")
    words = ("models", "compare", "offline", "offline", "--run", "last", "--json")
    found = json.loads(desk.ok(*words).out)
    assert (found["compared"], found["disagreement"], found["saving"]) == (1, 0.0, None)


def test_what_fails_is_counted(desk: Desk) -> None:
    desk.write("prompts.jsonl", WORKLOAD)
    said = desk.call("models", "compare", "offline", "openai:gpt-5-mini", "--workload",
                     "prompts.jsonl", "--json")  # fmt: skip
    assert said.code == Exit.FAILED
    found = json.loads(said.out)
    assert (found["second"]["failed"], found["second"]["codes"]) == (2, {"model_key_missing": 2})


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), "workload_unsaid"), (("--workload", "nowhere"), "workload_unreadable"),
        (("--workload", "broken.jsonl"), "workload_broken"),
        (("--workload", "empty.jsonl"), "workload_empty"),
    ],
)  # fmt: skip
def test_a_workload_that_is_none_is_told(desk: Desk, words: tuple[str, ...], code: str) -> None:
    desk.write("broken.jsonl", '{"prompt": "x"}\n{"promt": "y"}\n')
    desk.write("empty.jsonl", "\n")
    said = desk.call("models", "compare", "offline", "offline", *words)
    assert said.code != Exit.OK
    assert code in said.err


@pytest.mark.requirement("LG-09")
def test_a_recorded_run_is_asked_anew_as_it_was(desk: Desk) -> None:
    desk.write(
        "agents/clerk.md", "---\nname: clerk\ndescription: Sorts.\n---\nYou sort MARKED letters.\n"
    )
    desk.write("kapell.yaml", "routes: {usual: offline, same: offline}\n")
    desk.write(
        "w.yaml",
        "name: w\nsteps:\n  - {id: plain, ask: Write about boats.}\n  - id: sorted\n"
        "    agent: clerk\n    prompt: Where does it go?\n"
        "    output: {type: object, required: [desk], properties: {desk: {type: string}}}\n",
    )
    desk.ok("run", "w.yaml")
    found = desk.ok("router", "compare", "usual", "same", "--run", "last", "--json").document()
    assert (found["compared"], found["first"]["name"]) == (2, "offline")
    # What was sent is sent again: the agent's instructions count as input, its schema shapes both.
    told = desk.ok("runs", "events", "last", "--json").out
    events = [json.loads(line) for line in told.splitlines()]
    answered = [one["payload"] for one in events if one["type"] == "model.answered"]
    tokens = sum(one["usage"]["input_tokens"] for one in answered)
    assert found["first"]["input_tokens"] == tokens
