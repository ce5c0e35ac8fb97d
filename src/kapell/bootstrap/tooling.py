"""What the settings say of the built-in tools, as the adapters take it."""

from kapell.adapters.tools.options import (
    GithubOptions,
    MailOptions,
    NotifyOptions,
    SearchOptions,
    SqlOptions,
    ToolOptions,
    WebOptions,
)
from kapell.settings.tools import ToolSettings


def tool_options(tools: ToolSettings, listed: tuple[str, ...] = ()) -> ToolOptions:
    """Return the limits and permissions of the built-in tools.

    Args:
        tools: What the settings say of them.
        listed: The hosts of the policies' allow-list, none where it does not hold.
    """
    return ToolOptions(
        table_bytes=tools.tables.bytes,
        table_rows=tools.tables.rows,
        file_bytes=tools.files.bytes,
        http_allow=tools.http.allow,
        http_private=tools.http.private,
        listed=listed,
        http_bytes=tools.http.bytes,
        http_timeout=tools.http.timeout,
        http_redirects=tools.http.redirects,
        web=WebOptions(**dict(tools.web), listed=listed),
        search=SearchOptions(**dict(tools.search)),
        sql=SqlOptions(**dict(tools.sql)),
        github=GithubOptions(**dict(tools.github)),
        mail=MailOptions(**dict(tools.mail)),
        notify=NotifyOptions(
            channels={name: one.url for name, one in tools.notify.channels.items()},
            timeout=tools.notify.timeout,
        ),
    )
