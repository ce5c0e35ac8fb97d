"""What one agent asks of another and what it gets back, as messages anybody can check.

Delegation inside a run needs no message: it is a call like others. These are for where agents meet
over a border: outside workers, other programs, records. ``schema/agent-message.schema.json`` is
made from here, and what fits it is what is read.
"""

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from kapell.kit.errors import Failure, Invalid, Kind
from kapell.kit.json import Json, encode

_Id: TypeAlias = Annotated[str, Meta(min_length=1, max_length=200)]
_Name: TypeAlias = Annotated[str, Meta(pattern="^[A-Za-z0-9_][A-Za-z0-9_-]*$", max_length=200)]
_Text: TypeAlias = Annotated[str, Meta(min_length=1, max_length=1_000_000)]


class AgentAllowance(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What an answer may take: nano-dollars, tokens, seconds."""

    cost: Annotated[int, Meta(ge=0, le=2**63 - 1)] | None = None
    tokens: Annotated[int, Meta(ge=0, le=2**63 - 1)] | None = None
    seconds: Annotated[float, Meta(ge=0)] | None = None


class AgentRequest(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    tag_field="type",
    tag="agent.request",
):
    """A task for an agent.

    ``id`` names the request and makes it one: sent again it is the same. ``correlation_id`` is
    shared by all that belongs to one run. ``output`` is the JSON Schema of the answer wanted.
    """

    version: Literal[1] = 1
    id: _Id
    correlation_id: _Id
    sender: _Name
    receiver: _Name
    task: _Text
    context: Json = None
    output: Json = None
    allowance: AgentAllowance | None = None


class AgentUsage(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What an answer took: turns, tokens, nano-dollars."""

    turns: Annotated[int, Meta(ge=0)] = 0
    tokens: Annotated[int, Meta(ge=0)] = 0
    cost: Annotated[int, Meta(ge=0)] = 0


class AgentFailure(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Why there is no answer: the code and the kind of our errors, and what to do about it."""

    code: _Id
    kind: Kind
    message: _Text
    advice: str = ""


class AgentResponse(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    tag_field="type",
    tag="agent.response",
):
    """The answer to a request: its output, or why there is none."""

    version: Literal[1] = 1
    id: _Id
    in_reply_to: _Id
    correlation_id: _Id
    sender: _Name
    receiver: _Name
    status: Literal["succeeded", "failed"]
    output: Json = None
    failure: AgentFailure | None = None
    usage: AgentUsage | None = None


AgentMessage: TypeAlias = AgentRequest | AgentResponse


def message_of(data: bytes | str) -> AgentMessage:
    """Return the message of a JSON text, checked.

    Raises:
        Invalid: ``agent_message_broken``.
    """
    try:
        message: AgentMessage = msgspec.json.decode(data, type=AgentRequest | AgentResponse)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _broken(str(error)) from error
    if isinstance(message, AgentResponse):
        _check(message)
    return message


def text_of(message: AgentMessage) -> bytes:
    """Return a message as JSON, checked as whoever reads it will.

    Raises:
        Invalid: ``agent_message_broken``, ``value_not_json``.
    """
    text = encode(message)
    message_of(text)
    return text


def answered(
    request: AgentRequest, name: str, output: Json, usage: AgentUsage | None = None
) -> AgentResponse:
    """Return the response that gives a request its output."""
    return AgentResponse(
        id=name,
        in_reply_to=request.id,
        correlation_id=request.correlation_id,
        sender=request.receiver,
        receiver=request.sender,
        status="succeeded",
        output=output,
        usage=usage,
    )


def refused(request: AgentRequest, name: str, failure: Failure) -> AgentResponse:
    """Return the response that says why a request has no output."""
    return AgentResponse(
        id=name,
        in_reply_to=request.id,
        correlation_id=request.correlation_id,
        sender=request.receiver,
        receiver=request.sender,
        status="failed",
        failure=AgentFailure(failure.code, failure.kind, failure.message, failure.advice),
    )


def schema() -> dict[str, Json]:
    """Return the JSON Schema of both messages."""
    (root,), definitions = msgspec.json.schema_components(
        [AgentRequest | AgentResponse], ref_template="#/$defs/{name}"
    )
    response = dict(definitions["AgentResponse"])
    response["allOf"] = [
        {
            "if": {"properties": {"status": {"const": "failed"}}},
            "then": {"required": ["failure"]},
            "else": {"properties": {"failure": {"type": "null"}}},
        }
    ]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Kapell agent message: a request to an agent, or its response",
        **root,
        "$defs": {**definitions, "AgentResponse": response},
    }


def _check(response: AgentResponse) -> None:
    if (response.status == "failed") != (response.failure is not None):
        raise _broken("a response has a failure if, and only if, its status is failed")


def _broken(why: str) -> Invalid:
    return Invalid(
        f"The message is none that agents understand: {why}.",
        code="agent_message_broken",
        advice="Hold it against schema/agent-message.schema.json.",
    )
