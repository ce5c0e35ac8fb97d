"""Reads the settings once: environment before ``kapell.yaml`` before defaults."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import get_args

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from kapell.core.definitions.nearest import hint
from kapell.core.definitions.problems import Problems
from kapell.core.definitions.tree import Node
from kapell.core.gateway.providers import PROVIDERS
from kapell.core.workflows.pins import WorkspaceDefaults
from kapell.kit.errors import Invalid, Place
from kapell.kit.json import Json
from kapell.settings import FILE
from kapell.settings.authored import DefinitionsForm, settings_tree, workspace_defaults
from kapell.settings.guarding.approvals import ApprovalSettings
from kapell.settings.guarding.guardrails import GuardrailSettings
from kapell.settings.guarding.limits import BreakerSettings, LimitsSettings
from kapell.settings.guarding.policies import PolicySettings
from kapell.settings.guarding.rules import check_rules
from kapell.settings.sections import (
    DatabaseSettings,
    LogSettings,
    PriceSection,
    ProviderSection,
    WorkerSettings,
)
from kapell.settings.spending import AuditSettings, QuotaSection, VaultSettings
from kapell.settings.tools import ToolSettings

PREFIX = "KAPELL_"
NESTED = "__"
_SQLITE = "sqlite:///"
_PLAIN = {
    "model_type": "a mapping is needed",
    "dict_type": "a mapping is needed",
    "tuple_type": "a list is needed",
    "int_parsing": "a whole number is needed",
    "int_type": "a whole number is needed",
    "float_type": "a number is needed",
    "float_parsing": "a number is needed",
    "string_type": "text is needed",
    "bool_parsing": "true or false is needed",
    "missing": "it is needed",
    "greater_than_equal": "at least {ge} is needed",
    "greater_than": "more than {gt} is needed",
    "less_than_equal": "at most {le} is possible",
    "less_than": "less than {lt} is needed",
    "literal_error": "one of {expected} is needed",
    "string_too_short": "it must not be empty",
    "string_pattern_mismatch": "it has to be written like {pattern}",
}
"""What pydantic says in its own words, in ours."""
_KEY = "[key]"
"""What pydantic puts behind a name of a mapping when it is the name that is wrong."""
_SECRETS = {
    ("vault", "master"): "a master key",
    ("vault", "older"): "a master key",
    ("policies", "opa", "token"): "the token of a policy server",
    ("guardrails", "moderation", "key"): "the key of a moderation service",
}
"""What comes from the environment only."""


class Settings(BaseSettings):
    """Everything that can be set; frozen, loaded once, handed on as values."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix=PREFIX,
        env_nested_delimiter=NESTED,
        arbitrary_types_allowed=True,
        hide_input_in_errors=True,
    )

    definitions: SkipJsonSchema[WorkspaceDefaults] = WorkspaceDefaults()
    """What workflows and agents have when they say nothing themselves."""

    database: DatabaseSettings = DatabaseSettings()
    """Where runs are kept."""

    worker: WorkerSettings = WorkerSettings()
    """How much a worker takes on."""

    tools: ToolSettings = ToolSettings()
    """Limits and permissions of the built-in tools."""

    providers: dict[str, ProviderSection] = {}
    """How providers are reached, by prefix: `openai`, `anthropic`, `google`, `ollama`, `azure`."""

    quotas: tuple[QuotaSection, ...] = ()
    """What tenants, users, conversations and keys may use within windows of time."""

    limits: LimitsSettings = LimitsSettings()
    """How often who may ask, and how much money may be spent."""

    breaker: BreakerSettings = BreakerSettings()
    """When a run is taken for one that runs away, and a person is asked."""

    vault: VaultSettings = VaultSettings()
    """How keys are sealed that lie in the database."""

    guardrails: GuardrailSettings = GuardrailSettings()
    """What is looked for in everything that models and tools are sent and answer, and what is done
    about it."""

    approvals: ApprovalSettings = ApprovalSettings()
    """Who answers what people are asked."""

    audit: AuditSettings = AuditSettings()
    """How the audit record is kept."""

    policies: PolicySettings = PolicySettings()
    """What policies are given beside the call they judge, and who judges."""

    prices: dict[str, PriceSection] = {}
    """Prices of models by name (`provider:name`), before the bundled ones."""

    log: LogSettings = LogSettings()
    """What is logged, on the error channel."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment stand before the file, which arrives as arguments."""
        del settings_cls, dotenv_settings, file_secret_settings
        return env_settings, init_settings


def load_settings(workspace: Path) -> Settings:
    """Return the settings of a workspace, its relative SQLite file resolved.

    Raises:
        DefinitionInvalid: With everything that is wrong in ``kapell.yaml``.
        Invalid: ``settings_invalid`` when the environment holds what cannot be used.
    """
    problems = Problems()
    tree = settings_tree(workspace, problems)
    definitions = workspace_defaults(tree, os.environ, problems)
    given = _given(tree, problems)
    check_rules(tree, problems)
    make: Callable[..., Settings] = Settings
    try:
        settings = make(**{**_surroundings(given), "definitions": definitions})
    except ValidationError as error:
        wrong = [_translated(one, tree, problems) for one in error.errors()]
        problems.raise_errors()
        raise next(one for one in wrong if one is not None) from error
    wrong = [_translated(one, tree, problems) for one in _unknown_channels(settings)]
    problems.raise_errors()
    if told := [one for one in wrong if one is not None]:
        raise told[0]
    url = _resolved(settings.database.url, workspace)
    database = settings.database.model_copy(update={"url": url})
    return settings.model_copy(update={"database": database})


