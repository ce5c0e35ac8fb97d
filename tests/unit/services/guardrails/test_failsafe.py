"""A gate that breaks lets nothing pass, and tells nothing of what it saw."""

from pathlib import Path

import pytest

from kapell.core.gateway.calls import Message, ModelAnswer, ModelRequest
from kapell.core.policies.notes import Note
from kapell.kit.errors import Bug, Denied
from kapell.services.gateway.door import Gateway
from kapell.services.gateway.ports import OnDelta
from kapell.services.guardrails.failsafe import SafeModelGate
from kapell.testing.models.scripted import ScriptedModel

CANARY = "canary-7731"
REQUEST = ModelRequest(model="scripted:inline", messages=(Message("user", CANARY),))


class Broken:
    """A gate that raises what it is told to, where it is told to."""

    def __init__(self, where: str, error: Exception) -> None:
        self.where = where
        self.error = error

    async def before(self, request: ModelRequest, note: Note) -> ModelRequest:
        """Break or pass."""
        self._pass("before")
        return request

    async def after(self, request: ModelRequest, answer: ModelAnswer, note: Note) -> ModelAnswer:
        """Break or pass."""
        self._pass("after")
        return answer

    def listener(self, request: ModelRequest, on_delta: OnDelta) -> OnDelta:
        """Break or pass."""
        self._pass("listener")

        def hear(piece: str) -> None:
            self._pass("piece")
            on_delta(piece)

        return hear

    def _pass(self, where: str) -> None:
        if where == self.where:
            raise self.error


def gateway(where: str, error: Exception, folder: Path) -> tuple[Gateway, ScriptedModel]:
    """Return a door with a gate that breaks, and the model behind it."""
    model = ScriptedModel(folder, [{"text": "hello"}])
    return Gateway({"scripted": lambda: model}, gates=(SafeModelGate(Broken(where, error)),)), model


@pytest.mark.requirement("GR-01")
@pytest.mark.parametrize("where", ["before", "after", "listener"])
async def test_a_guard_that_throws_blocks_the_call(where: str, tmp_path: Path) -> None:
    door, model = gateway(where, RuntimeError(f"while looking at {CANARY}"), tmp_path)
    with pytest.raises(Bug) as caught:
        await door.complete(REQUEST, lambda piece: None)
    assert caught.value.code == "guard_failed"
    assert CANARY not in str(caught.value)
    assert caught.value.__cause__ is None
    assert len(model.requests) == (1 if where == "after" else 0)


async def test_decisions_of_a_guard_are_told_as_they_are(tmp_path: Path) -> None:
    decision = Denied("no", code="guardrail_blocked", advice="x")
    door, _ = gateway("before", decision, tmp_path)
    with pytest.raises(Denied, match="guardrail_blocked"):
        await door.complete(REQUEST)


async def test_a_listener_that_throws_is_heard_no_more_and_the_answer_comes(tmp_path: Path) -> None:
    door, _ = gateway("piece", RuntimeError(CANARY), tmp_path)
    heard: list[str] = []
    answer = await door.complete(REQUEST, heard.append)
    assert (answer.text, heard) == ("hello", [])
