"""Routes as people write them: what they come to mean, and every mistake with its place."""

from pathlib import Path

import pytest

from kapell.core.definitions.problems import DefinitionInvalid
from kapell.core.gateway.routing.route import Breaker, Route, deployments, models
from kapell.settings.keys import reached
from kapell.settings.loading import Settings, load_settings
from kapell.settings.sections import ProviderSection


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take out what the machine of whoever runs this has set."""
    for name in ("KAPELL_MODEL", "OPENAI_API_KEY", "AZURE_OPENAI_API_KEY", "WEST_KEY"):
        monkeypatch.delenv(name, raising=False)


def _loaded(folder: Path, text: str) -> Settings:
    (folder / "kapell.yaml").write_text(text, "utf-8")
    return load_settings(folder)


def _route(folder: Path, text: str, name: str = "r") -> Route:
    found = _loaded(folder, text).definitions.routes[name]
    assert isinstance(found, Route)
    return found


def _wrong(folder: Path, text: str) -> list[tuple[str, str]]:
    with pytest.raises(DefinitionInvalid) as caught:
        _loaded(folder, text)
    return [(f"{p.place.line}:{p.place.column}", p.code) for p in caught.value.problems]


SPLIT = """
routes:
  r:
    choose: complexity
    rules: {long: 500, words: {code_strong: [our dialect]}}
    deployments:
      - {model: "openai:small", classes: [simple, long]}
      - {model: ab, classes: [code]}
      - "openai:large"
  ab:
    choose: split
    deployments:
      - {model: "openai:gpt", name: one, prompt: Be short., weight: 9}
      - {model: "openai:gpt", name: two}
"""


def test_a_route_may_go_by_the_prompt_or_the_subject(tmp_path: Path) -> None:
    route = _route(tmp_path, SPLIT)
    assert [one.classes for one in route.members] == [("simple", "long"), ("code",), ()]
    assert route.rules is not None
    assert (route.rules.long, "our·dialect" in route.rules.words["code_strong"]) == (500, True)
    split = _route(tmp_path, SPLIT, "ab")
    assert (split.choose, [one.weight for one in split.members]) == ("split", [9.0, 1.0])
    assert [one.prompt for one in deployments(split)] == ["Be short.", ""]


def test_what_a_route_cannot_go_by_is_told(tmp_path: Path) -> None:
    text = """
routes:
  r: {deployments: [{model: "openai:a", classes: [simple]}]}
  c: {choose: complexity, rules: {weights: {nix: 1}}, deployments: [{model: "openai:a"}]}
  k: {choose: complexity, deployments: [{model: "openai:a", classes: [easy]}]}
"""
    found = _wrong(tmp_path, text)
    assert [place.partition(":")[0] for place, _ in found] == ["3", "4", "5"]


def test_a_text_is_another_name_of_a_model_or_of_a_route(tmp_path: Path) -> None:
    text = """
model: alias
routes:
  cheap: openai:gpt-5-mini
  alias: two
  again: cheap
  two: [cheap, offline]
"""
    routes = _loaded(tmp_path, text).definitions.routes
    assert routes["cheap"] == routes["again"] == "openai:gpt-5-mini"
    two = routes["two"]
    assert isinstance(two, Route)
    assert routes["alias"] is two
    assert models(two) == ("openai:gpt-5-mini", "offline")
    assert (two.choose, two.patience) == ("listed", 10.0)


@pytest.mark.requirement("LG-04")
@pytest.mark.requirement("LG-07")
def test_everything_a_route_may_say(tmp_path: Path) -> None:
    text = """
routes:
  cheap: [ollama:tiny]
  r:
    choose: weighted
    patience: 3s
    timeout: 20s
    breaker: {failures: 3, cooldown: 1m}
    deployments:
      - model: azure:gpt-4o
        region: westeurope
        base_url: https://west.example.com
        headers: {X-Team: triage}
        key_variable: WEST_KEY
        weight: 3
        concurrency: 8
        rate: 600
        timeout: 5s
        context: 128000
        breaker: {failures: 9}
      - {model: azure:gpt-4o, name: east, weight: 1.5}
      - openai:gpt-5
      - {model: cheap, weight: 0}
