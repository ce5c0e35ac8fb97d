"""A chain of one dead, one slow and one healthy provider answers a thousand requests."""

import asyncio
import socket
from collections import Counter

import pytest

from kapell.core.gateway.calls import ModelAnswer
from kapell.core.gateway.routing.route import Breaker, Deployment
from kapell.testing.providers.faults import Fault
from tests.integration.gateway.conftest import AZURE, OLLAMA, OPENAI, Stage, request, route

REQUESTS = 1000
AT_ONCE = 40


def _nobody() -> str:
    """Return an address where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}/v1"


@pytest.mark.slow
@pytest.mark.requirement("LG-04")
async def test_none_of_a_thousand_requests_is_lost(stage: Stage) -> None:
    rule = Breaker(failures=5, cooldown=1.0)
    stage.provider.faults.add(Fault(kind="slow", wire="azure", seconds=600, times=None))
    chain = route(
        Deployment(name=OLLAMA, model=OLLAMA, breaker=rule),
        Deployment(name=AZURE, model=AZURE, breaker=rule, timeout=0.5),
        OPENAI,
    )
    workers = [stage.worker(chain, addresses={"ollama": _nobody()}) for _ in range(2)]
    left = iter(range(REQUESTS))
    answers: dict[int, ModelAnswer] = {}

    async def ask() -> None:
        for number in left:
            asked = request(f"Reply: number {number} is wrong", key=f"run/step#1/{number}")
            heard: list[str] = []
            telling = heard.append if number % 2 else None
            answers[number] = await workers[number % 2].complete(asked, telling)
            if number % 2:
                assert "".join(heard) == answers[number].text

    await asyncio.gather(*(ask() for _ in range(AT_ONCE)))
    assert len(answers) == REQUESTS
    for number, answer in answers.items():
        assert f"number {number} is wrong" in answer.text
        assert answer.model == OPENAI
    made = Counter(
        (one.deployment, one.outcome) for answer in answers.values() for one in answer.tries
    )
    assert made[OPENAI, "answered"] == REQUESTS
    answered = Counter(one.key for one in stage.provider.record.entries if one.what == "answered")
    assert set(answered.values()) == {1}
    # Found out at most by those who were on their way already; later by single probes.
    assert 0 < made[OLLAMA, "failed"] <= 2 * AT_ONCE
    assert 0 < made[AZURE, "failed"] <= 2 * AT_ONCE
    # Each request says why it did not stop at the first of the chain.
    assert all(any(one.deployment == OLLAMA for one in answer.tries) for answer in answers.values())
