"""Tools of LangChain, and what else has ``ainvoke`` and ``args_schema``: wrapped by their shape.

Nothing of LangChain is imported here: whoever has such a tool has the library already.
"""

import inspect
from collections.abc import Mapping
from typing import Any

from kapell.adapters.tools.python.function import ASIDE
from kapell.adapters.tools.python.shapes import as_json
from kapell.adapters.tools.python.signature import spec_of
from kapell.core.tools.declaring import Declaration
from kapell.core.tools.spec import ToolSpec
from kapell.kit.errors import Invalid, KapellError, Unavailable
from kapell.kit.json import Json
from kapell.services.tools.ports import FetchBlob, ToolCall, ToolResult

_NO_ARGUMENTS: Mapping[str, Json] = {
    "type": "object",
    "properties": {},
    "additionalProperties": False,
}


class LangChainTool:
    """Calls ``ainvoke`` of another library's tool.

    Args:
        target: The tool: ``name``, ``description``, ``args_schema`` and ``ainvoke``.
        declaration: What was declared of it; its own name and description hold where none was.
    """

    def __init__(self, target: Any, declaration: Declaration | None = None) -> None:
        self._target = target
        self.spec = _spec(target, declaration or Declaration())

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Call it and return what it returns, as JSON.

        Raises:
            Invalid: ``tool_failed`` when it says itself that it could not do it.
            Invalid: ``tool_result_not_json``.
        """
        args = call.args if isinstance(call.args, Mapping) else {}
        try:
            returned = await ASIDE.run(call.tool, lambda: self._target.ainvoke(dict(args)))
        except KapellError:
            raise
        except TimeoutError as error:
            raise Unavailable(
                f"The tool {call.tool!r} waited too long for its own answer.",
                code="tool_unavailable",
                advice="Try again later.",
            ) from error
        except Exception as error:
            # Its own class for "tell the model": known by name, for nothing is imported.
            if any(kind.__name__ == "ToolException" for kind in type(error).__mro__):
                raise Invalid(
                    f"The tool {call.tool!r} could not do it: {error}",
                    code="tool_failed",
                    advice="Give it other arguments, or do it another way.",
                ) from error
            raise
        try:
            return ToolResult(output=as_json(returned))
        except (TypeError, ValueError, RecursionError) as error:
            raise Invalid(
                f"The tool {call.tool!r} returned what has no form in JSON: {error}.",
                code="tool_result_not_json",
                advice="Wrap it in a function of your own that returns texts, numbers or lists.",
            ) from error


def _spec(target: Any, declaration: Declaration) -> ToolSpec:
    name = declaration.name or str(getattr(target, "name", "") or type(target).__name__)
    text = declaration.description or str(getattr(target, "description", "") or "")
    return spec_of(name, text or inspect.getdoc(target) or name, _args(target), None, declaration)


def _args(target: Any) -> Json:
    """Return the schema of its arguments: a model's, or one that is written out."""
    # What it injects itself is left out of this one, where there is one.
    given: Any = getattr(target, "tool_call_schema", None) or getattr(target, "args_schema", None)
    if isinstance(given, Mapping):
        schema: dict[str, Json] = dict(given)
    elif hasattr(given, "model_json_schema"):
        schema = dict(given.model_json_schema())
    else:
        return _NO_ARGUMENTS
    schema.pop("title", None)
    schema.pop("description", None)
    schema.setdefault("type", "object")
    schema.setdefault("additionalProperties", False)
    return schema
