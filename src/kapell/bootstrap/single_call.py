"""One tool call outside any run: to try a tool, or for a client that asks for it."""

import shutil
from collections.abc import Mapping
from functools import partial

from kapell.bootstrap.app import STATE, App
from kapell.core.audit.telling import code
from kapell.core.guardrails.labels import WEB, label_of
from kapell.core.limits.rates import Asker
from kapell.core.policies.caller import Caller
from kapell.kit.errors import KapellError
from kapell.kit.ids import RunId
from kapell.kit.json import Json
from kapell.services.runs.starting import Identity
from kapell.services.tools.ports import ToolCall, ToolResult

TIMEOUT = 120.0
"""Seconds a call may take when the tool itself says nothing."""


async def call_tool(
    app: App, name: str, args: Json, *, asked: bool = False, asker: Asker | None = None
) -> ToolResult:
    """Call a tool through the same door as runs do, in an empty folder of its own.

    A person's own call is like a step that an author wrote. ``asked`` says that a program asks for
    it, behind which a model may stand: nobody here knows what that has read. ``asker`` is who, and
    from where; the person at this terminal when nobody is named.

    What the tool writes there comes back with the result; the folder is gone afterwards.

    Raises:
        KapellError, UnknownOutcome: as the door raises them.
        Held: people would have to agree, and there is no run to wait in.
    """
    who = app.identity.acting(asker)
    number = who.new_id()
    spec = next((tool.spec for tool in app.tools.values() if tool.spec.name == name), None)
    folder = app.root / STATE / "calls" / number
    call = ToolCall(
        tenant_id=app.tenant,
        run_id=RunId(number),
        call=f"{name}#1/1",
        tool=name,
        args=args,
        key=number,
        timeout=TIMEOUT if spec is None or spec.timeout is None else spec.timeout,
        workspace=str(app.root),
        folder=str(folder),
        caller=_caller(app, who, args, asked),
    )
    act = partial(
        app.audit.auditor.act, "tools.call", name, actor=who.actor, whence=who.whence, call=number
    )
    verdict = "unknown"
    await act("requested")
    try:
        result = await app.door.call(call)
        verdict = "returned"
        return result
    except KapellError as error:
        verdict = code(error.code)
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        await act(verdict)


def _caller(app: App, who: Identity, args: Json, asked: bool) -> Caller:
    named = args if isinstance(args, Mapping) else {}
    names = [str(one) for one in named] or [""]
    return Caller(
        tenant=app.tenant,
        subject=who.actor,
        asked=asked,
        profile=app.settings.guardrails.profile,
        labels=dict.fromkeys(names, label_of(WEB)) if asked else {},
    )
