"""Settings: one file, one environment, mistakes told with their place."""

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import jsonschema_rs
import pytest

from kapell.core.definitions.problems import DefinitionInvalid
from kapell.core.guardrails.grounding.demand import Grounded
from kapell.kit.errors import Invalid
from kapell.settings.loading import Settings, load_settings

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Take out what the machine of whoever runs this has set."""
    for name in (
        "DATABASE_URL",
        "KAPELL_MODEL",
        "OPENAI_API_KEY",
        "OPENAI_BASE_URL",
        "GOOGLE_API_KEY",
        "GEMINI_API_KEY",
    ):
        monkeypatch.delenv(name, raising=False)
    yield


def _loaded(folder: Path, text: str = "") -> Settings:
    (folder / "kapell.yaml").write_text(text, "utf-8")
    return load_settings(folder)


def _wrong(folder: Path, text: str) -> list[str]:
    with pytest.raises(DefinitionInvalid) as caught:
        _loaded(folder, text)
    return [f"{p.place.line}:{p.place.column} {p.code} {p.advice}" for p in caught.value.problems]


def test_without_a_file_everything_has_its_default(tmp_path: Path) -> None:
    settings = load_settings(tmp_path)
    assert settings.database.url == f"sqlite:///{tmp_path}/.kapell/kapell.db"
    assert settings.database.durability == "full"
    assert settings.definitions.model == "offline"
    assert settings.tools.http.allow == ()


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n# nothing\n\n"])
def test_an_empty_file_is_no_mistake(text: str, tmp_path: Path) -> None:
    assert _loaded(tmp_path, text) == load_settings(tmp_path)


def test_both_halves_of_the_file_are_read(tmp_path: Path) -> None:
    settings = _loaded(
        tmp_path,
        """
model: cheap
routes: {cheap: "ollama:tiny"}
budget: {usd: 0.5, time: 10m}
defaults: {timeout: 60s, retry: {attempts: 3}}
database: {url: data/runs.db, durability: normal}
worker: {lease: 5s, drain: 1m, workflows: {triage: 2}}
tools: {http: {allow: [api.example.com], timeout: 250ms}}
prices: {"ollama:tiny": {input: 0, output: 0.5}}
providers: {openai: {base_url: "http://127.0.0.1:1/v1"}}
log: {level: debug}
""",
    )
    definitions = settings.definitions
    assert definitions.model == "cheap"
    assert definitions.routes == {"cheap": "ollama:tiny"}
    assert definitions.budget is not None
    assert (definitions.budget.usd, definitions.budget.time) == (500_000_000, 600.0)
    assert definitions.retry is not None
    assert (definitions.retry.attempts, definitions.timeout) == (3, 60.0)
    assert settings.database.url == f"sqlite:///{tmp_path}/data/runs.db"
    assert (settings.worker.lease, settings.worker.drain) == (5.0, 60.0)
    assert settings.worker.workflows == {"triage": 2}
    assert settings.tools.http.timeout == 0.25
    assert settings.prices["ollama:tiny"].output == 0.5
    assert settings.providers["openai"].base_url.endswith("/v1")


@pytest.mark.requirement("DX-11")
def test_the_environment_stands_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (
        "model: offline\ndatabase: {url: a.db, durability: normal}\nworker: {lease: 5s, drain: 2s}"
    )
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:secret@host/base")
    monkeypatch.setenv("KAPELL_WORKER__LEASE", "7s")
    monkeypatch.setenv("KAPELL_MODEL", "ollama:tiny")
    settings = _loaded(tmp_path, text)
    assert settings.database.url == "postgresql://me:secret@host/base"
    assert settings.database.durability == "normal"
    assert (settings.worker.lease, settings.worker.drain) == (7.0, 2.0)
    assert settings.definitions.model == "ollama:tiny"
    assert "secret" not in repr(settings)


@pytest.mark.parametrize("name", ["GOOGLE_API_KEY", "GEMINI_API_KEY"])
def test_keys_come_from_the_environment_and_do_not_show(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "very-secret\n")
    settings = load_settings(tmp_path)
    key = settings.providers["google"].api_key
    assert key is not None
    assert key.get_secret_value() == "very-secret"
    assert "very-secret" not in f"{settings!r} {settings}"
    assert settings.providers["openai"].api_key is None


def test_all_mistakes_are_told_at_once_with_places_and_hints(tmp_path: Path) -> None:
    found = _wrong(
        tmp_path,
        """\
databse: {url: x}
worker: {lease: 3x, concurency: 4}
providers: {opnai: {}, openai: {api_key: sk-1, base_ur: x}}
tools: {http: {alow: [x]}}
prices: {"openai:x": {inpt: 3, output: -1}}
budget: {usd: -1}
flags: {}
model: 3
""",
    )
    assert [one.split()[1] for one in found] == [
        "unknown_key",
        "wrong_value",
        "unknown_key",
        "unknown_key",
        "secret_in_file",
        "unknown_key",
        "unknown_key",
        "wrong_value",
        "unknown_key",
        "wrong_value",
        "out_of_range",
        "not_available_yet",
        "wrong_type",
    ]
    assert found[0] == "1:1 unknown_key Did you mean `database`?"
    assert found[2] == "2:21 unknown_key Did you mean `concurrency`?"
    assert found[6] == "4:16 unknown_key Did you mean `allow`?"
    assert not any("sk-1" in one for one in found)


def test_a_number_that_is_none_hides_nothing_else(tmp_path: Path) -> None:
    found = _wrong(
        tmp_path,
        """\
