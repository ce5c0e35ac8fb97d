"""Tools and the offline model: it calls what a prompt spells out, and never chooses by itself.

The rule, whole: each line of the prompt that reads ``Call NAME {"argument": ...}``, with a tool on
offer and its arguments as a JSON object, is one call; they are made in their order, one a turn,
each once. Lines inside fences or tags are matter and call nothing.
"""

import json
import re
from collections.abc import Iterator, Sequence

from kapell.core.gateway.calls import Message, ModelRequest, ToolAsk
from kapell.core.gateway.offline.prompt import outside
from kapell.core.guardrails.spotlight import bare
from kapell.kit.json import Json

NOTHING_CALLED = (
    "No tool was called: the offline model calls only what a prompt spells out as a line "
    '`Call NAME {"argument": "value"}`.'
)
_CALL = re.compile(
    r"^[ \t]*(?:[-*] |\d+\. )?Call `?([A-Za-z_][\w.-]*?)`?[ \t]*(?=\{)", re.MULTILINE
)
_DECODER = json.JSONDecoder()
_GIVE = "Summarise what the tools returned."


def next_ask(request: ModelRequest) -> ToolAsk | None:
    """Return the next tool call a prompt spells out; None when all were made or none is there."""
    offered = {tool.name for tool in request.tools}
    made = sum(len(message.asks) for message in request.messages)
    spelled = [one for one in _spelled(_prompt(request.messages)) if one[0] in offered]
    if made >= len(spelled):
        return None
    name, args, _ = spelled[made]
    return ToolAsk(id=f"call-{made + 1}", tool=name, args=args)


def observed(messages: Sequence[Message]) -> tuple[Message, ...]:
    """Return messages as the offline model reads them: what tools returned is the matter."""
    results = [bare(message.text) for message in messages if message.role == "tool"]
    if not results:
        return tuple(messages)
    text = _prompt(messages)
    for _, _, (start, end) in reversed(list(_spelled(text))):
        text = text[:start] + text[end:]
    matter = "\n\n".join(results).replace("</document>", "")
    asked = f"{text.strip() or _GIVE}\n<document>{matter}</document>"
    roles = tuple(message for message in messages if message.role == "system")
    return (*roles, Message("user", asked))


def _prompt(messages: Sequence[Message]) -> str:
    return next((message.text for message in messages if message.role == "user"), "")


def _spelled(text: str) -> Iterator[tuple[str, Json, tuple[int, int]]]:
    """Yield each call a text spells out: the tool, its arguments, where it stands."""
    open_text = outside(text)
    for found in _CALL.finditer(open_text):
        try:
            args, end = _DECODER.raw_decode(open_text, found.end())
        except (ValueError, RecursionError):
            continue
        yield found[1], args, (found.start(), end)
