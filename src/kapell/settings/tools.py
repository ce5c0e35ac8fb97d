"""The sections of the settings that hold limits and permissions of the built-in tools."""

from typing import Annotated, Literal

from pydantic import Field

from kapell.settings.sandbox import SandboxSettings
from kapell.settings.sections import Seconds, Section
from kapell.settings.sources import McpSection, OpenApiSection, PythonSection


class HttpSettings(Section):
    """What `http.request` may reach."""

    allow: tuple[str, ...] = ()
    """Hosts that may be asked: `api.example.com`, `*.example.com`, each with `:port` if wished.
    Empty means none, so that no workflow reaches the network unasked."""

    private: bool = False
    """Whether allowed names may lead to private addresses, which are usually somebody's insides."""

    bytes: int = Field(default=10_000_000, ge=1)
    """Bytes of an answer's body, unpacked, that are read."""

    timeout: Seconds = 30.0
    """Seconds a request may take when the step does not say."""

    redirects: int = Field(default=5, ge=0, le=20)
    """Redirects that are followed."""


class TableSettings(Section):
    """How large tables may be; what follows runs over each of their rows."""

    bytes: int = Field(default=50_000_000, ge=1)
    """Bytes a table's file may have; more would fill the memory of a worker."""

    rows: int = Field(default=100_000, ge=1)
    """Rows a table may have."""


class FileSettings(Section):
    """How large files may be."""

    bytes: int = Field(default=10_000_000, ge=1)
    """Bytes of a text or JSON file that is read or written."""


class WebSettings(Section):
    """What `web.fetch` may visit."""

    allow: tuple[str, ...] = ()
    """Hosts whose pages may be read: `example.com`, `*.example.com`, each with `:port` if wished.
    `["*"]` allows every public one. Empty means none."""

    deny: tuple[str, ...] = ()
    """Hosts that are refused although `allow` names them, in the same form."""

    private: bool = False
    """Whether allowed names may lead to private addresses, which are usually somebody's insides."""

    bytes: int = Field(default=5_000_000, ge=1, le=100_000_000)
    """Bytes of a page, unpacked, that are read."""

    timeout: Seconds = 20.0
    """Seconds a page may take, its robots.txt and redirects included."""

    redirects: int = Field(default=5, ge=0, le=20)
    """Redirects that are followed, each checked like the first address."""

    robots: bool = True
    """Whether robots.txt is obeyed. Say `false` for sites of your own only."""

    agent: str = Field(default="Kapell", min_length=1, max_length=200, pattern=r"^[\x21-\x7e ]+$")
    """What sites see as the visitor; its first word is the name robots.txt may call it by."""


class SearchSettings(Section):
    """Who answers `web.search`."""

    provider: Literal["", "searxng", "brave", "tavily"] = ""
    """The provider of searches: a SearXNG of your own, or one that wants the secret `search_key`.
    Empty: none."""

    url: str = ""
    """Address of its API when it is not the provider's own. A SearXNG always needs one."""

    timeout: Seconds = 15.0
    """Seconds a search may take."""

    bytes: int = Field(default=2_000_000, ge=1, le=100_000_000)
    """Bytes of an answer that are read."""


class SqlSettings(Section):
    """How much `sql.query` may use."""

    bytes: int = Field(default=200_000_000, ge=1)
    """Bytes that the files of one query may have together; they are copied to the disk."""

    memory: int = Field(default=512_000_000, ge=32_000_000)
    """Bytes of memory a query may use, in a process of its own."""

    timeout: Seconds = 30.0
    """Seconds a query may take."""

    result: int = Field(default=10_000_000, ge=1, le=60_000_000)
    """Bytes of JSON its rows may have."""


class GithubSettings(Section):
    """What `github.*` may touch. They want the secret `github_token`."""

    url: str = Field(default="https://api.github.com", pattern="^https?://")
    """Address of the interface; a GitHub Enterprise has its own."""

    repositories: tuple[
        Annotated[str, Field(pattern=r"^(\*|[A-Za-z0-9-]+/(\*|[A-Za-z0-9._-]+))$")], ...
    ] = ()
    """Repositories that may be touched: `acme/shop`, `acme/*`, or `*` for all that the token may.
    Empty means none."""

    timeout: Seconds = 20.0
    """Seconds one request may take."""

    bytes: int = Field(default=10_000_000, ge=1, le=100_000_000)
    """Bytes of an answer that are read."""


class MailSettings(Section):
    """How `mail.send` sends. With a user it wants the secret `mail_password`."""

    host: str = ""
    """The SMTP server. Empty: no mail is sent."""

    port: int | None = Field(default=None, ge=1, le=65_535)
    """Its port; by `security` when not given: 587, 465 or 25."""

    security: Literal["starttls", "tls", "none"] = "starttls"
    """How the connection is made safe: `starttls` after it is made, `tls` from its first byte,
    `none` not at all, which is for a server on the same machine."""

    user: str = ""
    """Who logs in. Empty: nobody does."""

    sender: str = ""
    """Who sends: `kapell@example.com` or `Kapell <kapell@example.com>`."""

    recipients: tuple[
        Annotated[str, Field(pattern=r"^(\*|[A-Za-z0-9._%+-]+)@[A-Za-z0-9.-]+$")], ...
    ] = ()
    """Who may get mail: `ann@example.com`, or everybody of a domain by `*@example.com`. Empty means
    nobody."""

    ca_file: str = ""
    """A PEM file of authorities to trust in place of the system's."""

    timeout: Seconds = 60.0
    """Seconds that sending one mail may take."""

    bytes: int = Field(default=10_000_000, ge=1, le=100_000_000)
    """Bytes a mail may have with its attachments."""


class ChannelSection(Section):
    """A place for notices."""

    url: str = Field(pattern="^https?://", repr=False)
    """Address of a webhook that takes JSON with a `text`. One that is a secret itself comes from
    the environment: `KAPELL_TOOLS__NOTIFY__CHANNELS__OPS__URL` for the channel `ops`."""


class NotifySettings(Section):
    """Where `notify` tells people."""

    channels: dict[Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")], ChannelSection] = Field(
        default={}
    )
    """Channels by name. `log` is always there: a line in the log."""

    timeout: Seconds = 10.0
    """Seconds one notice may take."""


class ToolSettings(Section):
    """Limits and permissions of the built-in tools."""

    http: HttpSettings = HttpSettings()
    """What `http.request` may reach."""

    tables: TableSettings = TableSettings()
    """How large tables may be."""

    files: FileSettings = FileSettings()
    """How large files may be."""

    web: WebSettings = WebSettings()
    """What `web.fetch` may visit."""

    search: SearchSettings = SearchSettings()
    """Who answers `web.search`."""

    sql: SqlSettings = SqlSettings()
    """How much `sql.query` may use."""

    github: GithubSettings = GithubSettings()
    """What `github.*` may touch."""

    mail: MailSettings = MailSettings()
    """How `mail.send` sends."""

    notify: NotifySettings = NotifySettings()
    """Where `notify` tells people."""

    sandbox: SandboxSettings = SandboxSettings()
    """Where programs run, apart from everything else."""

    python: PythonSection = PythonSection()
    """Python tools beside those in `tools/*.py`."""

    mcp: dict[str, McpSection] = Field(default={})
    """MCP servers by name; their tools are called `NAME.tool`."""

    openapi: dict[str, OpenApiSection] = Field(default={})
    """HTTP APIs by name; their operations are called `NAME.operation`."""