modle: offline
budget: {usd: .inf, tokens: many}
worker: {concurrency: .nan, effects: 0, effects: 1}
prices: {"openai:x": {input: 1e999, output: -1}}
tools: .inf
providers: .nan
database: {url: .inf, durability: 99999999999999999999}
""",
    )
    assert [" ".join(one.split()[:2]) for one in found] == [
        "1:1 unknown_key",
        "2:15 number_refused",
        "2:29 wrong_type",
        "3:23 number_refused",
        "3:38 wrong_value",
        "3:41 duplicate_key",
        "4:30 number_refused",
        "4:45 wrong_value",
        "5:8 number_refused",
        "6:12 number_refused",
        "7:17 number_refused",
        "7:35 number_refused",
    ]


@pytest.mark.parametrize("amount", ["1e300", "1000000000.01", "9223372036854775807", "-0.01"])
def test_amounts_that_no_budget_has(amount: str, tmp_path: Path) -> None:
    (found,) = _wrong(tmp_path, f"budget: {{usd: {amount}}}\n")
    assert found.startswith("1:15 out_of_range ")


def test_a_mistake_in_the_environment_names_the_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAPELL_WORKER__LEASE", "soon")
    with pytest.raises(Invalid, match="KAPELL_WORKER__LEASE") as caught:
        _loaded(tmp_path, "worker: {lease: 5s}")
    assert caught.value.code == "settings_invalid"


def test_what_is_no_yaml_is_told(tmp_path: Path) -> None:
    assert [one.split()[1] for one in _wrong(tmp_path, "model: [offline\n")] == ["yaml_broken"]


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    settings = load_settings(tmp_path)
    with pytest.raises(ValueError, match="frozen"):
        settings.worker.lease = 1.0


def _script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_published_schema_and_the_page_are_today_s() -> None:
    script = _script("generate_settings")
    written = json.loads((ROOT / "schema" / "kapell.schema.json").read_text("utf-8"))
    assert written == script.schema(), "run make docs"
    page = (ROOT / "docs" / "reference" / "settings.md").read_text("utf-8")
    assert page == script.page(), "run make docs"


def test_every_setting_says_what_it_is() -> None:
    schema = _script("generate_settings").schema()
    mute = [
        f"{section}.{name}"
        for section, one in schema["$defs"].items()
        for name, field in one.get("properties", {}).items()
        if "description" not in field and "$ref" not in field
    ]
    assert not mute


@pytest.mark.parametrize(
    ("settings", "fits"),
    [
        ({"model": "offline", "worker": {"lease": "3s", "workflows": {"a": 1}}}, True),
        ({"prices": {"a:b": {"input": 1, "output": 2}}}, True),
        ({"worker": {"lase": 3}}, False),
        ({"nonsense": 1}, False),
        ({"providers": {"openai": {"api_key": "x"}}}, False),
    ],
)
def test_the_schema_takes_what_we_take(
    settings: dict[str, object], fits: bool, tmp_path: Path
) -> None:
    schema = json.loads((ROOT / "schema" / "kapell.schema.json").read_text("utf-8"))
    assert jsonschema_rs.validator_for(schema).is_valid(settings) == fits
    if fits:
        _loaded(tmp_path, json.dumps(settings))
    else:
        assert _wrong(tmp_path, json.dumps(settings))


RULES = """
guardrails:
  patterns: {staff: 'E-[0-9]{6}', Bad Name: x, ahead: '(?=x)', empty: 'x*'}
  words:
    rivals: [Acme]
    none: []
  topics: [medical, rivals, medcal]
  only: [financial, none, sport]
  languages: [en, xx]
  actions: {staff: ask, email: pass, e_mail: block}
