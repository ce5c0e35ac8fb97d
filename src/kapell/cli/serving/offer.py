"""What other programs may do with a workspace: start workflows, ask after runs, call tools."""

import asyncio
import fnmatch
import re
import time
from collections.abc import Mapping, Sequence
from itertools import count

from kapell.bootstrap.app import App
from kapell.bootstrap.single_call import call_tool
from kapell.cli.serving.wording import failure_told
from kapell.core.limits.addresses import counted
from kapell.core.limits.rates import Asker
from kapell.core.runs.status import TERMINAL
from kapell.core.tools.paths import wrong_place
from kapell.core.tools.spec import ToolSpec
from kapell.core.workflows.version import InputSpec, Version
from kapell.kit.errors import Denied, Invalid, Missing
from kapell.kit.ids import RunId
from kapell.kit.json import Json
from kapell.kit.money import usd
from kapell.services.runs.ports import RunSummary
from kapell.services.runs.resting import rests
from kapell.services.tools.arguments import Arguments

LONGEST_WAIT = 300.0
"""Seconds a client may wait for a run in one call; it may ask again."""
_LOOK_EVERY = 0.1
_WORKFLOWS = "workflows."

_RUN: Json = {"type": "string", "minLength": 1, "description": "The run's id."}
_WAIT: Json = {
    "type": "number",
    "minimum": 0,
    "maximum": LONGEST_WAIT,
    "description": "Seconds to wait for it to end, or to wait for a person.",
}
_UNUSUAL = re.compile(r"[^A-Za-z0-9_.-]+")
"""What the names of tools do not hold, as the protocol has it; those of workflows may."""
_JSON_TYPES = {"any": None, "file": "string"}


class Offer:
    """The workspace as tools for a stranger's client.

    Args:
        app: The workspace, opened.
        tools: Which of its tools are offered, by patterns of names; those that only read by None.
    """

    def __init__(self, app: App, tools: Sequence[str] | None = None) -> None:
        self._app = app
        self._arguments = Arguments()
        self._tools = {
            tool.spec.name: tool.spec
            for tool in app.tools.values()
            if _is_offered(tool.spec, tools)
        }

    def asker(self, ip: str | None = None, key: str = "", conversation: str = "") -> Asker:
        """Return who asks, as limits count: a client over a network where an address is given.

        A program on standard input is this machine's own, like a person at its terminal.
        """
        identity = self._app.identity
        return Asker(
            tenant=identity.tenant,
            user=identity.actor,
            key=key,
            ip=counted(ip or ""),
            conversation=conversation,
            served=ip is not None,
        )

    async def turned_away(self, ip: str) -> None:
        """Put on record that somebody came without the token."""
        asker = Asker(ip=counted(ip))
        error = Denied(
            "The request carries no token, or not the right one.",
            code="token_wrong",
            advice="Send it in the header: Authorization: Bearer TOKEN.",
        )
        await self._app.refusals.refused("", asker.whence, "mcp", error)

    def specs(self) -> tuple[ToolSpec, ...]:
        """Return everything that is offered, as tools."""
        workflows = [_spec_of(name, version) for name, version in self._workflows().items()]
        return (*_RUNS.values(), *workflows, *self._tools.values())

    async def call(self, name: str, args: Mapping[str, Json], asker: Asker) -> Json:
        """Do what is asked for; asking after runs is counted by no limit.

        Raises:
            Limited: who asks does so too often.
            KapellError: it is not offered, wrong, or failed.
            UnknownOutcome: a tool may have done it although it failed.
        """
        if name in _RUNS:
            self._check(_RUNS[name], args)
            run = RunId(str(args["run_id"]))
            if name == "runs.status":
                return await self._status(run)
            return await self._result(run, _seconds(args))
        if name.startswith(_WORKFLOWS):
            return await self._start(name, args, asker)
        if name in self._tools:
            self._check(self._tools[name], args)
            await self._app.limits.admission.tell(self._app.tenant, asker)
            return (await call_tool(self._app, name, args, asked=True, asker=asker)).output
        raise Missing(
            f"There is no tool {name!r} here.",
            code="tool_unknown",
            advice="List the tools; more may be offered by `kapell mcp --tools PATTERN`.",
        )

    def _workflows(self) -> dict[str, Version]:
        """Return the workflows by the names of their tools."""
        workspace = self._app.workspace
        found: dict[str, Version] = {}
        for one in workspace.list_workflows():
            if one.hash is not None:
                usual = _WORKFLOWS + _UNUSUAL.sub("_", one.name)
                several = (usual if n == 1 else f"{usual}_{n}" for n in count(1))
                name = next(free for free in several if free not in found)
                found[name] = workspace.load_workflow(one.name).version
        return found

    def _check(self, spec: ToolSpec, args: Mapping[str, Json]) -> None:
        """Accept what fits: what is misspelt must not start a run without its inputs.

        Raises:
            Invalid: ``tool_arguments``.
        """
        try:
            self._arguments.check(spec, args, (str(self._app.root),))
        except Invalid as error:
            error.advice = "List the tools: each says what it takes."
            raise

    async def _start(self, name: str, args: Mapping[str, Json], asker: Asker) -> Json:
        known = self._workflows()
        if name not in known:
            raise Missing(
                f"There is no workflow {name.removeprefix(_WORKFLOWS)!r} here.",
                code="workflow_missing",
                advice="List the tools: each workflow is one of them.",
            )
        version = known[name]
        self._check(_spec_of(name, version), args)
        given = args.get("inputs")
        inputs = dict(given) if isinstance(given, Mapping) else {}
        self._check_files(version, inputs)
        started = await self._app.starter.start(
            version.name, inputs, key=str(args.get("key") or ""), asker=asker
        )
        result = await self._result(started.run_id, _seconds(args))
        return {"created": started.created, **result}

    def _check_files(self, version: Version, inputs: Mapping[str, Json]) -> None:
        """Keep a stranger's files inside the workspace, though a person's may lie anywhere."""
        for name, spec in (version.inputs or {}).items():
            value = inputs.get(name)
            if spec.type != "file" or not isinstance(value, str):
                continue
            wrong = wrong_place(value, (str(self._app.root),))
            if wrong is not None:
                raise Denied(
                    f"The file {value[:200]!r} for `{name}` is refused: {wrong}.",
                    code="path_outside",
                    advice="Clients may only name files of the workspace.",
                )

    async def _known(self, run: RunId) -> RunSummary:
        """Return the run of an id, which only who began it or was given it knows.

        A part of an id, or ``last``, is for people of the workspace: with it a client would read
        what others began.
        """
        try:
            summary = await self._app.reader.run(self._app.tenant, run)
        except (Invalid, Missing):
            summary = None
        if summary is None or summary.run_id != run:
            raise Missing(
                f"There is no run {run[:100]!r}.",
                code="run_unknown",
                advice="Write the whole id, as the call that began the run returned it.",
            )
        return summary

    async def _status(self, run: RunId) -> dict[str, Json]:
        summary = await self._known(run)
        return {
            "run_id": summary.run_id,
            "workflow": summary.workflow,
            "status": summary.status.value,
            "ended": summary.status in TERMINAL,
            "cost_usd": usd(summary.usd),
            "tokens": summary.tokens,
            "error": summary.error_code or None,
        }

    async def _result(self, run: RunId, wait: float) -> dict[str, Json]:
        app = self._app
        await self._known(run)
        until = time.monotonic() + wait
        while not await rests(app.reader, app.tenant, run, app.clock.now()):
            if time.monotonic() >= until:
                break
            await asyncio.sleep(_LOOK_EVERY)
        told = await self._status(run)
        if not told["ended"]:
            return told
        events = await app.histories.events(RunId(str(told["run_id"])))
        _, state = await app.histories.state(events)
        failure = state.failure
        return {
            **told,
            "output": await app.histories.value(state.output),
            "failure": None if failure is None else failure_told(failure),
        }


