"""The guard in the door to tools: their arguments and their results are looked over."""

import msgspec

from kapell.core.approvals.held import Held
from kapell.core.approvals.question import Question, call_digest
from kapell.core.policies.notes import Note
from kapell.core.tools.spec import ToolSpec
from kapell.kit.errors import Denied
from kapell.services.guardrails.treating import Treatments
from kapell.services.tools.ports import ToolCall, ToolResult

_ADVICE = (
    "The run's log says what kinds of things were found (`kapell runs events`); the policies and "
    "the guardrail profile say what may pass."
)


class ContentToolGate:
    """Looks over what tools are given and what they return.

    Args:
        treatments: What is looked for and done under each profile.
    """

    def __init__(self, treatments: Treatments) -> None:
        self._treatments = treatments

    async def before(self, spec: ToolSpec, call: ToolCall, note: Note) -> ToolCall:
        """Return the call as it may be made.

        Raises:
            Denied: ``guardrail_blocked``.
            Held: people decide first.
        """
        treatment = self._treatments.of(call.caller.profile)
        if treatment is None:
            return call
        sweep = treatment.sweep("arguments", reaching=_reaches(spec))
        await sweep.take((call.args,))
        if sweep.verdict is not None:
            note(sweep.verdict)
        if sweep.action == "block":
            raise Denied(
                f"A guardrail does not let this call of {call.tool!r} pass; nothing was done.",
                code="guardrail_blocked",
                advice=_ADVICE,
            )
        args = sweep.value(call.args)
        granted = call.caller.grants.get("guardrails.arguments")
        if sweep.action == "ask" and granted != call_digest(call.tool, args):
            kinds = ", ".join(sweep.kinds("ask"))
            why = f"The arguments of {call.tool!r} hold {kinds}, and they leave this machine."
            raise Held(Question(rule="guardrails.arguments", why=why, risk="high"), args)
        return call if args is call.args else msgspec.structs.replace(call, args=args)

    async def after(
        self, spec: ToolSpec, call: ToolCall, result: ToolResult, note: Note
    ) -> ToolResult:
        """Return the result as it may be shown.

        Raises:
            Denied: ``guardrail_withheld``; the call counts as made.
        """
        del spec
        treatment = self._treatments.of(call.caller.profile)
        if treatment is None:
            return result
        sweep = treatment.sweep("result")
        await sweep.take((result.output,))
        if sweep.verdict is not None:
            note(sweep.verdict)
        if sweep.action in ("block", "ask"):
            raise Denied(
                f"A guardrail withholds what {call.tool!r} returned; the call was made.",
                code="guardrail_withheld",
                advice=_ADVICE,
            )
        output = sweep.value(result.output)
        return result if output is result.output else msgspec.structs.replace(result, output=output)


def _reaches(spec: ToolSpec) -> bool:
    return spec.reaches or spec.effects == "external"
