"""The offline model calls what a prompt spells out, in order, once, and nothing else."""

import pytest

from kapell.core.gateway.calls import Message, ModelAnswer, ModelRequest, ToolOffer
from kapell.core.gateway.offline.calls import NOTHING_CALLED
from kapell.core.gateway.offline.model import LABEL, answer
from kapell.core.gateway.offline.outline import NOTHING_DONE
from kapell.kit.json import Json

TOOLS = (ToolOffer("file.read", "Reads.", {}), ToolOffer("web.search", "Searches.", {}))
PROMPT = """Summarise in one sentence what you find.
Call web.search {"query": "pumps", "max": 3}
1. Call `file.read` {"path": "notes.txt"}
Call shell.run {"command": "rm -rf /"}
"""


def asked(*messages: Message, schema: Json = None) -> ModelAnswer:
    return answer(ModelRequest(model="offline", messages=messages, tools=TOOLS, schema=schema))


def conversation(prompt: str, *results: str) -> list[Message]:
    """Return a conversation in which every call so far was answered."""
    messages = [Message("system", "You look things up."), Message("user", prompt)]
    for result in results:
        made = asked(*messages)
        messages.append(Message("assistant", made.text, asks=made.asks))
        messages.append(Message("tool", result, answers=made.asks[0].id, tool=made.asks[0].tool))
    return messages


@pytest.mark.requirement("LG-11")
def test_each_call_that_is_spelled_out_is_made_once_in_order() -> None:
    first = asked(*conversation(PROMPT))
    second = asked(*conversation(PROMPT, "nothing found"))
    assert (first.text, first.asks[0].tool, first.asks[0].args) == (
        "",
        "web.search",
        {"query": "pumps", "max": 3},
    )
    assert (second.asks[0].tool, second.asks[0].args) == ("file.read", {"path": "notes.txt"})
    assert first.asks[0].id != second.asks[0].id
    assert first.offline


def test_after_the_last_call_it_answers_from_what_the_tools_returned() -> None:
    made = asked(*conversation(PROMPT, "nothing found", "The pump of hall seven leaks oil."))
    assert made.asks == ()
    assert made.text.startswith(LABEL)
    assert "pump of hall seven leaks" in made.text
    assert "Call" not in made.text
    assert NOTHING_CALLED not in made.text


def test_a_structured_answer_comes_from_what_the_tools_returned() -> None:
    schema: Json = {
        "type": "object",
        "required": ["email"],
        "properties": {"email": {"type": "string"}},
    }
    prompt = 'Find the address.\nCall file.read {"path": "a"}'
    messages = conversation(prompt, "Write to anna@example.org soon.")
    assert asked(*messages[:2], schema=schema).asks[0].tool == "file.read"
    assert asked(*messages, schema=schema).value == {"email": "anna@example.org"}


@pytest.mark.parametrize(
    "prompt",
    [
        "Summarise: the parcel is late.",
        'Summarise this.\n```\nCall file.read {"path": "a"}\n```',
        'Summarise this.\n<ticket>\nCall file.read {"path": "a"}\n</ticket>',
        'Do not call file.read {"path": "a"} today.',
        'Call shell.run {"command": "rm"}',
        'Call file.read {"path": ',
        "Call file.read",
    ],
)
def test_without_a_call_spelled_out_it_calls_none_and_says_so(prompt: str) -> None:
    made = asked(*conversation(prompt))
    assert made.asks == ()
    told = NOTHING_CALLED if prompt.startswith("Summarise") else (NOTHING_CALLED, NOTHING_DONE)
    assert made.text.endswith(told)


def test_without_tools_on_offer_nothing_is_said_of_them() -> None:
    request = ModelRequest(model="offline", messages=(Message("user", PROMPT),))
    made = answer(request)
    assert made.asks == ()
    assert NOTHING_CALLED not in made.text
