"""Keys at the command line: kept, rotated, audited, used, never shown."""

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from kapell.cli.exits import Exit
from kapell.testing.providers.server import KEY
from tests.integration.cli.desk import Desk, Said

FLOW = """\
name: w
steps: [{id: a, ask: "Write.", model: "openai:gpt-5-mini"}]
"""
COMMAND = (sys.executable, "-m", "kapell.testing.providers")


@contextmanager
def served() -> Iterator[str]:
    """Yield the address of a loopback provider in a process of its own."""
    process = subprocess.Popen(COMMAND, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.communicate(timeout=10)


def _set(desk: Desk, monkeypatch: pytest.MonkeyPatch, key: str, *words: str) -> Said:
    monkeypatch.setattr("sys.stdin", io.StringIO(key))
    return desk.call("keys", *words)


@pytest.mark.requirement("LG-08")
def test_a_key_is_never_shown(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "sk-do-not-show-4711"  # noqa: S105 - no real one
    said = [_set(desk, monkeypatch, secret, "set", "OPENAI_API_KEY")]
    assert said[0].code != Exit.OK
    assert "kapell keys init" in said[0].err
    said.append(desk.ok("keys", "init"))
    said.append(_set(desk, monkeypatch, secret, "set", "OPENAI_API_KEY", "--reason", "first"))
    said.append(_set(desk, monkeypatch, secret + "2", "rotate", "OPENAI_API_KEY"))
    said += [desk.ok("keys", "list"), desk.ok("keys", "list", "--json"), desk.ok("keys", "audit")]
    said += [desk.ok("keys", "rotate"), desk.ok("keys", "audit", "--json"), desk.ok("doctor")]
    assert all(secret not in one.out + one.err for one in said)
    (listed,) = json.loads(said[5].out)
    assert (listed["name"], listed["version"], listed["versions"]) == ("OPENAI_API_KEY", 2, 2)
    assert [one["action"] for one in json.loads(said[8].out)] == ["set", "set"]
    for path in desk.folder.rglob("*"):
        assert path.is_dir() or secret.encode() not in path.read_bytes(), path
    assert desk.call("keys", "init").code != Exit.OK
    desk.ok("keys", "remove", "OPENAI_API_KEY")
    assert "empty" in desk.ok("keys", "list").err
    assert _set(desk, monkeypatch, secret, "rotate", "OPENAI_API_KEY").code != Exit.OK


def test_plain_keys_are_for_those_who_ask_for_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.write("kapell.yaml", "vault: {plaintext: true}\n")
    assert _set(desk, monkeypatch, "sk-plain", "set", "A").code == Exit.OK
    assert "NOT SEALED" in desk.ok("keys", "list").out
    desk.write("kapell.yaml", "vault: {master: MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=}\n")
    refused = desk.call("keys", "list")
    assert refused.code != Exit.OK
    assert "KAPELL_VAULT__MASTER" in refused.err


@pytest.mark.requirement("LG-08")
def test_a_provider_is_asked_with_the_key_of_the_vault(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served() as url:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{url}/openai/v1")
        desk.write("w.yaml", FLOW)
        desk.ok("keys", "init")
        _set(desk, monkeypatch, "wrong", "set", "OPENAI_API_KEY")
        assert desk.call("run", "w.yaml").code == Exit.FAILED
        _set(desk, monkeypatch, KEY, "rotate", "OPENAI_API_KEY")
        assert desk.call("run", "w.yaml").code == Exit.OK
        listed = json.loads(desk.ok("models", "list", "--json").out)["providers"]
        assert [one["key_set"] for one in listed if one["prefix"] == "openai"] == [True]
        desk.write("kapell.yaml", "model: openai:gpt-5-mini\n")
        assert "its key is set" in desk.call("doctor").out
        found = json.loads(desk.ok("keys", "audit", "--json").out)
        read = [one for one in found if one["action"] == "read"]
        assert {(one["name"], one["reason"]) for one in read} == {
            ("OPENAI_API_KEY", "calls of openai")
        }
        assert {one["version"] for one in read} == {1, 2}


@pytest.mark.requirement("LG-08")
def test_a_key_of_the_vault_goes_to_its_own_provider_only(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served() as url:
        route = f"{{model: 'openai:gpt-5-mini', base_url: '{url}/openai/v1'%s}}"
        settings = "model: elsewhere\nroutes: {elsewhere: {deployments: [" + route + "]}}\n"
        prices = "prices: {'openai:*': {input: 1, output: 1}}\n"
        desk.write("kapell.yaml", settings % "" + prices)
        desk.write("here.yaml", FLOW.replace("openai:gpt-5-mini", "elsewhere"))
        desk.ok("keys", "init")
        _set(desk, monkeypatch, KEY, "set", "OPENAI_API_KEY")
        assert desk.call("run", "here.yaml").code == Exit.FAILED
        assert desk.ok("keys", "audit", "--json").out.count('"read"') == 0
        desk.write("kapell.yaml", settings % ", key_variable: OPENAI_API_KEY" + prices)
        assert desk.call("run", "here.yaml").code == Exit.OK  # who names it means it
