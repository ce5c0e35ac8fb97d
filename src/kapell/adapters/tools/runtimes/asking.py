"""What both runtimes do with prompts, answers and endings."""

import re
from collections.abc import Mapping
from typing import NoReturn

from kapell.core.workflows.schemas import problem_of
from kapell.kit.errors import Invalid, KapellError, Unavailable
from kapell.kit.json import Json, decode, encode
from kapell.services.tools.ports import ToolCall, UnknownOutcome

_FENCED = re.compile(r"\A\s*```[A-Za-z]*\n(.*)\n```\s*\Z", re.DOTALL)
_MARGIN = 0.9
"""Of the time a call has, what the answer may take: whoever is late is told by us, not cut off."""


def text_of_prompt(args: Mapping[str, Json]) -> str:
    """Return the prompt as text, behind the instructions if they are to be sent."""
    prompt = args["prompt"]
    text = prompt if isinstance(prompt, str) else encode(prompt).decode()
    before = args.get("instructions")
    return f"{before}\n\n{text}" if before else text


def seconds_of(call: ToolCall, args: Mapping[str, Json], usual: float) -> float:
    """Return how long an answer may take."""
    asked = args.get("timeout")
    seconds = float(asked) if isinstance(asked, int | float) else usual
    return seconds if call.timeout is None else min(seconds, call.timeout * _MARGIN)


def fitted(schema: Json, answer: Json) -> Json:
    """Return an answer as its schema wants it: a text that holds JSON may stand for the value.

    What does not fit is returned as it is: the step says what is wrong with it.
    """
    if schema is None or not isinstance(answer, str) or not problem_of(schema, answer):
        return answer
    fenced = _FENCED.match(answer)
    try:
        value = decode((fenced[1] if fenced else answer).strip().encode())
    except (Invalid, UnicodeError):
        return answer
    return value


def lost(args: Mapping[str, Json], error: KapellError) -> NoReturn:
    """Report that a prompt was given and its outcome is not known.

    Raises:
        Unavailable: asking again does no harm, so it may be tried again.
        UnknownOutcome: it may have taken effect; nothing asks again by itself.
    """
    if args.get("repeatable"):
        raise Unavailable(error.message, code=error.code, advice=error.advice) from error
    raise UnknownOutcome from error
