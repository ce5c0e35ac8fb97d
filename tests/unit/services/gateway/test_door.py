"""The gateway: one door, lazy adapters, honest answers, a timeout that holds."""

import asyncio
import threading
from pathlib import Path

import pytest

from kapell.adapters.llm.offline import OfflineModel
from kapell.core.gateway.calls import Message, ModelAnswer, ModelRequest
from kapell.core.gateway.failures import failure
from kapell.kit.errors import KapellError
from kapell.services.gateway.door import Gateway
from kapell.services.gateway.ports import ModelPort, OnDelta
from kapell.testing.models.scripted import ScriptedModel


class Fixed:
    """A port with one answer; counts what it is asked and whether it was closed."""

    def __init__(self, answer: ModelAnswer, hangs: bool = False) -> None:
        self.answer = answer
        self.hangs = hangs
        self.asked = 0
        self.closed = False

    async def complete(self, request: ModelRequest, on_delta: OnDelta | None = None) -> ModelAnswer:
        self.asked += 1
        if self.hangs:
            await asyncio.Event().wait()
        return self.answer

    async def close(self) -> None:
        self.closed = True


def request(model: str, timeout: float = 5.0) -> ModelRequest:
    return ModelRequest(model=model, messages=(Message("user", "Reply: hello"),), timeout=timeout)


async def test_the_offline_model_answers_and_is_labelled() -> None:
    gateway = Gateway({"offline": OfflineModel})
    pieces: list[str] = []
    answer = await gateway.complete(request("offline"), pieces.append)
    assert answer.offline
    assert "".join(pieces) == answer.text
    await gateway.close()


@pytest.mark.parametrize("model", ["opnai:gpt-5", "gpt-5", "openai:", "", "openai"])
async def test_a_model_nobody_serves_is_named_with_what_is_known(model: str) -> None:
    gateway = Gateway({"openai": OfflineModel, "offline": OfflineModel})
    with pytest.raises(KapellError) as caught:
        await gateway.complete(request(model))
    assert caught.value.code == "model_unknown"
    assert "openai:..., offline" in caught.value.advice


async def test_an_offline_answer_in_anothers_place_is_refused() -> None:
    gateway = Gateway({"openai": OfflineModel})
    with pytest.raises(KapellError) as caught:
        await gateway.complete(request("openai:gpt-5"))
    assert caught.value.code == "model_dishonest"


async def test_an_answer_of_offline_that_hides_it_is_refused() -> None:
    gateway = Gateway({"offline": lambda: Fixed(ModelAnswer(text="clever"))})
    with pytest.raises(KapellError) as caught:
        await gateway.complete(request("offline"))
    assert caught.value.code == "model_dishonest"


async def test_the_timeout_of_a_request_ends_it() -> None:
    gateway = Gateway({"slow": lambda: Fixed(ModelAnswer(text="late"), hangs=True)})
    with pytest.raises(KapellError) as caught:
        await gateway.complete(request("slow:one", timeout=0.01))
    assert caught.value.code == "model_timeout"
    assert caught.value.retryable


async def test_an_adapter_is_made_once_in_another_thread_and_closed() -> None:
    made: list[Fixed] = []
    threads: list[int] = []

    def factory() -> ModelPort:
        threads.append(threading.get_ident())
        made.append(Fixed(ModelAnswer(text="hi")))
        return made[-1]

    gateway = Gateway({"slow": factory})
    await asyncio.gather(gateway.warm("slow:a"), gateway.warm("slow:b"))
    await gateway.complete(request("slow:a"))
    assert len(made) == 1
    assert threads[0] != threading.get_ident()
    await gateway.close()
    assert made[0].closed


async def test_an_adapter_that_could_not_be_made_is_tried_again() -> None:
    answers: list[KapellError | Fixed] = [
        failure("model_key_missing", "No key."),
        Fixed(ModelAnswer(text="hi")),
    ]

    def factory() -> ModelPort:
        found = answers.pop(0)
        if isinstance(found, KapellError):
            raise found
        return found

    gateway = Gateway({"slow": factory})
    with pytest.raises(KapellError, match="No key"):
        await gateway.complete(request("slow:a"))
    assert (await gateway.complete(request("slow:a"))).text == "hi"


async def test_failures_pass_through_unchanged_and_no_other_model_is_asked(tmp_path: Path) -> None:
    other = Fixed(ModelAnswer(text="other"))
    script = ScriptedModel(tmp_path, [{"error": {"code": "model_unavailable"}}])
    gateway = Gateway({"scripted": lambda: script, "other": lambda: other})
    with pytest.raises(KapellError) as caught:
        await gateway.complete(request("scripted:inline"))
    assert caught.value.code == "model_unavailable"
    assert other.asked == 0


async def test_closing_passes_over_an_adapter_that_could_not_be_made() -> None:
    fine = Fixed(ModelAnswer(text="hi"))

    def factory() -> ModelPort:
        raise failure("model_key_missing", "No key.")

    gateway = Gateway({"keyless": factory, "fine": lambda: fine})
    with pytest.raises(KapellError, match="No key"):
        await gateway.warm("keyless:a")
    await gateway.warm("fine:a")
    await gateway.close()
    assert fine.closed
