"""Every command: its word, where it is, what it does. Data only, so that help costs nothing.

A command's module is loaded when the command is called.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Entry(NamedTuple):
    """One command of the first level.

    Attributes:
        module: Where it is; its ``app`` is the Typer application.
        summary: What it does, one line.
        section: Under which heading help shows it; empty for those that are hidden.
    """

    module: str
    summary: str
    section: str


_AUTHORING = "Workspace"
_RUNNING = "Runs"
_INSIGHT = "Money and time"
_OPERATING = "Operation"
_SYNONYMS = "Other names"

COMMANDS: Mapping[str, Entry] = {
    "init": Entry(
        "authoring.init", "Make a workspace that runs at once, without a key.", _AUTHORING
    ),
    "validate": Entry(
        "authoring.validate",
        "Check workflows, agents and settings; all errors.",
        _AUTHORING,
    ),
    "preview": Entry(
        "authoring.preview", "Show what a changed workflow means to waiting runs.", _AUTHORING
    ),
    "agents": Entry("authoring.agents", "List, lint, route, make and test agents.", _AUTHORING),
    "tools": Entry("authoring.tools", "List, show and try the tools steps may use.", _AUTHORING),
    "policy": Entry(
        "authoring.policies.commands", "Look through policies, test them, ask them.", _AUTHORING
    ),
    "models": Entry(
        "authoring.models", "List providers and routes; show how they are.", _AUTHORING
    ),
    "run": Entry("running.run", "Run a workflow and watch it.", _RUNNING),
    "runs": Entry("running.runs", "List, show, watch, steer, fork and compare runs.", _RUNNING),
    "approvals": Entry("running.approvals", "List what waits for people, and answer.", _RUNNING),
    "costs": Entry("insight.costs", "What runs cost, by model, agent, step and more.", _INSIGHT),
    "profile": Entry("insight.profile", "Where a run spent its time; its slowest step.", _INSIGHT),
    "mcp": Entry("serving.mcp", "Serve workflows and tools to an MCP client.", _OPERATING),
    "worker": Entry("operating.worker", "Advance runs until stopped.", _OPERATING),
    "keys": Entry("operating.keys", "Keep keys sealed, rotate them, see their uses.", _OPERATING),
    "breaker": Entry("operating.breaker", "Whether runs may begin; let them again.", _OPERATING),
    "audit": Entry("operating.audit", "Verify, show and export who did what.", _OPERATING),
    "guardrails": Entry(
        "operating.guardrails", "Erase the personal data behind its names.", _OPERATING
    ),
    "db": Entry("operating.db", "Upgrade, back up and check the database.", _OPERATING),
    "doctor": Entry("operating.doctor", "Check every part and say how to mend it.", _OPERATING),
    "demo": Entry("operating.demo", "Run a real workflow in a workspace of its own.", _OPERATING),
    "workflow": Entry("synonyms.workflow", "The same as `run`: --file, --params.", _SYNONYMS),
    "monitor": Entry("synonyms.monitor", "The same as `runs watch`: --execution-id.", _SYNONYMS),
    "status": Entry("synonyms.status", "The same as `runs list`, or `runs show`.", _SYNONYMS),
    "cost-report": Entry("synonyms.cost_report", "The same as `costs`.", _SYNONYMS),
    "agent-registry": Entry("synonyms.agent_registry", "The same as `agents list`.", _SYNONYMS),
    "router": Entry(
        "synonyms.router", "The same as `models select` and `models compare`.", _SYNONYMS
    ),
    "profile-report": Entry("synonyms.profile_report", "The same as `profile`.", _SYNONYMS),
}

INNER: Mapping[str, tuple[str, ...]] = {
    "runs": (
        *("list", "show", "events", "turns", "watch", "cancel", "resume", "retry", "repair"),
        *("signal", "escalations", "resolve"),
        *("restart", "fork", "compare", "merge", "export", "import"),
    ),
    "approvals": ("list", "show", "answer", "delegate"),
    "agents": ("list", "lint", "skills", "route", "new", "test"),
    "tools": ("list", "show", "call"),
    "policy": ("add", "lint", "test", "explain"),
    "models": ("list", "health", "select", "compare"),
    "keys": ("init", "set", "list", "rotate", "remove", "audit"),
    "breaker": ("show", "close"),
    "audit": ("verify", "show", "export", "report", "anchor"),
    "guardrails": ("forget",),
    "router": ("select", "compare"),
    "db": ("upgrade", "backup", "restore", "check"),
}
"""The commands of the second level, for hints; a test keeps them equal to what there is."""

SECTIONS = (_AUTHORING, _RUNNING, _INSIGHT, _OPERATING, _SYNONYMS)

EVERYWHERE: Mapping[str, str] = {
    "--workspace DIR": "The workspace; else the one around the current folder, else around FILE.",
    "--debug": "Show tracebacks.",
    "--quiet": "Say only what was asked for, and errors.",
    "--no-color": "Write without colour.",
    "--version": "Show the version.",
    "--help": "Show help; also after a command.",
}
"""Options that stand anywhere on the command line."""
