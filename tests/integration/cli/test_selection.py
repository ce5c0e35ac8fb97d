"""Whom a route would ask, as the command line says it."""

import pytest

from kapell.cli.exits import Exit
from tests.integration.cli.desk import Desk

SETTINGS = """\
routes:
  smart:
    choose: complexity
    deployments:
      - {model: "openai:gpt-5-mini", region: north, key_variable: NORTH_KEY, classes: [simple]}
      - {model: offline, context: 100000}
  plain: offline
"""


@pytest.mark.requirement("LG-07")
def test_a_selection_says_whom_and_why_and_asks_nobody(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NORTH_KEY", "sk-SECRET")
    desk.write("kapell.yaml", SETTINGS)
    easy = desk.ok("models", "select", "smart", "--prompt", "What is the capital of Portugal?")
    assert easy.out.startswith("openai:gpt-5-mini@north: simple, score 0")
    assert "gpt-5-mini of openai at https://api.openai.com/v1, its key is NORTH_KEY" in easy.out
    hard = "Prove step by step why the harmonic series diverges."
    found = desk.ok("router", "select", "smart", "--prompt", hard, "--json").document()
    assert (found["provider"], found["deployment"]) == ("offline", "offline")
    assert found["reason"].startswith("reasoning, score")
    assert "SECRET" not in easy.out
    assert desk.ok("models", "select", "plain").out.startswith("offline: number 1 of the list")
    assert "No provider was asked" not in desk.ok("models", "health").err
    assert all(
        not one["minutes"]
        for one in desk.ok("models", "health", "--json").document()["deployments"]
    )
    wrong = desk.call("models", "select", "nobody")
    assert (wrong.code, "model_unknown" in wrong.err) == (Exit.MISSING, True)
