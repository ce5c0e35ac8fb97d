"""The runtime ``python``: agents that are objects of other frameworks."""

import asyncio

from kapell.adapters.tools.files.tools import arguments
from kapell.adapters.tools.python.function import ASIDE
from kapell.adapters.tools.python.printing import captured
from kapell.adapters.tools.runtimes.answers import answer_of
from kapell.adapters.tools.runtimes.asking import fitted, lost, seconds_of
from kapell.adapters.tools.runtimes.entries import entry_of
from kapell.adapters.tools.runtimes.invoking import invoke
from kapell.adapters.tools.runtimes.specs import RUNTIME_PYTHON
from kapell.core.tools.spec import ToolSpec
from kapell.kit.errors import Conflict, Invalid, KapellError
from kapell.services.tools.ports import FetchBlob, ToolCall, ToolResult, UnknownOutcome
from kapell.services.tools.redaction import described

USUAL = 600.0
"""Seconds an object may take when nothing says less."""


class PythonRuntime:
    """``runtime.python``: asks an object that a module holds."""

    spec: ToolSpec = RUNTIME_PYTHON

    def __init__(self) -> None:
        self._finding = asyncio.Lock()

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Return the object's answer.

        Raises:
            Missing, Invalid: there is no such object, or it cannot be asked.
            UnknownOutcome: ``runtime_object_failed``, ``runtime_timed_out`` when asking twice may
                do harm.
            Unavailable: the same when it does none.
            Invalid: ``runtime_answer_not_json``.
        """
        args = arguments(call)
        agent, entry = str(args["agent"]), str(args["entry"])
        seconds = seconds_of(call, args, USUAL)
        limit = asyncio.timeout(seconds)
        try:
            async with limit:
                with captured(f"the agent {agent}"):
                    async with self._finding:
                        target = await asyncio.to_thread(self._found, entry, call.workspace)
                returned = await ASIDE.run(f"the agent {agent}", lambda: invoke(target, args))
        except KapellError:
            raise
        except Exception as error:
            if isinstance(error, TimeoutError) and limit.expired():
                late = Conflict(
                    f"The agent {agent} did not answer within {seconds:g} s.",
                    code="runtime_timed_out",
                    advice="Give it a longer `timeout:`, or less to do at once.",
                )
                lost(args, late)
            failed = Conflict(
                f"`{entry}` failed: {described(error)}",
                code="runtime_object_failed",
                advice="Mend the object, or what it asks; `repeatable: true` lets it be tried "
                "again.",
            )
            lost(args, failed)
        try:
            answer = answer_of(agent, returned)
        except Invalid as error:
            if args.get("repeatable"):
                raise
            raise UnknownOutcome from error
        return ToolResult(output=fitted(args.get("output"), answer))

    def _found(self, entry: str, workspace: str) -> object:
        try:
            return entry_of(entry, workspace)
        except KapellError:
            raise
        except Exception as error:
            raise Invalid(
                f"`{entry}` could not make its object: {described(error)}",
                code="runtime_object_broken",
                advice="Mend the function in `entry:`; it takes nothing and returns the object.",
            ) from error
