"""The sections of the settings that say where tools come from besides the built-in ones."""

from pydantic import Field, model_validator

from kapell.settings.sections import Seconds, Section


class PythonSection(Section):
    """Python tools beside those in `tools/*.py`."""

    modules: tuple[str, ...] = ()
    """Installed modules that hold tools, by dotted name."""


class McpSection(Section):
    """One MCP server: a command that is started, or an address."""

    command: str = ""
    """Program that is started and spoken to over its standard input and output."""

    args: tuple[str, ...] = ()
    """Arguments of the program."""

    env: dict[str, str] = Field(default={})
    """Environment of the program beside the few usual variables; `${NAME}` stands for a variable of
    Kapell's own environment, so that no secret is written down."""

    cwd: str = ""
    """Folder the program starts in, from the workspace; the workspace itself when not given."""

    url: str = ""
    """Address of a server that speaks streamable HTTP."""

    headers: dict[str, str] = Field(default={})
    """Headers of each request, `${NAME}` as in `env`."""

    start: Seconds = 20.0
    """Seconds until it must answer for the first time."""

    allow: tuple[str, ...] = ()
    """The tools that may be used, by the names the server gives them; empty means all."""

    @model_validator(mode="after")
    def _one_way(self) -> "McpSection":
        if bool(self.command) == bool(self.url):
            raise ValueError("either `command` or `url` is needed, and not both")
        for name, value in self.headers.items():
            if name.lower() in {"authorization", "x-api-key"} and "${" not in value:
                raise ValueError(
                    f"the header `{name}` holds a secret: set it in the environment and write "
                    "`${NAME}` here"
                )
        return self


class OpenApiSection(Section):
    """One HTTP API, described by OpenAPI 3.0 or 3.1."""

    url: str = ""
    """Where its description is fetched from; the host must stand in `tools.http.allow`."""

    file: str = ""
    """The file of its description, from the workspace; JSON or YAML."""

    base_url: str = ""
    """Address its paths are asked at; the first server of the description when not given."""

    allow: tuple[str, ...] = ()
    """Ids of the operations that become tools; empty means all."""

    secret: str = Field(default="", pattern=r"^[A-Za-z0-9_]*$")
    """Name of the secret its requests are authorised with, as its description says how."""

    @model_validator(mode="after")
    def _one_way(self) -> "OpenApiSection":
        if bool(self.file) == bool(self.url):
            raise ValueError("either `file` or `url` is needed, and not both")
        return self