"""
    route = _route(tmp_path, text)
    assert (route.choose, route.patience) == ("weighted", 3.0)
    assert [(one.of.name, one.weight) for one in route.members] == [
        ("azure:gpt-4o@westeurope", 3.0),
        ("east", 1.5),
        ("openai:gpt-5", 1.0),
        ("cheap", 0.0),
    ]
    west, east, plain, cheap = deployments(route)
    assert west.apart
    assert not east.apart
    assert (west.concurrency, west.rate, west.timeout, west.context) == (8, 600, 5.0, 128000)
    assert west.breaker == Breaker(failures=9, cooldown=60.0)
    assert plain.breaker == Breaker(failures=3, cooldown=60.0)
    assert (plain.timeout, cheap.timeout) == (20.0, None)
    assert (dict(west.headers), west.region) == ({"X-Team": "triage"}, "westeurope")


def test_a_key_goes_to_its_own_address_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "of-azure")
    text = """
routes:
  r:
    deployments:
      - {model: azure:a, base_url: "https://west.example.com", key_variable: WEST_KEY}
      - {model: azure:b, base_url: "https://east.example.com"}
      - {model: azure:c}
"""
    settings = _loaded(tmp_path, text)
    route = settings.definitions.routes["r"]
    assert isinstance(route, Route)

    def keys() -> list[str]:
        found = [reached(one, settings.providers).api_key for one in deployments(route)]
        return [key.get_secret_value() if key else "" for key in found]

    assert keys() == ["", "", "of-azure"]
    monkeypatch.setenv("WEST_KEY", " of-west ")
    assert keys() == ["of-west", "", "of-azure"]
    first = deployments(route)[0]
    assert reached(first, {"azure": ProviderSection()}).base_url == "https://west.example.com"


CIRCLES = {
    "itself": ("routes:\n  a: a\n", ["2:6"]),
    "in its list": ("routes:\n  a: [openai:x, a]\n", ["2:17"]),
    "through another": ("routes:\n  a: b\n  b: [openai:x, a]\n", ["3:17"]),
    "through two": (
        "routes:\n  a: b\n  b: {deployments: [{model: c}]}\n  c: [a]\n  d: [b]\n",
        ["4:7"],
    ),
    "two of them": ("routes:\n  a: [a]\n  b: [c]\n  c: [b]\n", ["2:7", "4:7"]),
}


@pytest.mark.parametrize(("text", "places"), CIRCLES.values(), ids=list(CIRCLES))
def test_a_route_that_names_itself_is_told_once_where_it_does(
    tmp_path: Path, text: str, places: list[str]
) -> None:
    assert _wrong(tmp_path, text) == [(place, "route_circle") for place in places]
    with pytest.raises(DefinitionInvalid) as caught:
        _loaded(tmp_path, text)
    assert " -> " in caught.value.problems[0].message


def test_routes_inside_each_other_end_somewhere(tmp_path: Path) -> None:
    chain = "".join(f"  r{n}: [r{n + 1}]\n" for n in range(20))
    assert _wrong(tmp_path, f"routes:\n{chain}  r20: [offline]\n")[0][1] == "route_circle"
    short = "".join(f"  r{n}: [r{n + 1}]\n" for n in range(5))
    assert models(_route(tmp_path, f"routes:\n{short}  r5: [offline]\n", "r0")) == ("offline",)


MISTAKES = {
    "empty list": ("routes: {r: []}", "1:13", "route_empty"),
    "empty deployments": ("routes: {r: {deployments: []}}", "1:27", "route_empty"),
    "no deployments": ("routes: {r: {choose: listed}}", "1:13", "missing_key"),
    "nothing": ("routes:\n  r:\n", "2:3", "wrong_type"),
    "a number": ("routes: {r: 5}", "1:13", "wrong_type"),
    "a number in the list": ("routes: {r: [5, offline]}", "1:14", "wrong_type"),
    "unknown provider": ('routes: {r: "opnai:x"}', "1:13", "model_unknown"),
    "unknown in a list": ('routes: {r: [offline, "opnai:x"]}', "1:23", "model_unknown"),
    "unknown name": ("routes: {r: [offline, fast]}", "1:23", "model_unknown"),
    "unknown in a mapping": (
        "routes: {r: {deployments: [{model: fast}]}}",
        "1:36",
        "model_unknown",
    ),
    "inherit": ("routes: {r: [inherit]}", "1:14", "model_unknown"),
    "a name that means a model": ("routes: {offline: [openai:x]}", "1:10", "route_name"),
    "a name with blanks": ("routes: {a b: [offline]}", "1:10", "route_name"),
    "twice": ("routes: {r: [offline, offline]}", "1:23", "deployment_twice"),
    "choose": ("routes: {r: {choose: best, deployments: [offline]}}", "1:22", "wrong_value"),
    "weight unused": (
        "routes: {r: {deployments: [{model: offline, weight: 2}]}}",
        "1:45",
        "weight_unused",
    ),
    "no weight": (
        "routes: {r: {choose: weighted, deployments: [{model: offline, weight: 0}]}}",
        "1:32",
        "weights_zero",
    ),
    "negative weight": (
        "routes: {r: {choose: weighted, deployments: [{model: offline, weight: -1}]}}",
        "1:71",
        "out_of_range",
    ),
    "no concurrency": (
        "routes: {r: {deployments: [{model: offline, concurrency: 0}]}}",
        "1:58",
        "out_of_range",
    ),
    "no time": (
        "routes: {r: {deployments: [{model: offline, timeout: 0}]}}",
        "1:54",
        "wrong_value",
    ),
    "no address": (
        "routes: {r: {deployments: [{model: openai:x, base_url: west}]}}",
        "1:56",
        "wrong_value",
    ),
    "a key for a name": (
        "routes: {r: {deployments: [{model: openai:x, key_variable: sk-123}]}}",
        "1:60",
        "wrong_value",
    ),
    "a key in a header": (
        "routes: {r: {deployments: [{model: openai:x, headers: {Authorization: k}}]}}",
        "1:55",
        "secret_in_file",
    ),
    "limits of a route": (
        "routes: {c: [offline], r: {deployments: [{model: c, rate: 5}]}}",
        "1:53",
        "wrong_value",
    ),
    "two ways to one name": (
        "routes:\n  a: {deployments: [{model: openai:x, name: n}]}\n"
        "  b: {deployments: [{model: openai:y, name: n}]}\n",
        "3:21",
        "deployment_differs",
    ),
    "an unknown key": (
        "routes: {r: {deployments: [{model: offline, wieght: 2}]}}",
        "1:45",
        "unknown_key",
    ),
}


@pytest.mark.parametrize(("text", "place", "code"), MISTAKES.values(), ids=list(MISTAKES))
def test_each_mistake_has_its_place(tmp_path: Path, text: str, place: str, code: str) -> None:
    assert _wrong(tmp_path, text) == [(place, code)]


def test_all_mistakes_come_at_once_and_no_broken_route_is_blamed_twice(tmp_path: Path) -> None:
    text = "\n".join(
        [
            "model: b",
            "routes:",
            "  a: []",
            '  b: ["opnai:x", fast, a]',
            "  c: [c]",
            "  d: {choose: best, deployments: [b, {model: c, rate: 0}]}",
        ]
    )
    assert _wrong(tmp_path, text) == [
        ("3:6", "route_empty"),
        ("4:7", "model_unknown"),
        ("4:18", "model_unknown"),
        ("5:7", "route_circle"),
        ("6:15", "wrong_value"),
        ("6:55", "out_of_range"),
    ]
