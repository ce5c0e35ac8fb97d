"""What every vendor's adapter must do when things go wrong: one code each, asked once."""

import asyncio
import time
import traceback

import pytest

from kapell.adapters.llm.factories import factories
from kapell.adapters.llm.settings import ProviderSettings
from kapell.core.gateway.calls import ModelAnswer
from kapell.core.gateway.failures import provider_of
from kapell.core.gateway.providers import PROVIDERS
from kapell.kit.errors import KapellError
from kapell.services.gateway.door import Gateway
from kapell.testing.providers.faults import Fault, FaultKind
from tests.contract.models.conftest import TRIAGE, Stage, asked, gateway_to

REFUSALS: list[tuple[FaultKind, str]] = [
    ("rate_limit", "model_rate_limited"),
    ("server_error", "model_unavailable"),
    ("overloaded", "model_unavailable"),
    ("away", "model_unavailable"),
    ("too_long", "model_context_exceeded"),
    ("refused", "model_refused"),
    ("quota", "model_quota_spent"),
    ("cut", "model_unavailable"),
    ("broken_json", "model_answer_broken"),
    ("wrong_shape", "model_answer_broken"),
    ("html", "model_answer_broken"),
    ("empty", "model_answer_broken"),
]


async def failing(stage: Stage, vendor: str, *, streamed: bool, **more: float) -> KapellError:
    with pytest.raises(KapellError) as caught:
        await stage.gateway.complete(
            asked(vendor, timeout=more.get("timeout", 20.0)),
            (lambda _: None) if streamed else None,
        )
    return caught.value


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(("kind", "code"), REFUSALS, ids=[kind for kind, _ in REFUSALS])
async def test_each_fault_has_its_code_and_is_asked_once(
    stage: Stage, vendor: str, kind: FaultKind, code: str, streamed: bool
) -> None:
    stage.provider.faults.add(Fault(kind=kind, seconds=7))
    error = await failing(stage, vendor, streamed=streamed)
    assert error.code == code
    assert error.advice
    assert sum(stage.provider.record.received().values()) == 1
    assert error.retry_after == (7 if kind in ("rate_limit", "away") else None)
    # The same door works for the next call: nothing is left broken behind.
    assert (await stage.gateway.complete(asked(vendor))).text


@pytest.mark.parametrize("kind", ["cut", "broken_json", "wrong_shape", "html"])
async def test_faults_of_structured_answers_have_the_same_codes(
    stage: Stage, vendor: str, kind: FaultKind
) -> None:
    stage.provider.faults.add(Fault(kind=kind))
    with pytest.raises(KapellError) as caught:
        await stage.gateway.complete(asked(vendor, "Classify: urgent", TRIAGE))
    assert caught.value.code == dict(REFUSALS)[kind]


async def test_a_stream_that_ends_early_is_no_answer(stage: Stage, vendor: str) -> None:
    stage.provider.faults.add(Fault(kind="ends_early"))
    error = await failing(stage, vendor, streamed=True)
    assert error.code == "model_unavailable"


async def test_a_slow_provider_times_out(stage: Stage, vendor: str) -> None:
    stage.provider.faults.add(Fault(kind="slow", seconds=30))
    error = await failing(stage, vendor, streamed=False, timeout=0.2)
    assert error.code == "model_timeout"
    assert error.retryable


async def test_a_filtered_answer_says_so(stage: Stage, vendor: str) -> None:
    stage.provider.faults.add(Fault(kind="filtered"))
    try:
        answer = await stage.gateway.complete(asked(vendor))
    except KapellError as error:
        assert error.code == "model_filtered"
    else:
        assert answer.finish == "filter"


async def test_an_unknown_model_is_said_to_be_unknown(stage: Stage, vendor: str) -> None:
    error = await failing(stage, f"{provider_of(vendor)}:unknown-9", streamed=False)
    assert error.code == "model_unknown"
    assert "unknown-9" in error.message


@pytest.mark.parametrize("prefix", ["openai", "anthropic", "google", "azure"])
async def test_a_wrong_key_names_the_variable_and_never_the_key(stage: Stage, prefix: str) -> None:
    gateway = gateway_to(stage.provider, key="sk-very-secret")
    with pytest.raises(KapellError) as caught:
        await gateway.complete(asked(f"{prefix}:gpt-4o"))
    assert caught.value.code == "model_key_wrong"
    assert PROVIDERS[prefix].key_names[0] in caught.value.advice
    shown = "".join(traceback.format_exception(caught.value))
    assert "sk-very-secret" not in shown
    assert caught.value.__cause__ is not None
    await gateway.close()


@pytest.mark.parametrize("prefix", ["openai", "anthropic", "google", "azure"])
async def test_a_missing_key_is_said_before_anything_is_asked(prefix: str) -> None:
    gateway = Gateway(factories({}))
    with pytest.raises(KapellError) as caught:
        await gateway.complete(asked(f"{prefix}:some-model"))
    assert caught.value.code == "model_key_missing"
    assert PROVIDERS[prefix].key_names[0] in caught.value.advice
    assert "offline" in caught.value.advice


async def test_azure_says_what_else_it_needs(stage: Stage) -> None:
    class Key:
        def get_secret_value(self) -> str:
            return "k"

    for settings, name in (
        (ProviderSettings(api_key=Key(), api_version="1"), "AZURE_OPENAI_ENDPOINT"),
        (ProviderSettings(api_key=Key(), base_url=stage.provider.url), "OPENAI_API_VERSION"),
    ):
        with pytest.raises(KapellError) as caught:
            await Gateway(factories({"azure": settings})).complete(asked("azure:gpt-4o"))
        assert caught.value.code == "model_setting_missing"
        assert name in caught.value.advice


async def test_nobody_listening_is_unavailable(vendor: str, stage: Stage) -> None:
    await stage.provider.close()
    error = await failing(stage, vendor, streamed=False)
    assert error.code == "model_unavailable"


async def test_a_cancelled_call_ends_and_leaves_the_door_usable(stage: Stage, model: str) -> None:
    stage.provider.faults.add(Fault(kind="slow", seconds=30))
    task = asyncio.create_task(stage.gateway.complete(asked(model)))
    if model not in ("offline", "scripted:inline"):
        await stage.provider.asked.wait()
    task.cancel()
    begun = time.monotonic()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - begun < 10
    assert isinstance(await stage.gateway.complete(asked(model)), ModelAnswer)