def _given(tree: Node | None, problems: Problems) -> dict[str, Json]:
    """Return the file's own half as plain values; keys nobody knows and secrets are noted."""
    if tree is None:
        return {}
    own = [name for name in Settings.model_fields if name != "definitions"]
    known = [*DefinitionsForm.__struct_fields__, *own]
    given: dict[str, Json] = {}
    for key, (key_node, value) in tree.entries.items():
        if key in own:
            given[key] = value.plain()
        elif key not in known:
            message = f"`{key}` is no key of the settings."
            problems.error("unknown_key", message, key_node.place, hint(key, known))
    for path, what in _SECRETS.items():
        above = _below(tree, path[:-1])
        if above is not None and path[-1] in above.entries:
            variable = PREFIX + NESTED.join(path).upper()
            problems.error(
                "secret_in_file",
                f"{FILE} holds {what}.",
                above.key_place(path[-1]),
                f"Remove it and set {variable} in the environment.",
            )
    providers = tree.get("providers")
    for name, (key_node, value) in (providers.entries if providers else {}).items():
        if name not in PROVIDERS:
            message = f"There is no provider `{name}`."
            problems.error("unknown_key", message, key_node.place, hint(name, PROVIDERS))
        elif "api_key" in value.entries:
            problems.error(
                "secret_in_file",
                f"{FILE} holds a key of {name}.",
                value.key_place("api_key"),
                f"Remove it and set {PROVIDERS[name].key_names[0]} in the environment.",
            )
    return given


def _below(tree: Node, path: tuple[str, ...]) -> Node | None:
    node: Node | None = tree
    for part in path:
        node = None if node is None else node.get(part)
    return node


def _unknown_channels(settings: Settings) -> list[ErrorDetails]:
    """Return, as pydantic would, which channels are to tell people and are none."""
    known = ("", "log", *settings.tools.notify.channels)
    said = {"approvals": settings.approvals.notify, "breaker": settings.breaker.notify}
    return [
        ErrorDetails(
            type="value_error",
            loc=(section, "notify"),
            msg=f"there is no channel `{name}` under tools.notify.channels",
            input=name,
        )
        for section, name in said.items()
        if name not in known
    ]


def _surroundings(given: Mapping[str, Json]) -> dict[str, object]:
    """Return the file's values with what the environment's common names say over them."""
    merged: dict[str, object] = dict(given)
    url = os.environ.get("DATABASE_URL")
    if url:
        database = merged.get("database") or {}
        if isinstance(database, dict):
            merged["database"] = {**database, "url": url}
    providers = merged.get("providers") or {}
    if isinstance(providers, dict):
        merged["providers"] = {**providers, **_providers(providers)}
    return merged


def _providers(written: Mapping[str, object]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, provider in PROVIDERS.items():
        own = written.get(name) or {}
        if not isinstance(own, dict):
            continue
        said = {
            "base_url": os.environ.get(provider.base_url_name),
            "api_version": os.environ.get(provider.version_name) if provider.version_name else None,
            "api_key": next(filter(None, map(os.environ.get, provider.key_names)), None),
        }
        merged = {**own, **{key: value for key, value in said.items() if value}}
        key = merged.get("api_key")
        if isinstance(key, str):
            merged["api_key"] = SecretStr(key.strip())
        found[name] = merged
    return found


def _translated(error: ErrorDetails, tree: Node | None, problems: Problems) -> Invalid | None:
    """Note what pydantic found, with its place; return it when the file did not say it."""
    loc = [part for part in error["loc"] if part != _KEY]
    name = ".".join(str(part) for part in loc)
    said = _PLAIN.get(error["type"], "").format_map(error.get("ctx", {}))
    said = said or error["msg"].removeprefix("Value error, ").rstrip(".")
    variable = _variable(loc)
    if variable is None and tree is not None and tree.at(loc).kind == "refused":
        # It was told when the file was read.
        return None
    if variable is None and tree is not None and str(loc[0]) in tree.entries:
        above, last = tree.at(loc[:-1]), str(loc[-1])
        if error["type"] == "extra_forbidden":
            message = f"`{last}` is no key of `{'.'.join(map(str, loc[:-1]))}`."
            problems.error("unknown_key", message, above.key_place(last), hint(last, _fields(loc)))
            return None
        there = last in above.entries or isinstance(loc[-1], int)
        place: Place = tree.at(loc).place if there else above.place
        advice = "Correct it, or remove it: without it the default holds."
        problems.error("wrong_value", f"`{name}`: {said}.", place, advice)
        return None
    where = variable or name
    return Invalid(
        f"The setting {where} cannot be used: {said}.",
        code="settings_invalid",
        advice="Correct it in the environment." if variable else f"Correct it in {FILE}.",
    )


def _variable(loc: list[str | int]) -> str | None:
    """Return the environment variable that set what ``loc`` names, if one did."""
    for length in range(len(loc), 0, -1):
        name = PREFIX + NESTED.join(str(part) for part in loc[:length]).upper()
        for given in os.environ:
            if given.upper() == name:
                return given
    if loc[:2] == ["database", "url"] and os.environ.get("DATABASE_URL"):
        return "DATABASE_URL"
    return None


def _fields(loc: list[str | int]) -> list[str]:
    """Return the keys that are known where an unknown one was found."""
    kind: object = Settings
    for part in loc[:-1]:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            field = kind.model_fields.get(str(part))
            kind = field.annotation if field else None
        else:
            # A mapping of names to sections: the part is a name.
            inner = get_args(kind)
            kind = inner[-1] if inner else None
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return list(kind.model_fields)
    return []


def _resolved(url: str, workspace: Path) -> str:
    """Return the address with a relative SQLite file made absolute."""
    path = url.removeprefix(_SQLITE)
    if "://" in path or not path:
        return url
    return f"{_SQLITE}{(workspace / path).resolve()}"
