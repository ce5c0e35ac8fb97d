"""One model call as data: the request, the answer, what was used."""

from typing import Literal

import msgspec

from kapell.core.policies.caller import Caller
from kapell.kit.json import Json

DEFAULT_MAX_OUTPUT = 4096
"""Output tokens a call may produce unless its agent says otherwise; reservations count on it."""


class ToolOffer(msgspec.Struct, frozen=True):
    """A tool that a model may ask for; ``args`` is the JSON Schema of its arguments."""

    name: str
    description: str
    args: Json


class ToolAsk(msgspec.Struct, frozen=True, omit_defaults=True):
    """A tool call that a model asks for.

    ``id`` is the model's name for it, unique within the answer. ``args`` are as the model gave
    them, not yet checked; ``broken`` is their text when it was no JSON.
    """

    id: str
    tool: str
    args: Json = None
    broken: str = ""


class Thought(msgspec.Struct, frozen=True, omit_defaults=True):
    """A part of a model's reasoning, as far as its provider shows it.

    ``seal`` is what the provider wants back with it, word for word, in the next turn; ``provider``
    is the one that gave it: nobody else's seal is ever sent to a provider.
    """

    text: str
    seal: str = ""
    provider: str = ""


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """One utterance of a call.

    An assistant's may hold ``thoughts`` and the tool calls it asks for (``asks``). A tool's is the
    observation that answers the ask ``answers``; ``failed`` says that it tells of a failure.
    ``authored``: every word of it is the author's.
    """

    role: Literal["system", "user", "assistant", "tool"]
    text: str
    thoughts: tuple[Thought, ...] = ()
    asks: tuple[ToolAsk, ...] = ()
    answers: str = ""
    tool: str = ""
    failed: bool = False
    authored: bool = False


class ModelRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked. ``model`` is ``provider:name``, ``offline`` or ``scripted:file``.

    ``schema`` is the JSON Schema of a structured answer, None for text. ``tools`` are those the
    model may ask for; without any it has to answer. ``timeout`` in seconds.
    ``idempotency_key`` stays the same when the call is made again after a crash.
    ``label`` is the call's path, for logs and scripted answers. ``tenant``, ``subject`` and
    ``conversation`` say for whom it is made: quotas count by them. With ``cache`` the same answer
    may be given again for so many seconds, to the same tenant and for the same ``trust`` only: the
    label of the least trusted part of what is sent. ``caller`` says out of what it is made.
    """

    model: str
    messages: tuple[Message, ...]
    schema: Json = None
    tools: tuple[ToolOffer, ...] = ()
    max_output: int = DEFAULT_MAX_OUTPUT
    temperature: float | None = None
    timeout: float = 60.0
    idempotency_key: str = ""
    label: str = ""
    tenant: str = ""
    subject: str = ""
    conversation: str = ""
    trust: str = ""
    cache: float = 0.0
    caller: Caller = Caller()


class Usage(msgspec.Struct, frozen=True, omit_defaults=True):
    """Tokens of one call; cached input is part of input, reasoning part of output."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0
    reasoning_tokens: int = 0

    @property
    def total(self) -> int:
        """Return input and output tokens together."""
        return self.input_tokens + self.output_tokens


class Turned(msgspec.Struct, frozen=True, omit_defaults=True):
    """A breaker opened, until then, or closed; and why."""

    breaker: Literal["opened", "closed"]
    reason: str
    until: float = 0.0


class Try(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a route did with one of its deployments, and why: its decisions, in order.

    A model asked without a route is its own deployment; that is told where it turned its breaker.

    ``waited`` for one to be free, for so many ``seconds``. ``code`` is that of a failure, or of
    what held a deployment back (``open``, ``probing``, ``limited``, ``full``, ``rate``,
    ``context``). ``reason`` says of one that was asked why it was chosen, of any other why not.
    ``uncertain``: its provider may charge for it although it failed. ``turned`` is what came of it
    for the deployment's breaker.
    """

    deployment: str
    model: str
    outcome: Literal["answered", "failed", "skipped", "waited"]
    code: str = ""
    reason: str = ""
    seconds: float = 0.0
    uncertain: bool = False
    turned: Turned | None = None


class ModelAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came back.

    With a schema asked for, ``value`` is the parsed JSON, not yet validated; None when the text was
    no JSON. With ``asks`` the model wants tools called first, and there is no value; ``text`` is
    what it said beside them. ``cached``: nobody was asked, an earlier answer is given again and
    costs nothing. ``tries`` are the decisions of a route, or the call without one that turned a
    breaker; then ``model`` is the one that answered, as ``provider:name``. ``refused``: a guard
    does not let it pass, and tells the model so; what it said is not here any more.
    """

    text: str
    value: Json = None
    asks: tuple[ToolAsk, ...] = ()
    thoughts: tuple[Thought, ...] = ()
    model: str = ""
    usage: Usage = Usage()
    finish: Literal["stop", "length", "filter"] = "stop"
    offline: bool = False
    cached: bool = False
    tries: tuple[Try, ...] = ()
    refused: str = ""
