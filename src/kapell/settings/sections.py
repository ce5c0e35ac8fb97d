"""The sections of the settings, one frozen class each.

The text under a field becomes its description in ``schema/kapell.schema.json`` and in the
reference page.
"""

import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    SecretStr,
)
from pydantic_core import CoreSchema, core_schema

from kapell.kit.clock import span
from kapell.kit.errors import Invalid
from kapell.kit.money import LARGEST_USD


def _seconds(value: object) -> object:
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return value
    try:
        return span(value)
    except Invalid as error:
        raise ValueError(f"{error.message} {error.advice}") from error


Seconds = Annotated[
    float,
    BeforeValidator(_seconds, json_schema_input_type=str | float),
]
"""A span of time: ``30s``, ``5m`` or a number of seconds."""


@dataclass(frozen=True)
class Written:
    """How a text has to be written: what it must match, and how people are told so."""

    pattern: str
    needed: str

    def __get_pydantic_core_schema__(
        self, source: type[Any], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), "pattern": self.pattern}

    def _checked(self, text: str) -> str:
        if not re.search(self.pattern, text):
            raise ValueError(self.needed)
        return text


class Section(BaseModel):
    """A part of the settings; a key it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class DatabaseSettings(Section):
    """Where runs are kept."""

    url: str = Field(default="sqlite:///.kapell/kapell.db", repr=False)
    """Address of the database: `sqlite:///FILE` (relative to the workspace) or `postgresql://...`.
    `DATABASE_URL` in the environment stands before it, as hosts hand it out that way."""

    durability: Literal["full", "normal"] = "full"
    """How much a commit waits for the disk. `full`: a power cut loses nothing. `normal`: it may
    lose the last moments, is faster, and is refused for a workflow with tools that must not be
    called twice. Postgres is always `full`."""


class WorkerSettings(Section):
    """How much a worker takes on."""

    concurrency: int = Field(default=100, ge=1, le=100_000)
    """Runs one worker advances at a time; waiting runs do not count, for they hold no worker."""

    effects: int = Field(default=64, ge=1, le=10_000)
    """Model and tool calls one worker has under way at a time, over all its runs, so that many runs
    do not open more connections than a machine or a provider bears."""

    lease: Seconds = 3.0
    """Seconds after which the runs of a silent worker belong to another one. Shorter means quicker
    recovery, longer means more patience with a machine that stalls."""

    drain: Seconds = 30.0
    """Seconds a worker lets calls in flight finish after it was asked to stop; then it hands its
    runs back."""

    workflows: dict[str, Annotated[int, Field(ge=1)]] = {}
    """Most runs of a workflow that are advanced at once, over all workers, by its name."""


class ProviderSection(Section):
    """How a provider of models is reached."""

    base_url: str = ""
    """Address of its API when it is not the provider's own, such as a proxy."""

    api_key: SecretStr | None = None
    """Its key. Comes from the environment only (see `kapell models list`), never from the file."""

    api_version: str = ""
    """Version of its API, for providers that want one (Azure)."""


class PriceSection(Section):
    """What a model costs, in US dollars per million tokens."""

    input: float = Field(ge=0, le=LARGEST_USD)
    """US dollars per million tokens read."""

    output: float = Field(ge=0, le=LARGEST_USD)
    """US dollars per million tokens written."""

    cached_input: float | None = Field(default=None, ge=0, le=LARGEST_USD)
    """US dollars per million tokens read from the provider's cache; as `input` when not given."""


class LogSettings(Section):
    """What is logged, on the error channel."""

    level: Literal["debug", "info", "warning", "error"] = "warning"
    """Least weight of what is logged."""
