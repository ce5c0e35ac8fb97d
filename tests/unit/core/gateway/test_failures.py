"""Each way a model call fails has one class, and advice that says what to do."""

import pytest

from kapell.core.gateway.failures import CODES, failure, provider_of


@pytest.mark.parametrize("code", CODES)
def test_every_code_advises(code: str) -> None:
    error = failure(code, "It failed.")
    assert error.code == code
    assert error.advice.endswith(".")


def test_only_what_may_pass_is_retryable() -> None:
    retryable = {code for code in CODES if failure(code, "x").retryable}
    assert retryable == {
        "model_rate_limited",
        "model_unavailable",
        "model_timeout",
        "model_answer_broken",
        "quota_spent",
        "cost_limit",
    }


def test_a_models_provider_is_what_stands_before_the_colon() -> None:
    assert provider_of("openai:gpt-5:free") == "openai"
    assert provider_of("offline") == "offline"
