"""Asks an object by what it can do; nothing of its framework is imported here."""

import inspect
import sys
from collections.abc import Mapping
from typing import Any, get_type_hints

from kapell.adapters.tools.python.function import THREADS
from kapell.adapters.tools.runtimes.asking import text_of_prompt
from kapell.adapters.tools.runtimes.entries import is_openai_agent, way_of
from kapell.kit.errors import Invalid
from kapell.kit.json import Json

MESSAGES = "messages"


async def invoke(target: Any, args: Mapping[str, Json]) -> object:
    """Return what the object answers, as its framework gives it.

    Raises:
        Invalid: ``runtime_prompt`` when the object takes no such prompt.
    """
    text = text_of_prompt(args)
    if is_openai_agent(target):
        # Whoever made the agent has imported its SDK.
        runner = sys.modules["agents"].Runner
        return await runner.run(target, text)
    way = way_of(target)
    call = getattr(target, way) if way else target
    if way in ("ainvoke", "invoke"):
        return await _called(call, _state(target, args, text))
    if "kickoff" in way:
        if "inputs" in _parameters(call):
            return await _called(call, inputs=_inputs(args, text))
        return await _called(call, text)
    if "task" in _parameters(call):
        return await _called(call, task=text)
    return await _called(call, text)


async def _called(call: Any, *given: object, **named: object) -> object:
    """Call what may be sync or async; sync work has a thread of its own."""
    inner = call if inspect.isroutine(call) else type(call).__call__
    if inspect.iscoroutinefunction(inner) or _promises(call):
        returned = call(*given, **named)
    else:
        returned = await THREADS.run("runtime.python", lambda: call(*given, **named))
    return await returned if inspect.isawaitable(returned) else returned


def _promises(call: Any) -> bool:
    """Tell whether it says that it returns something to be awaited, without being async itself."""
    said = str(getattr(call, "__annotations__", {}).get("return", ""))
    return "Awaitable" in said or "Coroutine" in said


def _state(target: Any, args: Mapping[str, Json], text: str) -> object:
    """Return what ``ainvoke`` takes: a graph its state, everything else the text."""
    prompt = args["prompt"]
    if isinstance(prompt, Mapping):
        return _whole(args, prompt)
    fields = _fields(target)
    if fields is None:
        return text
    if MESSAGES in fields:
        return {MESSAGES: [{"role": "user", "content": text}]}
    texts = [name for name, is_text in fields.items() if is_text]
    if len(texts) == 1:
        return {texts[0]: text}
    raise Invalid(
        f"The graph takes {', '.join(sorted(fields)) or 'nothing'}: which of it is the prompt?",
        code="runtime_prompt",
        advice="Give the step's prompt as an object: `prompt: \"{{ {'topic': inputs.topic} }}\"`.",
    )


def _fields(target: Any) -> Mapping[str, bool] | None:
    """Return what a graph's state takes, and whether it is text; None for what is no graph."""
    if not hasattr(target, "input_channels"):
        return None
    declared = getattr(getattr(target, "builder", None), "input_schema", None)
    if isinstance(declared, type):
        return {name: hint is str for name, hint in get_type_hints(declared).items()}
    described = target.get_input_jsonschema().get("properties") or {}
    return {name: schema.get("type") == "string" for name, schema in described.items()}


def _inputs(args: Mapping[str, Json], text: str) -> object:
    prompt = args["prompt"]
    return _whole(args, prompt) if isinstance(prompt, Mapping) else {"prompt": text}


def _whole(args: Mapping[str, Json], prompt: Mapping[str, Json]) -> dict[str, Json]:
    if args.get("instructions"):
        raise Invalid(
            "`instructions: true` puts a text before the prompt, and this prompt is an object.",
            code="runtime_prompt",
            advice="Write the prompt as text, or take `instructions:` out of the agent.",
        )
    return dict(prompt)


def _parameters(call: Any) -> list[str]:
    try:
        return list(inspect.signature(call).parameters)
    except (TypeError, ValueError):
        return []
