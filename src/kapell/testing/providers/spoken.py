"""A script's answers, spoken as a provider speaks them: tools are asked for over its wire."""

from pathlib import Path
from urllib.parse import unquote

import msgspec

from kapell.core.gateway.calls import ModelAnswer, ToolAsk
from kapell.kit.errors import Invalid
from kapell.testing.models.scripted import read_script
from kapell.testing.models.serving import Script, answer_of
from kapell.testing.providers.call import Answerer, Call


def by_script(file: Path) -> Answerer:
    """Return what answers as ``scripted:FILE`` does.

    The path of a call, which entries are chosen by, is told by its idempotency key: vendors are
    not told it otherwise.

    Raises:
        Missing: ``script_missing``.
        Invalid: ``script_broken``, also of one with failures or delays: those of a provider come
            from its faults.
    """
    entries = read_script(file, file.name)
    for number, entry in enumerate(entries, 1):
        if entry.error is not None or entry.seconds:
            raise Invalid(
                f"Answer {number} of {file.name} is an error or has a delay: no provider says so.",
                code="script_broken",
                advice="Leave both out; what goes wrong at a provider is asked for at its "
                "/control/faults.",
            )
    script = Script(entries, file.name)

    def answer(call: Call) -> ModelAnswer:
        label = unquote(call.key).partition(":")[2]
        request = msgspec.structs.replace(call.request, label=label)
        made = answer_of(script.entry(request), request)
        asks = tuple(_named(ask, call) for ask in made.asks)
        return msgspec.structs.replace(made, asks=asks, model=call.model)

    return answer


def _named(ask: ToolAsk, call: Call) -> ToolAsk:
    """Return a tool call under the name its tool was offered by; no wire takes one with dots."""
    names = {tool.name.replace("__", "."): tool.name for tool in call.tools}
    return msgspec.structs.replace(ask, tool=names.get(ask.tool, ask.tool.replace(".", "__")))
