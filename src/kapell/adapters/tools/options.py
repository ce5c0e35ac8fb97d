"""What the built-in tools may use: bootstrap fills it from the settings."""

from collections.abc import Mapping
from typing import Literal

import msgspec


class WebOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What ``web.fetch`` may visit; the fields mean what the settings of ``tools.web`` say.

    ``listed`` is the allow-list of the policies, as in ``ToolOptions``.
    """

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    private: bool = False
    bytes: int = 5_000_000
    timeout: float = 20.0
    redirects: int = 5
    robots: bool = True
    agent: str = "Kapell"
    listed: tuple[str, ...] = ()


class SearchOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Who answers ``web.search``; the fields mean what the settings of ``tools.search`` say."""

    provider: Literal["", "searxng", "brave", "tavily"] = ""
    url: str = ""
    timeout: float = 15.0
    bytes: int = 2_000_000


class SqlOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How much ``sql.query`` may use; the fields mean what the settings of ``tools.sql`` say."""

    bytes: int = 200_000_000
    memory: int = 512_000_000
    timeout: float = 30.0
    result: int = 10_000_000


class GithubOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What ``github.*`` may touch; the fields mean what the settings of ``tools.github`` say."""

    url: str = "https://api.github.com"
    repositories: tuple[str, ...] = ()
    timeout: float = 20.0
    bytes: int = 10_000_000


class MailOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How ``mail.send`` sends; the fields mean what the settings of ``tools.mail`` say."""

    host: str = ""
    port: int | None = None
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    sender: str = ""
    recipients: tuple[str, ...] = ()
    ca_file: str = ""
    timeout: float = 60.0
    bytes: int = 10_000_000


class NotifyOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Where ``notify`` tells people: addresses of webhooks by the name of their channel."""

    channels: Mapping[str, str] = {}
    timeout: float = 10.0


class ToolOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Limits and permissions of the built-in tools.

    Attributes:
        table_bytes: Bytes a table's file may have; more would fill the memory of a worker.
        table_rows: Rows a table may have; what follows runs over each of them.
        table_result: Characters all cells and names of a table may have as JSON, about.
        file_bytes: Bytes of a text or JSON file, read or written.
        query_effort: Values a JSON query may look at, each counted every time.
        http_allow: Hosts that may be asked: ``api.example.com``, ``*.example.com``, each with
            ``:port`` if wished. Empty means: none.
        http_private: Whether allowed names may lead to private addresses. A private address that is
            itself in ``http_allow`` needs no further permission.
        listed: Hosts that the policies' allow-list names; empty means that there is none.
        http_bytes: Bytes of an answer's body, unpacked.
        http_timeout: Seconds a request may take when it does not say.
        http_redirects: Redirects that are followed.
        web: What ``web.fetch`` may visit.
        search: Who answers ``web.search``.
        sql: How much ``sql.query`` may use.
        github: What ``github.*`` may touch.
        mail: How ``mail.send`` sends.
        notify: Where ``notify`` tells people.
    """

    table_bytes: int = 50_000_000
    table_rows: int = 100_000
    table_result: int = 60_000_000
    file_bytes: int = 10_000_000
    query_effort: int = 5_000_000
    http_allow: tuple[str, ...] = ()
    http_private: bool = False
    listed: tuple[str, ...] = ()
    http_bytes: int = 10_000_000
    http_timeout: float = 30.0
    http_redirects: int = 5
    web: WebOptions = WebOptions()
    search: SearchOptions = SearchOptions()
    sql: SqlOptions = SqlOptions()
    github: GithubOptions = GithubOptions()
    mail: MailOptions = MailOptions()
    notify: NotifyOptions = NotifyOptions()
