"""Providers that refuse, talk nonsense, cost too much or are not there."""

import json
import os
import urllib.request

import pytest

from kapell.cli.exits import Exit
from tests.integration.bad_input.refusals import others_go_on, refused
from tests.integration.cli.desk import Desk

ASK = "name: asker\n{}steps: [{{id: a, ask: hello}}]\n"
MODEL = "openai:gpt-5-mini"


def _spoil(provider: str, kind: str) -> None:
    body = json.dumps({"kind": kind, "times": None, "seconds": 0.0}).encode()
    request = urllib.request.Request(f"{provider}/control/faults", data=body, method="POST")  # noqa: S310 - loopback
    urllib.request.urlopen(request).close()  # noqa: S310 - loopback


def _asked(provider: str) -> int:
    with urllib.request.urlopen(f"{provider}/control/record") as answer:  # noqa: S310 - loopback
        return len(json.loads(answer.read()))


@pytest.fixture
def asking(desk: Desk) -> Desk:
    desk.write("ask.yaml", ASK.format(""))
    return desk


@pytest.mark.requirement("GR-07")
@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("html", "model_answer_broken"),
        ("broken_json", "model_answer_broken"),
        ("server_error", "model_unavailable"),
        ("cut", "model_unavailable"),
        ("quota", "model_quota_spent"),
    ],
)
def test_a_provider_that_fails(kind: str, code: str, provider: str, asking: Desk) -> None:
    asking.ok("run", "ask.yaml", "--model", MODEL)
    _spoil(provider, kind)
    said = asking.call("run", "ask.yaml", "--model", MODEL)
    told = refused(said, Exit.FAILED, code)
    assert "--> step a" in told
    assert "<html" not in said.out + said.err
    others_go_on(asking)


def test_a_key_that_is_wrong(provider: str, asking: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-wrong-and-secret")
    said = asking.call("run", "ask.yaml", "--model", MODEL)
    assert "OPENAI_API_KEY" in refused(said, Exit.FAILED, "model_key_wrong")
    assert "sk-wrong" not in said.out + asking.ok("runs", "events", "last", "--json").out
    monkeypatch.setenv("OPENAI_API_KEY", "loopback-key")
    asking.ok("runs", "retry", "last")


def test_a_provider_that_is_not_there(
    provider: str, asking: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = os.environ["OPENAI_BASE_URL"]
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    said = asking.call("run", "ask.yaml", "--model", MODEL)
    assert "--> step a" in refused(said, Exit.FAILED, "model_unavailable")
    assert _asked(provider) == 0, "nobody else is asked in its place"
    (group,) = asking.ok("costs", "--json").document()["groups"]
    assert group["usd"] == group["reserved_usd"] == 0, "what was never sent is not paid"
    monkeypatch.setenv("OPENAI_BASE_URL", there)
    asking.ok("runs", "retry", "last")
    assert _asked(provider) == 2, "one request, received and answered"
    others_go_on(asking)


@pytest.mark.requirement("GR-07", "OB-08")
def test_a_model_without_a_price(provider: str, asking: Desk) -> None:
    before = _asked(provider)
    said = asking.call("run", "ask.yaml", "--model", "openai:my-own-thing")
    told = refused(said, Exit.FAILED, "price_missing")
    assert '"openai:my-own-thing": {input: 0.25, output: 2.00}' in told
    assert _asked(provider) == before, "what has no price is not asked"


@pytest.mark.requirement("GR-07")
@pytest.mark.parametrize("budget", ["{usd: 0.0000001}", "{tokens: 1}"])
def test_a_budget_that_is_too_small(budget: str, provider: str, asking: Desk) -> None:
    before = _asked(provider)
    asking.write("poor.yaml", ASK.format(f"budget: {budget}\n"))
    said = asking.call("run", "poor.yaml", "--model", MODEL)
    refused(said, Exit.FAILED, "budget_exceeded")
    assert _asked(provider) == before
    said = asking.call("run", "ask.yaml", "--model", MODEL, "--budget-usd", "0.0000001")
    refused(said, Exit.FAILED, "budget_exceeded")
    others_go_on(asking)