"""


@pytest.mark.requirement("GR-01", "DE-05")
def test_rules_that_cannot_be_looked_for_are_told_with_their_places(tmp_path: Path) -> None:
    told = {one.partition(" Mend")[0] for one in _wrong(tmp_path, RULES)}
    broken = ("3:45", "3:55", "3:71", "6:5", "7:29", "8:27", "9:19", "10:38")
    assert told == {f"{place} guard_rules_broken" for place in broken}
    many = "\n".join(f"    a{n}: x" for n in range(51))
    (one,) = _wrong(tmp_path, f"guardrails:\n  patterns:\n{many}\n")
    assert one.startswith("2:3 guard_rules_broken")
    settings = _loaded(tmp_path, "guardrails: {topics: [rivals], words: {rivals: [Acme]}}\n")
    assert settings.guardrails.topics == ("rivals",)


@pytest.mark.requirement("GR-02")
@pytest.mark.parametrize(
    ("section", "name"),
    [("patterns: {email: 'x[0-9]'}", "email"), ("words: {medical: [scalpel]}", "medical")],
)
def test_a_name_that_is_built_in_is_not_given_to_something_else(
    section: str, name: str, tmp_path: Path
) -> None:
    with pytest.raises(DefinitionInvalid) as caught:
        _loaded(tmp_path, f"guardrails: {{{section}}}\n")
    (problem,) = caught.value.problems
    assert problem.code == "guard_rules_broken"
    assert f"{name} is a " in problem.message
    assert f"own_{name}" in problem.advice


@pytest.mark.requirement("GR-04", "GR-06", "WF-11")
@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("policies: {judge: opa}", "1:11", "`judge: opa` needs `opa: {url: ...}`"),
        ("policies: {opa: {url: 'localhost:8181'}}", "1:23", "begins with http://"),
        ("policies: {opa: {timeout: 0}}", "1:27", "more than 0"),
        ("policies: {domains: ['https://a.example/v1']}", "1:22", "a host is needed"),
        ("policies: {recipients: [anna]}", "1:25", "an address is needed"),
        ("approvals: {notify: pager}", "1:21", "no channel `pager`"),
        ("approvals: {roles: {finance: []}}", "1:30", "somebody has to have the role"),
        ("approvals: {roles: {finance: ['role:chief']}}", "1:31", "a role cannot be part"),
        ("approvals: {roles: {'role:chief': [anna]}}", "1:35", "without blanks and colons"),
        ("breaker: {notify: pager}", "1:19", "no channel `pager`"),
        ("limits: {redis: localhost}", "1:17", "redis://localhost"),
        ("limits: {redis: 'redis://localhost:port/0'}", "1:17", "redis://localhost"),
        ("limits: {redis: 'redis://localhost:99999/0'}", "1:17", "redis://localhost"),
        ("limits: {redis: 'redis://localhost:6379/first'}", "1:17", "redis://localhost"),
        ("limits: {cost: {user: ten}}", "1:23", "a number is needed"),
        ("audit: {anchor: ''}", "1:17", "must not be empty"),
        ("audit: {key: ''}", "1:14", "must not be empty"),
        ("vault: {file: ''}", "1:15", "must not be empty"),
    ],
)
def test_what_a_guard_could_not_use_is_told_before_anything_runs(
    text: str, place: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(DefinitionInvalid) as caught:
        _loaded(tmp_path, text)
    (problem,) = caught.value.problems
    assert f"{problem.place.line}:{problem.place.column}" == place
    assert problem.code == "wrong_value"
    assert said in problem.message


@pytest.mark.requirement("GR-06")
def test_the_token_of_a_policy_server_is_no_matter_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = _wrong(tmp_path, "policies: {opa: {token: hush}}\n")
    where = "Remove it and set KAPELL_POLICIES__OPA__TOKEN in the environment."
    assert told == [f"1:18 secret_in_file {where}"]
    monkeypatch.setenv("KAPELL_POLICIES__OPA__TOKEN", "hush")
    token = _loaded(tmp_path, "").policies.opa.token
    assert token is not None
    assert token.get_secret_value() == "hush"


@pytest.mark.requirement("GR-08")
def test_the_key_of_a_moderation_service_is_no_matter_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = _wrong(tmp_path, "guardrails: {moderation: {key: hush}}\n")
    where = "Remove it and set KAPELL_GUARDRAILS__MODERATION__KEY in the environment."
    assert told == [f"1:27 secret_in_file {where}"]
    monkeypatch.setenv("KAPELL_GUARDRAILS__MODERATION__KEY", "hush")
    own = _loaded(tmp_path, "guardrails: {moderation: {provider: openai}}\n").guardrails.moderation
    assert own.key is not None
    assert (own.key.get_secret_value(), own.looks) == ("hush", ("answers",))


@pytest.mark.requirement("WF-11")
def test_a_channel_that_the_environment_names_has_to_be_there_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAPELL_APPROVALS__NOTIFY", "pager")
    with pytest.raises(Invalid, match="KAPELL_APPROVALS__NOTIFY cannot be used: there is no chan"):
        _loaded(tmp_path, "")
    channels = "tools: {notify: {channels: {pager: {url: 'https://pager.example/x'}}}}"
    assert _loaded(tmp_path, channels).approvals.notify == "pager"


@pytest.mark.requirement("GR-05", "GR-07", "GR-08", "GR-09")
def test_limits_nobody_asked_for_are_those_of_the_plans(tmp_path: Path) -> None:
    said = _loaded(tmp_path)
    assert [(one.per, one.most, one.every) for one in said.limits.rates] == [
        ("user", 10, 60),
        ("user", 100, 3600),
        ("tenant", 1000, 3600),
        ("conversation", 50, 3600),
        ("ip", 60, 60),
    ]
    cost, breaker = said.limits.cost, said.breaker
    assert (cost.conversation, cost.user, cost.tenant, cost.warn) == (2, 10, 100, 0.8)
    assert (breaker.failures, breaker.confidence, breaker.times) == (3, 0.5, 2)
    assert Grounded().threshold == 0.7