def _is_offered(spec: ToolSpec, patterns: Sequence[str] | None) -> bool:
    if patterns is None:
        return spec.effects == "read"
    return any(fnmatch.fnmatchcase(spec.name, pattern) for pattern in patterns)


def _seconds(args: Mapping[str, Json]) -> float:
    wait = args.get("wait")
    return min(float(wait), LONGEST_WAIT) if isinstance(wait, int | float) else 0.0


def _object(properties: Mapping[str, Json], required: Sequence[str]) -> Json:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


_RUNS = {
    "runs.status": ToolSpec(
        name="runs.status",
        description="Tell how a run stands.",
        args=_object({"run_id": _RUN}, ["run_id"]),
    ),
    "runs.result": ToolSpec(
        name="runs.result",
        description="Return what a run came to; while it goes on, how it stands.",
        args=_object({"run_id": _RUN, "wait": _WAIT}, ["run_id"]),
    ),
}


def _spec_of(name: str, version: Version) -> ToolSpec:
    inputs = version.inputs or {}
    required = [name for name, spec in inputs.items() if spec.required]
    schema: Json = {
        "type": "object",
        "properties": {name: _input(spec) for name, spec in inputs.items()},
        "required": required,
        "additionalProperties": version.inputs is None,
    }
    needed = ["inputs"] if required else []
    key: Json = {
        "type": "string",
        "description": "The same key with the same inputs gives the same run.",
    }
    args = _object({"inputs": schema, "wait": _WAIT, "key": key}, needed)
    about = version.description or f"The workflow {version.name}."
    return ToolSpec(
        name=name,
        description=f"Start a run: {about} Returns its id and, once it has ended, its output.",
        args=args,
        effects="external",
        repeatable=False,
    )


def _input(spec: InputSpec) -> Json:
    kind = _JSON_TYPES.get(spec.type, spec.type)
    said: dict[str, Json] = {} if kind is None else {"type": kind}
    if spec.type == "file":
        said["description"] = "Path of a file of the workspace."
    if spec.description:
        said["description"] = spec.description
    if spec.enum is not None:
        said["enum"] = list(spec.enum)
    if spec.default is not None:
        said["default"] = spec.default
    return said
