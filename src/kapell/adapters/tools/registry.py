"""Every built-in tool, ready to be called; bootstrap adds what else there is."""

from collections.abc import Mapping

from kapell.adapters.tools.files.tools import FileDelete, FileRead, FileWrite
from kapell.adapters.tools.finding.tools import FileList, FileSearch
from kapell.adapters.tools.github.tools import github_tools
from kapell.adapters.tools.mail.tools import MailSend
from kapell.adapters.tools.notices.tools import Notify
from kapell.adapters.tools.options import ToolOptions
from kapell.adapters.tools.pages.tools import WebFetch
from kapell.adapters.tools.programs.tools import CodeRun, ShellRun
from kapell.adapters.tools.queries.tools import JsonQuery
from kapell.adapters.tools.search.tools import WebSearch
from kapell.adapters.tools.skills.tools import SkillLoad
from kapell.adapters.tools.sql.tools import SqlQuery
from kapell.adapters.tools.tables.tools import TableRead, TableWrite
from kapell.adapters.tools.texts.tools import text_tools
from kapell.adapters.tools.times.tools import TimeNow
from kapell.adapters.tools.web.tools import HttpRequest
from kapell.services.sandbox.choosing import Sandboxes
from kapell.services.tools.ports import Tool


def builtin_tools(options: ToolOptions, sandboxes: Sandboxes | None = None) -> Mapping[str, Tool]:
    """Return the built-in tools by name; without sandboxes no program can be run."""
    apart = sandboxes or Sandboxes()
    tools: tuple[Tool, ...] = (
        TableRead(options),
        TableWrite(options),
        FileRead(options),
        FileWrite(options),
        FileDelete(),
        FileList(),
        FileSearch(options),
        JsonQuery(options),
        HttpRequest(options),
        WebFetch(options.web),
        WebSearch(options.search),
        *text_tools(),
        TimeNow(),
        SkillLoad(),
        SqlQuery(options.sql),
        *github_tools(options.github),
        MailSend(options.mail),
        Notify(options.notify),
        CodeRun(apart),
        ShellRun(apart),
    )
    return {tool.spec.name: tool for tool in tools}
