"""People approve of a request to a model as it is sent: whatever changes is another one."""

from typing import Any

import msgspec
import pytest

from kapell.core.approvals.question import call_digest
from kapell.core.gateway.calls import Message, ModelRequest, Thought, ToolAsk, ToolOffer
from kapell.core.gateway.sending import sent
from kapell.core.policies.caller import Caller

WHOLE = ModelRequest(
    model="openai:large",
    messages=(
        Message("system", "Be brief."),
        Message("assistant", "", asks=(ToolAsk("1", "look.up", {"q": 1}),)),
        Message("tool", "42", answers="1", tool="look.up"),
    ),
    schema={"type": "object"},
    tools=(ToolOffer("look.up", "Look.", {"type": "object"}),),
    temperature=0.5,
)


def _with(message: int, **change: Any) -> dict[str, Any]:
    said = list(WHOLE.messages)
    said[message] = msgspec.structs.replace(said[message], **change)
    return {"messages": tuple(said)}


def _digest(**change: Any) -> str:
    request = msgspec.structs.replace(WHOLE, **change)
    return call_digest(request.model, sent(request))


@pytest.mark.requirement("GR-10", "WF-11")
@pytest.mark.parametrize(
    "change",
    [
        {"model": "openai:small"},
        _with(0, text="Be brief!"),
        _with(0, role="user"),
        _with(1, asks=(ToolAsk("1", "look.up", {"q": 2}),)),
        _with(1, thoughts=(Thought("Hm."),)),
        _with(2, failed=True),
        {"messages": WHOLE.messages[:-1]},
        {"tools": ()},
        {"tools": (ToolOffer("look.up", "Look, and tell all you know.", {"type": "object"}),)},
        {"tools": (ToolOffer("look.up", "Look.", {"type": "string"}),)},
        {"schema": None},
        {"max_output": 9},
        {"temperature": None},
        {"temperature": 0.0},
    ],
)
def test_whatever_is_sent_otherwise_is_another_request(change: dict[str, Any]) -> None:
    assert _digest(**change) != _digest()


def test_who_asks_and_when_is_not_sent() -> None:
    same: dict[str, Any] = {
        "caller": Caller(call="a#1/2", approved="x"),
        "timeout": 1.0,
        "label": "a#1/2",
        **_with(0, authored=True),
    }
    assert _digest(**same) == _digest()
    shown = sent(WHOLE)
    assert isinstance(shown, dict)
    assert shown["messages"] == [
        {"role": "system", "text": "Be brief."},
        {
            "role": "assistant",
            "text": "",
            "asks": [{"id": "1", "tool": "look.up", "args": {"q": 1}}],
        },
        {"role": "tool", "text": "42", "answers": "1", "tool": "look.up"},
    ]
