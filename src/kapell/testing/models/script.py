"""A script of answers: which entry serves which call, read from YAML or JSON."""

import re
from collections.abc import Mapping, Sequence
from io import StringIO

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from kapell.core.gateway.calls import ModelRequest
from kapell.core.gateway.failures import CODES
from kapell.kit.clock import span
from kapell.kit.errors import Invalid, KapellError
from kapell.kit.json import Json

_ADVICE = (
    "Write `answers:` and under it a list of entries, each with text, value, asks or error and, if "
    "you like, label, turn, saw, times, thoughts, delay, usage and finish."
)


class ScriptedError(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A failure to answer with: a code of the model errors."""

    code: str
    message: str = "The script says so."
    retry_after: float | None = None


class ScriptedUsage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Tokens to report instead of counted ones."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0
    reasoning_tokens: int = 0


class ScriptedAsk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tool call to ask for: its tool and arguments, or a text that is no JSON as ``broken``."""

    tool: str
    args: Json = msgspec.field(default_factory=dict)
    broken: str = ""
    id: str = ""


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One scripted answer.

    ``label`` is a pattern over the call's path where ``*`` stands for anything; an entry without
    one serves the next call that nothing before it serves, once. ``times`` limits how often it
    serves; a labelled entry without it always does. ``turn`` is the turn it is meant for: 1 for the
    first call of a conversation, 2 for the one after its first answer; ``saw`` a pattern over the
    last thing the model was told. ``asks`` are tool calls it wants, with or without a text beside;
    ``thoughts`` its reasoning. ``delay`` is a span (``50ms``).
    """

    label: str | None = None
    text: str | None = None
    value: Json | msgspec.UnsetType = msgspec.UNSET
    asks: tuple[ScriptedAsk, ...] = ()
    thoughts: tuple[str, ...] = ()
    error: ScriptedError | None = None
    turn: int | None = None
    saw: str | None = None
    times: int | None = None
    delay: str | float = 0.0
    usage: ScriptedUsage | None = None
    finish: str = "stop"

    @property
    def seconds(self) -> float:
        """Return the delay in seconds."""
        return span(self.delay)

    @property
    def limit(self) -> int | None:
        """Return how often it serves at most; None means always."""
        bound = self.label is not None or self.turn is not None or self.saw is not None
        return self.times if bound or self.times is not None else 1

    def matches(self, request: ModelRequest) -> bool:
        """Tell whether the entry is meant for a call."""
        last = request.messages[-1].text if request.messages else ""
        return (
            (self.turn is None or self.turn == turn_of(request))
            and _fits(self.label, request.label)
            and _fits(self.saw, last)
        )


def turn_of(request: ModelRequest) -> int:
    """Return which turn of its conversation a call is, from 1."""
    return 1 + sum(message.role == "assistant" for message in request.messages)


def _fits(pattern: str | None, text: str) -> bool:
    if pattern is None:
        return True
    expression = ".*".join(re.escape(part) for part in pattern.split("*"))
    return re.fullmatch(expression, text, re.DOTALL) is not None


def parse(text: str, name: str) -> tuple[Entry, ...]:
    """Return the entries of a script.

    Args:
        text: YAML or JSON.
        name: The file's name, for errors.

    Raises:
        Invalid: ``script_broken``.
    """
    try:
        raw: object = YAML(typ="safe", pure=True).load(StringIO(text))
    except YAMLError as error:
        raise Invalid(
            f"{name} is not YAML: {error}.", code="script_broken", advice=_ADVICE
        ) from error
    return entries(raw.get("answers") if isinstance(raw, Mapping) else raw, name)


def entries(raw: object, name: str = "the script") -> tuple[Entry, ...]:
    """Return checked entries of plain data.

    Raises:
        Invalid: ``script_broken``.
    """
    if not isinstance(raw, Sequence) or isinstance(raw, str):
        raise Invalid(f"{name} holds no list of answers.", code="script_broken", advice=_ADVICE)
    found: list[Entry] = []
    for number, item in enumerate(raw, 1):
        try:
            entry = msgspec.convert(item, Entry)
            _ = entry.seconds
        except (msgspec.ValidationError, KapellError) as error:
            raise Invalid(
                f"Answer {number} of {name} cannot be used: {error}.",
                code="script_broken",
                advice=_ADVICE,
            ) from error
        _check(entry, number, name)
        found.append(entry)
    return tuple(found)


def _check(entry: Entry, number: int, name: str) -> None:
    words = entry.text is not None and not entry.asks
    said = [words, entry.value is not msgspec.UNSET, bool(entry.asks), entry.error is not None]
    if sum(said) != 1:
        problem = "needs exactly one of text, value, asks and error; asks may have a text beside"
    elif entry.error is not None and entry.error.code not in CODES:
        problem = f"names the unknown error {entry.error.code!r}; known: {', '.join(CODES)}"
    elif entry.finish not in ("stop", "length", "filter"):
        problem = f"has finish {entry.finish!r}; it is stop, length or filter"
    else:
        return
    raise Invalid(f"Answer {number} of {name} {problem}.", code="script_broken", advice=_ADVICE)
