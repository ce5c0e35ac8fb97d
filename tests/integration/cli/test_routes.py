"""Routes through the command line: run, list, health, doctor."""

import pytest

from kapell.cli.exits import Exit
from tests.integration.cli.desk import Desk

SETTINGS = """
model: smart
routes:
  smart: [openai:gpt-5-mini, offline]
"""
HELLO = 'name: hello\nsteps: [{id: greet, ask: "Reply: hello"}]\n'


@pytest.fixture(autouse=True)
def _no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a key, OpenAI's deployment fails before anything is imported or asked."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)


@pytest.mark.requirement("LG-04")
def test_a_run_is_answered_by_whoever_of_its_route_can(desk: Desk) -> None:
    desk.write("kapell.yaml", SETTINGS)
    desk.write("hello.yaml", HELLO)
    assert "offline" in desk.ok("run", "hello.yaml").out
    assert [one["group"] for one in desk.ok("costs", "--json").document()["groups"]] == ["offline"]
    of_run = desk.ok("costs", "last", "--by", "provider", "--json").document()
    assert [one["group"] for one in of_run["groups"]] == ["offline"]
    # The route of another workflow's choice works on the command line as well.
    desk.write("named.yaml", HELLO.replace("steps", "model: opnai-free\nsteps"))
    assert desk.call("run", "named.yaml").code == Exit.INVALID
    desk.write("plain.yaml", HELLO.replace("steps", "model: offline\nsteps"))
    desk.ok("run", "plain.yaml", "--model", "smart")
    wrong = desk.call("run", "plain.yaml", "--model", "smarter")
    assert wrong.code == Exit.MISSING
    assert "model_unknown" in wrong.err


@pytest.mark.requirement("LG-12")
def test_health_shows_what_was_asked_lately(desk: Desk) -> None:
    desk.write("kapell.yaml", SETTINGS)
    assert "offline" in desk.ok("models", "health").out
    desk.write("hello.yaml", HELLO)
    desk.ok("run", "hello.yaml")
    found = desk.ok("models", "health", "--json").document()
    assert found["minutes"] == 60
    offline, openai = found["deployments"]
    assert (offline["deployment"], offline["answered"], offline["failed"]) == ("offline", 1, 0)
    assert offline["routes"] == ["smart"]
    assert sum(one["answered"] for one in offline["minutes"]) == 1
    # A key this process lacks says nothing about the provider.
    assert (openai["deployment"], openai["state"], openai["minutes"]) == (
        "openai:gpt-5-mini",
        "well",
        [],
    )
    desk.write("kapell.yaml", "model: offline\n")
    assert [
        one["routes"] for one in desk.ok("models", "health", "--json").document()["deployments"]
    ] == [[]]


def test_a_workspace_without_calls_says_so(desk: Desk) -> None:
    said = desk.ok("models", "health")
    assert said.out == ""
    assert "No provider was asked" in said.err


@pytest.mark.requirement("LG-07")
def test_lists_say_what_each_name_means(desk: Desk) -> None:
    desk.write(
        "kapell.yaml",
        "routes:\n  cheap: offline\n  both: [cheap, openai:gpt-5]\n  drawn:\n    choose: weighted\n"
        "    deployments:\n      - {model: both, weight: 2}\n"
        "      - {model: azure:gpt-4o, region: westeurope}\n",
    )
    said = desk.ok("models", "list").out
    assert "route    cheap -> offline" in said
    assert "route    both -> listed: offline, openai:gpt-5" in said
    assert "route    drawn -> weighted: both x2, azure:gpt-4o@westeurope" in said
    routes = desk.ok("models", "list", "--json").document()["routes"]
    assert routes["cheap"] == "offline"
    assert routes["drawn"] == {
        "choose": "weighted",
        "deployments": [
            {"name": "both", "weight": 2.0, "route": "both"},
            {
                "name": "azure:gpt-4o@westeurope",
                "weight": 1.0,
                "model": "azure:gpt-4o",
                "region": "westeurope",
            },
        ],
    }


def test_doctor_says_what_is_wrong_with_a_route(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AZURE_OPENAI_API_KEY", "AZURE_OPENAI_ENDPOINT", "OPENAI_API_VERSION", "WEST"):
        monkeypatch.delenv(name, raising=False)
    desk.write(
        "kapell.yaml",
        "routes:\n  fine: [offline]\n  poor:\n    deployments:\n"
        "      - offline\n      - openai:gpt-5\n      - ollama:llama3.2\n"
        '      - {model: azure:gpt-4o, base_url: "https://west.example.com", key_variable: WEST}\n'
        '      - {model: azure:gpt-4o, name: east, base_url: "https://east.example.com"}\n',
    )
    said = desk.call("doctor")
    assert said.code == Exit.FAILED
    assert "ok    route fine  1 of 1 deployments can be asked" in said.out
    assert "FAIL  route poor  1 of 5 deployments can be asked" in said.out
    for part in (
        "openai:gpt-5 has no key",
        "Set OPENAI_API_KEY",
        "it is not said what it costs",
        "azure:gpt-4o@west.example.com has no key",
        "Set WEST in the environment",
        "east has an address of its own and no key",
        "key_variable",
    ):
        assert part in said.out
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    assert "2 of 5 deployments" in desk.call("doctor").out


def test_a_route_with_an_unpriced_deployment_is_refused_with_the_lines_that_help(
    desk: Desk,
) -> None:
    desk.write("kapell.yaml", "model: r\nroutes: {r: [offline, openai:our-own]}\n")
    desk.write("hello.yaml", HELLO)
    said = desk.call("run", "hello.yaml")
    assert said.code != Exit.OK
    assert "price_missing" in said.out + said.err
    assert "openai:our-own" in said.out + said.err


def test_broken_routes_are_told_together(desk: Desk) -> None:
    desk.write("kapell.yaml", 'routes:\n  a: []\n  b: [b]\n  c: ["opnai:x"]\n')
    said = desk.call("validate", "kapell.yaml")
    assert said.code == Exit.INVALID
    for code in ("route_empty", "route_circle", "model_unknown"):
        assert code in said.err
    assert "3 errors" in said.err
