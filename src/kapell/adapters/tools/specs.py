"""The built-in tools as data: light enough for `kapell validate`, which must not load them."""

from collections.abc import Mapping, Sequence

from kapell.adapters.tools.files.specs import (
    FILE_DELETE,
    FILE_LIST,
    FILE_READ,
    FILE_SEARCH,
    FILE_WRITE,
)
from kapell.adapters.tools.github.specs import GITHUB_SPECS
from kapell.adapters.tools.mail.specs import MAIL_SEND
from kapell.adapters.tools.notices.specs import NOTIFY
from kapell.adapters.tools.pages.specs import WEB_FETCH
from kapell.adapters.tools.programs.specs import CODE_RUN, SHELL_RUN
from kapell.adapters.tools.queries.specs import JSON_QUERY
from kapell.adapters.tools.search.specs import WEB_SEARCH
from kapell.adapters.tools.skills.specs import SKILL_LOAD
from kapell.adapters.tools.sql.specs import SQL_QUERY
from kapell.adapters.tools.tables.specs import TABLE_READ, TABLE_WRITE
from kapell.adapters.tools.texts.specs import TEXT_SPECS
from kapell.adapters.tools.times.specs import TIME_NOW
from kapell.adapters.tools.web.specs import HTTP_REQUEST
from kapell.core.tools.spec import ToolSpec

_ALL = (
    TABLE_READ,
    TABLE_WRITE,
    FILE_READ,
    FILE_WRITE,
    FILE_DELETE,
    FILE_LIST,
    FILE_SEARCH,
    JSON_QUERY,
    HTTP_REQUEST,
    WEB_FETCH,
    WEB_SEARCH,
    *TEXT_SPECS,
    TIME_NOW,
    SKILL_LOAD,
    SQL_QUERY,
    *GITHUB_SPECS,
    MAIL_SEND,
    NOTIFY,
    CODE_RUN,
    SHELL_RUN,
)

SPECS: Mapping[str, ToolSpec] = {spec.name: spec for spec in _ALL}
"""The built-in tools' descriptions, by name."""


def builtin_specs() -> Sequence[ToolSpec]:
    """Return what the built-in tools say of themselves."""
    return _ALL
