"""JMESPath with an end to what an expression may cost.

A short expression can double a value twenty times over. So every value that is made, compared or
handed to a function is weighed (once, by identity) and paid for from a budget that does not depend
on the clock. The unit is one value, or sixteen characters of text.
"""

from collections.abc import Sequence, Sized
from typing import TYPE_CHECKING, cast

from jmespath import compile as parsed
from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions
from jmespath.visitor import TreeInterpreter

from kapell.adapters.tools.strangers import quoted
from kapell.adapters.tools.threads import Stop
from kapell.kit.errors import Invalid
from kapell.kit.json import Json

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode

_LOOK_EVERY = 4096
_CHARACTERS = 16
_HEAVIEST = 10_000_000


def found(query: str, data: Json, effort: int, stop: Stop) -> Json:
    """Return what the expression finds in the data, None when that is nothing.

    Raises:
        Invalid: ``query_broken``; ``query_too_costly``.
    """
    try:
        result = _Bounded(_Budget(effort, stop)).visit(parsed(query).parsed, data)
    except RecursionError as error:
        raise _refused("it is nested too deeply") from error
    except (JMESPathError, ValueError, TypeError) as error:
        raise _refused(quoted(str(error), 300)) from error
    return cast("Json", result)


class _Budget:
    """How much an expression may still look at."""

    def __init__(self, effort: int, stop: Stop) -> None:
        self._effort = effort
        self._left = effort
        self._pause = effort
        self._stop = stop
        self._weights: dict[int, tuple[object, int]] = {}

    def pay(self, amount: int) -> None:
        """Take the amount off.

        Raises:
            Invalid: ``query_too_costly`` when there is not enough left.
            Stopped: nobody waits for the answer any more.
        """
        self._left -= amount
        if self._left <= self._pause:
            self._stop.check()
            self._pause = max(self._left - _LOOK_EVERY, -1)
        if self._left < 0:
            raise Invalid(
                f"The JSON query looks at more than {self._effort:,} values.",
                code="query_too_costly",
                advice="Narrow it down, or ask a smaller part of the data.",
            )

    def made(self, value: object) -> None:
        """Pay for a value: one, and one for each thing that stands in it directly."""
        kind = type(value)
        if kind is list or kind is dict:
            self.pay(1 + len(cast("Sized", value)))
            if self._weight(value) > _HEAVIEST:
                self.pay(self._effort + 1)
        elif kind is str:
            self.pay(1 + len(cast("str", value)) // _CHARACTERS)
        else:
            self.pay(1)

    def used(self, value: object) -> None:
        """Pay for a value that is looked at whole."""
        self.pay(self._weight(value))

    def joined(self, arguments: Sequence[object]) -> None:
        """Pay for the separators that ``join`` puts between texts."""
        if len(arguments) == 2:
            separator, texts = arguments
            if isinstance(separator, str) and isinstance(texts, list):
                self.pay(len(separator) * len(texts) // _CHARACTERS)

    def _weight(self, value: object) -> int:
        if isinstance(value, str):
            return 1 + len(value) // _CHARACTERS
        if not isinstance(value, list | dict):
            return 1
        known = self._weights.get(id(value))
        if known is not None:
            return known[1]
        inner = value.values() if isinstance(value, dict) else value
        weight = 1 + sum(self._weight(item) for item in inner)
        # the value is kept beside its weight, so that its identity is not given to another
        self._weights[id(value)] = (value, weight)
        return weight


class _Bounded(TreeInterpreter):
    """The library's interpreter, paying as it goes."""

    def __init__(self, budget: _Budget) -> None:
        super().__init__()
        self._budget = budget
        self._known = Functions()

    def visit(self, node: "_TreeNode", *args: object, **more: object) -> object:
        """Evaluate a part of the expression and pay for what it yields."""
        if node["type"] == "literal":
            return node["value"]
        result: object = super().visit(node, *args, **more)
        self._budget.made(result)
        return result

    def visit_comparator(self, node: "_TreeNode", value: object) -> object:
        """Compare two values, paying for both: equality looks at the whole of them."""
        sides = [self.visit(child, value) for child in node["children"]]
        children: list[_TreeNode] = []
        for side in sides:
            if isinstance(side, list | dict):
                self._budget.used(side)
            children.append({"type": "literal", "value": side, "children": []})
        return super().visit_comparator(
            {"type": "comparator", "value": node["value"], "children": children}, value
        )

    def visit_function_expression(self, node: "_TreeNode", value: object) -> object:
        """Call a function, paying for its arguments: some look at the whole of them."""
        arguments = [self.visit(child, value) for child in node["children"]]
        for argument in arguments:
            if isinstance(argument, list | dict):
                self._budget.used(argument)
        if node["value"] == "join":
            self._budget.joined(arguments)
        result: object = self._known.call_function(node["value"], arguments)
        return result


def _refused(why: str) -> Invalid:
    return Invalid(
        f"The JSON query cannot be used: {why}.",
        code="query_broken",
        advice="Correct or split it; https://jmespath.org explains the grammar.",
    )
