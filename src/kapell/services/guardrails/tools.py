"""The guard in the door to tools: their arguments and their results are looked over.

What an agent that lives elsewhere is asked goes to somebody's model: it is treated as a request to
a model is, and what comes back as an answer.
"""

from collections.abc import Mapping

import msgspec

from kapell.core.approvals.held import Held
from kapell.core.approvals.question import Question, call_digest
from kapell.core.guardrails.pseudonyms import marked, restored
from kapell.core.policies.notes import Note
from kapell.core.tools.spec import INTERNAL, ToolSpec, outside
from kapell.kit.errors import Denied
from kapell.kit.ids import TenantId
from kapell.kit.json import Json
from kapell.services.guardrails.files import FileReader, Taken, looked
from kapell.services.guardrails.naming import Naming, names_in
from kapell.services.guardrails.treating import Sweep, Treatment, Treatments
from kapell.services.guardrails.values import changed, texts
from kapell.services.tools.ports import ToolCall, ToolResult

_ADVICE = (
    "The run's log says what kinds of things were found (`kapell runs events`); the policies and "
    "the guardrail profile say what may pass."
)


class ContentToolGate:
    """Looks over what tools are given and what they return.

    Args:
        treatments: What is looked for and done under each profile.
        naming: Gives names to personal data in prompts, and data to names.
        restore: Where data comes back in place of its names: in ``answers``, or nowhere.
        files: Reads the files that calls take along.
    """

    def __init__(
        self,
        treatments: Treatments,
        naming: Naming,
        restore: frozenset[str],
        files: FileReader,
    ) -> None:
        self._files = files
        self._treatments = treatments
        self._naming = naming
        self._restore = restore

    async def before(self, spec: ToolSpec, call: ToolCall, note: Note) -> ToolCall:
        """Return the call as it may be made.

        Raises:
            Denied: ``guardrail_blocked``.
            Held: people decide first.
        """
        treatment = self._treatments.of(call.caller.profile)
        if treatment is None:
            return call
        if not _asks(spec) and not outside(spec) and treatment.knows(call.args):
            return call
        call, prompt = self._prompt(spec, call)
        rest, said = await _looked(treatment, spec, call, prompt)
        taken = Taken()
        if outside(spec):
            taken = await looked(treatment, self._files, spec, call)
            if taken.seen:
                call = msgspec.structs.replace(call, seen=taken.seen)
        for verdict in (rest.verdict, said.verdict, taken.verdict):
            if verdict is not None:
                note(verdict)
        actions = {rest.action, said.action}
        if "block" in actions or taken.action == "block":
            raise Denied(
                f"A guardrail does not let this call of {call.tool!r} pass; nothing was done.",
                code="guardrail_blocked",
                advice=_ADVICE,
            )
        args = await self._treated(call, prompt, rest, said)
        granted = call.caller.grants.get("guardrails.arguments")
        if "ask" in actions and granted != call_digest(call.tool, args):
            kinds = ", ".join(dict.fromkeys((*rest.kinds("ask"), *said.kinds("ask"))))
            why = f"The arguments of {call.tool!r} hold {kinds}, and they leave this machine."
            raise Held(Question(rule="guardrails.arguments", why=why, risk="high"), args)
        _check_files(call, args, taken)
        return call if args is call.args else msgspec.structs.replace(call, args=args)

    async def after(
        self, spec: ToolSpec, call: ToolCall, result: ToolResult, note: Note
    ) -> ToolResult:
        """Return the result as it may be shown.

        Raises:
            Denied: ``guardrail_withheld``; the call counts as made.
        """
        treatment = self._treatments.of(call.caller.profile)
        if treatment is None:
            return result
        if not _asks(spec) and treatment.knows(result.output):
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
        if _asks(spec) and "answers" in self._restore:
            table = await self._naming.values(
                _tenant(call), call.caller.conversation, names_in(texts(output))
            )
            output = changed(output, lambda text: restored(text, table))
        return result if output is result.output else msgspec.structs.replace(result, output=output)

    def _prompt(self, spec: ToolSpec, call: ToolCall) -> tuple[ToolCall, Json]:
        """Return a call with the conversation it belongs to, and the prompt in it, if any.

        Words of the prompt that look like names are marked, for they stand for nobody; those in
        what people agreed to are our own.
        """
        if not _asks(spec) or not isinstance(call.args, Mapping):
            return call, None
        prompt = call.args.get("prompt")
        caller = call.caller
        if not caller.conversation:
            caller = msgspec.structs.replace(caller, conversation=self._naming.apart())
            call = msgspec.structs.replace(call, caller=caller)
        if call_digest(call.tool, call.args) in (caller.approved, *caller.grants.values()):
            return call, prompt
        return call, changed(prompt, marked)

    async def _treated(self, call: ToolCall, prompt: Json, rest: Sweep, said: Sweep) -> Json:
        """Return the arguments as they may be sent."""
        args = rest.value(call.args)
        if prompt is None or not isinstance(args, Mapping):
            return args
        names = await self._naming.names(_tenant(call), call.caller.conversation, said.wanted)
        return {**args, "prompt": said.value(prompt, names)}


async def _looked(
    treatment: Treatment, spec: ToolSpec, call: ToolCall, prompt: Json
) -> tuple[Sweep, Sweep]:
    """Return the looks over what a call gives its tool, and over the prompt in it."""
    rest = treatment.sweep("arguments", reaching=outside(spec))
    said = treatment.sweep("request")
    if prompt is None:
        await rest.take((call.args,))
    else:
        args = call.args if isinstance(call.args, Mapping) else {}
        await rest.take(({name: one for name, one in args.items() if name != "prompt"},))
        await said.take((prompt,))
    return rest, said


def _check_files(call: ToolCall, args: Json, taken: Taken) -> None:
    """Return when the files may go along; what people agreed to holds for these very bytes.

    Raises:
        Held: people decide first.
    """
    rule = f"guardrails.files.{taken.mark}"
    if taken.action != "ask" or call.caller.grants.get(rule) == call_digest(call.tool, args):
        return
    kinds = ", ".join(taken.kinds("ask"))
    why = f"Files that {call.tool!r} takes along hold {kinds}, and they leave this machine."
    raise Held(Question(rule=rule, why=why, risk="high"), args)


def _asks(spec: ToolSpec) -> bool:
    """Tell whether a call asks an agent that lives elsewhere."""
    return spec.name.startswith(INTERNAL)


def _tenant(call: ToolCall) -> TenantId:
    return TenantId(call.caller.tenant or call.tenant_id)
