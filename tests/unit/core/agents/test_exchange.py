"""Messages between agents: what fits the published schema is read, and what is written fits it."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapell.core.agents.exchange import (
    AgentAllowance,
    AgentRequest,
    AgentUsage,
    answered,
    message_of,
    refused,
    text_of,
)
from kapell.kit.errors import Failure, KapellError, Kind

pytestmark = pytest.mark.requirement("MB-04")

SCHEMA = json.loads((Path(__file__).parents[4] / "schema/agent-message.schema.json").read_text())
FITS = jsonschema_rs.validator_for(SCHEMA)
REQUEST = AgentRequest(
    id="r1",
    correlation_id="run-1",
    sender="orchestrator",
    receiver="coder",
    task="Mend the parser.",
    context={"files": ["a.py"]},
    output={"type": "object"},
    allowance=AgentAllowance(cost=50_000_000, seconds=60.0),
)


def test_a_request_and_both_responses_go_there_and_back() -> None:
    for message in (
        REQUEST,
        answered(REQUEST, "a1", {"diff": ""}, AgentUsage(turns=2, tokens=10, cost=3)),
        refused(REQUEST, "a2", Failure("tool_denied", "No.", Kind.DENIED, advice="Ask.")),
    ):
        text = text_of(message)
        assert FITS.is_valid(json.loads(text))
        assert message_of(text) == message
    response = answered(REQUEST, "a1", None)
    assert (response.sender, response.receiver) == ("coder", "orchestrator")
    assert (response.in_reply_to, response.correlation_id) == ("r1", "run-1")


FAILURE = {"code": "c", "kind": "denied", "message": "m"}
RESPONSE: dict[str, Any] = {
    "type": "agent.response",
    "version": 1,
    "id": "a",
    "in_reply_to": "r",
    "correlation_id": "c",
    "sender": "x",
    "receiver": "y",
    "status": "succeeded",
}
PLAIN: dict[str, Any] = {
    "type": "agent.request",
    "version": 1,
    "id": "r",
    "correlation_id": "c",
    "sender": "x",
    "receiver": "y",
    "task": "t",
}


@pytest.mark.parametrize(
    "message",
    [
        {},
        {**PLAIN, "type": "agent.question"},
        {**PLAIN, "version": 2},
        {**PLAIN, "task": ""},
        {**PLAIN, "receiver": "../x"},
        {**PLAIN, "surprise": 1},
        {**PLAIN, "allowance": {"cost": -1}},
        {key: value for key, value in PLAIN.items() if key != "correlation_id"},
        {**RESPONSE, "status": "perhaps"},
        {**RESPONSE, "status": "failed"},
        {**RESPONSE, "failure": FAILURE},
        {**RESPONSE, "status": "failed", "failure": {**FAILURE, "kind": "sad"}},
    ],
)
def test_what_does_not_fit_is_refused_by_both(message: dict[str, Any]) -> None:
    assert not FITS.is_valid(message)
    with pytest.raises(KapellError) as caught:
        message_of(json.dumps(message))
    assert caught.value.code == "agent_message_broken"


_VALUES = st.one_of(
    st.none(), st.text(max_size=5), st.integers(-2, 3), st.just("denied"), st.just("failed")
)


@given(
    st.sampled_from([PLAIN, RESPONSE]),
    st.dictionaries(
        st.sampled_from([*PLAIN, *RESPONSE, "failure", "context", "usage", "x"]),
        _VALUES,
        max_size=3,
    ),
)
def test_schema_and_reader_agree_on_anything(base: dict[str, Any], more: dict[str, Any]) -> None:
    message = {**base, **more}
    try:
        message_of(json.dumps(message))
        read = True
    except KapellError:
        read = False
    assert FITS.is_valid(message) == read
