"""Turns Jinja's tree into one where every piece of work is an operation that pays the meter.

What is not named here does not exist in an expression: the list is of what is allowed.
"""

import math
from collections.abc import Callable, Mapping
from typing import TypeVar

from jinja2 import nodes

from kapell.core.expressions.dialect import LOOP_MEMBERS
from kapell.core.expressions.errors import (
    ExpressionSyntax,
    ExpressionTooExpensive,
    Refusal,
    denied,
)
from kapell.core.expressions.limits import MAX_BITS
from kapell.core.expressions.operations import registry
from kapell.core.expressions.operations.predicates import PREDICATES
from kapell.core.expressions.positions import Located

Node = TypeVar("Node", bound=nodes.Node)
_DEEPEST = 70
_DEEPEST_LOOPS = 8
_MOST_NODES = 20_000
_TAGS = "Allowed are {{ … }}, {% for %}, {% if %} and {% set %}."
_NAMES = {
    "Scope": "autoescape",
    "CallBlock": "call",
    "FromImport": "from",
    "FilterBlock": "filter",
    "AssignBlock": "set",
}
_ARITHMETIC: dict[type[nodes.Node], str] = {
    nodes.Add: "+",
    nodes.Sub: "-",
    nodes.Mul: "*",
    nodes.Div: "/",
    nodes.FloorDiv: "//",
    nodes.Mod: "%",
    nodes.Pow: "**",
}


def check_size(root: nodes.Node) -> int:
    """Return the number of nodes; refuse a tree that Python's compiler could not carry."""
    count = 0
    waiting = [(root, 0, 0)]
    while waiting:
        node, depth, loops = waiting.pop()
        count += 1
        loops += isinstance(node, nodes.For)
        if depth > _DEEPEST or loops > _DEEPEST_LOOPS or count > _MOST_NODES:
            message = (
                "The expression is too long"
                if count > _MOST_NODES
                else ("The expression is nested too deeply")
            )
            raise Located(Refusal(ExpressionTooExpensive, message), node.lineno)
        waiting.extend((child, depth + 1, loops) for child in node.iter_child_nodes())
    return count


class Rewriter:
    """Rewrites the statements and expressions of one source.

    Args:
        spots: Numbers of what is shown, by the identity of its node.
    """

    def __init__(self, spots: Mapping[int, int] | None = None) -> None:
        self._loops = 0
        self._spots = spots or {}
        self._forms: dict[type[nodes.Node], Callable[[nodes.Node], nodes.Expr]] = {
            nodes.Name: self._name,
            nodes.Const: self._const,
            nodes.TemplateData: self._data,
            nodes.Getattr: self._getattr,
            nodes.Getitem: self._getitem,
            nodes.Call: self._call,
            nodes.Filter: self._filter,
            nodes.Test: self._test,
            nodes.Compare: self._compare,
            nodes.Concat: self._concat,
            nodes.CondExpr: self._choice,
            nodes.And: self._both,
            nodes.Or: self._both,
            nodes.Not: self._not,
            nodes.Neg: self._sign,
            nodes.Pos: self._sign,
            nodes.List: self._list,
            nodes.Tuple: self._list,
            nodes.Dict: self._dict,
            **dict.fromkeys(_ARITHMETIC, self._arithmetic),
        }

    def statements(self, body: list[nodes.Node]) -> list[nodes.Node]:
        """Return the statements rewritten."""
        return [self._statement(node) for node in body]

    def expression(self, node: nodes.Node) -> nodes.Expr:
        """Return the expression rewritten."""
        form = self._forms.get(type(node))
        if form is None:
            raise Located(denied("This cannot be used in an expression"), node.lineno)
        return form(node)

    def _statement(self, node: nodes.Node) -> nodes.Node:
        if isinstance(node, nodes.Output):
            texts = [self._text(child) for child in node.nodes]
            return nodes.Output(list(texts), lineno=node.lineno)
        if isinstance(node, nodes.If):
            test = self.expression(node.test)
            body, elses = self.statements(node.body), self.statements(node.else_)
            branches = [self._statement(one) for one in node.elif_]
            return nodes.If(test, body, branches, elses, lineno=node.lineno)
        if isinstance(node, nodes.For):
            return self._for(node)
        if isinstance(node, nodes.Assign):
            _check_target(node.target)
            return nodes.Assign(node.target, self.expression(node.node), lineno=node.lineno)
        if isinstance(node, nodes.AssignBlock) and node.filter is None:
            _check_target(node.target)
            body = self.statements(node.body)
            return nodes.AssignBlock(node.target, None, body, lineno=node.lineno)
        tag = _NAMES.get(type(node).__name__, type(node).__name__.lower())
        refusal = denied(f"The tag {tag!r} cannot be used here", _TAGS)
        raise Located(refusal, node.lineno)

    def _text(self, node: nodes.Node) -> nodes.Expr:
        spot = self._spots.get(id(node))
        if spot is None:
            return _operation("text", self.expression(node))
        return _operation("shown", self.expression(node), [nodes.Const(spot)])

    def _for(self, node: nodes.For) -> nodes.Node:
        if node.recursive:
            raise Located(denied("A loop cannot be recursive"), node.lineno)
        _check_target(node.target)
        weight = 1 + sum(1 for one in node.body for _ in one.find_all(nodes.Node)) // 8
        found = _operation("each", self.expression(node.iter), [nodes.Const(weight)])
        self._loops += 1
        test = None if node.test is None else self.expression(node.test)
        body = self.statements(node.body)
        self._loops -= 1
        elses = self.statements(node.else_)
        return nodes.For(node.target, found, body, elses, test, False, lineno=node.lineno)

    def _name(self, node: nodes.Node) -> nodes.Expr:
        name = _typed(node, nodes.Name).name
        if name == "self" or name.startswith("__"):
            raise Located(denied(f"Expressions cannot reach {name!r}"), node.lineno)
        if name == "loop" and self._loops:
            members = ", ".join(sorted(LOOP_MEMBERS))
            raise Located(denied("'loop' is no value", f"Read one of: {members}."), node.lineno)
        return nodes.Name(name, "load", lineno=node.lineno)

    def _const(self, node: nodes.Node) -> nodes.Expr:
        const = _typed(node, nodes.Const)
        value = const.value
        if isinstance(value, float) and not math.isfinite(value):
            raise Located(Refusal(ExpressionSyntax, "The number is too large"), node.lineno)
        if isinstance(value, int) and value.bit_length() > MAX_BITS:
            raise Located(Refusal(ExpressionTooExpensive, "The number is too large"), node.lineno)
        if isinstance(value, str) and any(c == "\0" or "\ud800" <= c <= "\udfff" for c in value):
            raise Located(
                Refusal(ExpressionSyntax, "The text holds a character JSON cannot carry"),
                node.lineno,
            )
        return const

    def _data(self, node: nodes.Node) -> nodes.Expr:
        return nodes.Const(_typed(node, nodes.TemplateData).data, lineno=node.lineno)

    def _getattr(self, node: nodes.Node) -> nodes.Expr:
        read = _typed(node, nodes.Getattr)
        if read.attr.startswith("_"):
            advice = "A key that begins so is read as value['_key']."
            raise Located(denied(f"Expressions cannot reach {read.attr!r}", advice), node.lineno)
        if self._is_loop(read.node):
            if read.attr not in LOOP_MEMBERS:
                raise Located(denied(f"'loop' has no member {read.attr!r}"), node.lineno)
            return _operation("loop", read.node, [nodes.Const(read.attr)], node.lineno)
        value = self.expression(read.node)
        return _operation("member", value, [nodes.Const(read.attr)], node.lineno)

    def _is_loop(self, node: nodes.Node) -> bool:
        return bool(self._loops) and isinstance(node, nodes.Name) and node.name == "loop"

    def _getitem(self, node: nodes.Node) -> nodes.Expr:
        read = _typed(node, nodes.Getitem)
        key = read.arg
        if isinstance(key, nodes.Slice):
            bounds = [
                nodes.Const(None) if bound is None else self.expression(bound)
                for bound in (key.start, key.stop, key.step)
            ]
            return _operation("cut", self.expression(read.node), bounds, node.lineno)
        if isinstance(key, nodes.Const) and str(key.value).startswith("__"):
            raise Located(denied(f"Expressions cannot reach {key.value!r}"), node.lineno)
        value = self.expression(read.node)
        return _operation("item", value, [self.expression(key)], node.lineno)

    def _call(self, node: nodes.Node) -> nodes.Expr:
        call = _typed(node, nodes.Call)
        given, named = self._arguments(call)
        callee = call.node
        if isinstance(callee, nodes.Name) and callee.name in registry.FUNCTIONS:
            operation = registry.FUNCTIONS[callee.name]
            self._check(operation, "function", callee, len(given), named)
            return _operation("function", nodes.Const(callee.name), given, node.lineno, named)
        if isinstance(callee, nodes.Getattr):
            if self._is_loop(callee.node) and callee.attr == "cycle":
                return _operation("cycle", callee.node, given, node.lineno)
            if callee.attr in registry.METHOD_NAMES and not self._is_loop(callee.node):
                value, name = self.expression(callee.node), nodes.Const(callee.attr)
                return _operation("method", value, [name, *given], node.lineno, named)
        called = "this"
        if isinstance(callee, nodes.Getattr | nodes.Name):
            called = callee.attr if isinstance(callee, nodes.Getattr) else callee.name
        advice = f"Functions are: {', '.join(sorted(registry.FUNCTIONS))}."
        if called in registry.FILTERS:
            advice = f"Use the filter: value | {called}."
        raise Located(denied(f"Expressions cannot call {called!r}", advice), callee.lineno)

    def _filter(self, node: nodes.Node) -> nodes.Expr:
        use = _typed(node, nodes.Filter)
        if use.name == "attr":
            refusal = denied("The filter 'attr' cannot be used", "Write value.name.")
            raise Located(refusal, use.lineno)
        return self._use(use, "filter", registry.FILTERS)

    def _test(self, node: nodes.Node) -> nodes.Expr:
        return self._use(_typed(node, nodes.Test), "test", PREDICATES)

    def _use(
        self,
        use: nodes.Filter | nodes.Test,
        what: str,
        known: Mapping[str, registry.Operation],
    ) -> nodes.Expr:
        if use.name not in known:
            raise Located(registry.unknown(what, use.name, known), use.lineno)
        given, named = self._arguments(use)
        self._check(known[use.name], what, use, len(given) + 1, named)
        if use.node is None:
            raise Located(denied("A filter needs a value"), use.lineno)
        return _work(f"{what}:{use.name}", self.expression(use.node), given, use.lineno, named)

    def _check(
        self,
        operation: registry.Operation,
        what: str,
        node: nodes.Filter | nodes.Test | nodes.Name,
        positional: int,
        named: list[nodes.Keyword],
    ) -> None:
        if not registry.accepts(operation, positional, [one.key for one in named]):
            message = f"The {what} {node.name!r} does not take these arguments"
            raise Located(Refusal(ExpressionSyntax, message), node.lineno)

    def _arguments(
        self, node: nodes.Call | nodes.Filter | nodes.Test
    ) -> tuple[list[nodes.Expr], list[nodes.Keyword]]:
        if node.dyn_args is not None or node.dyn_kwargs is not None:
            raise Located(denied("Arguments cannot be spread with * or **"), node.lineno)
        given = [self.expression(one) for one in node.args]
        named = [
            nodes.Keyword(one.key, self.expression(one.value), lineno=one.lineno)
            for one in node.kwargs
            if isinstance(one, nodes.Keyword)
        ]
        return given, named

    def _compare(self, node: nodes.Node) -> nodes.Expr:
        compare = _typed(node, nodes.Compare)
        left = self.expression(compare.expr)
        others = [self.expression(one.expr) for one in compare.ops]
        signs = tuple(one.op for one in compare.ops)
        if len(signs) == 1:
            return _operation(signs[0], left, others, compare.ops[0].lineno)
        return _operation("chain", left, [nodes.Const(signs), *others], node.lineno)

    def _arithmetic(self, node: nodes.Node) -> nodes.Expr:
        binary = _typed(node, nodes.BinExpr)
        sign = _ARITHMETIC[type(node)]
        left, right = self.expression(binary.left), self.expression(binary.right)
        return _operation(sign, left, [right], node.lineno)

    def _concat(self, node: nodes.Node) -> nodes.Expr:
        first, *others = [self.expression(one) for one in _typed(node, nodes.Concat).nodes]
        return _operation("concat", first, others, node.lineno)

    def _choice(self, node: nodes.Node) -> nodes.Expr:
        choice = _typed(node, nodes.CondExpr)
        other = nodes.Const(None) if choice.expr2 is None else self.expression(choice.expr2)
        test, value = self.expression(choice.test), self.expression(choice.expr1)
        return nodes.CondExpr(test, value, other, lineno=node.lineno)

    def _both(self, node: nodes.Node) -> nodes.Expr:
        binary = _typed(node, nodes.BinExpr)
        left, right = self.expression(binary.left), self.expression(binary.right)
        return type(binary)(left, right, lineno=node.lineno)

    def _not(self, node: nodes.Node) -> nodes.Expr:
        return nodes.Not(self.expression(_typed(node, nodes.Not).node), lineno=node.lineno)

    def _sign(self, node: nodes.Node) -> nodes.Expr:
        value = self.expression(_typed(node, nodes.UnaryExpr).node)
        return _operation("negative" if isinstance(node, nodes.Neg) else "positive", value)

    def _list(self, node: nodes.Node) -> nodes.Expr:
        items = node.items if isinstance(node, nodes.List | nodes.Tuple) else []
        made = nodes.List([self.expression(one) for one in items], lineno=node.lineno)
        return _operation("literal", made)

    def _dict(self, node: nodes.Node) -> nodes.Expr:
        pairs = [
            nodes.Pair(self._key(one.key), self.expression(one.value), lineno=one.lineno)
            for one in _typed(node, nodes.Dict).items
        ]
        return _operation("literal", nodes.Dict(pairs, lineno=node.lineno))

    def _key(self, node: nodes.Node) -> nodes.Expr:
        """Return a key that is text, or an operation that sees to it."""
        if not isinstance(node, nodes.Const):
            return _operation("key", self.expression(node))
        if not isinstance(node.value, str):
            raise Located(Refusal(ExpressionSyntax, "A key of an object must be text"), node.lineno)
        return self.expression(node)


def _typed(node: nodes.Node, kind: type[Node]) -> Node:
    if not isinstance(node, kind):
        raise Located(denied("This cannot be used in an expression"), node.lineno)
    return node


def _check_target(target: nodes.Node) -> None:
    parts = target.items if isinstance(target, nodes.Tuple) else [target]
    for part in parts:
        if isinstance(part, nodes.Tuple):
            _check_target(part)
        elif not isinstance(part, nodes.Name) or part.name in ("self", "loop"):
            raise Located(denied("Only plain names can be set"), target.lineno)
        elif part.name.startswith("__"):
            raise Located(denied(f"Expressions cannot reach {part.name!r}"), target.lineno)


def _operation(
    name: str,
    value: nodes.Expr,
    arguments: list[nodes.Expr] | None = None,
    at: int | None = None,
    named: list[nodes.Keyword] | None = None,
) -> nodes.Expr:
    return _work(f"op:{name}", value, arguments or [], value.lineno if at is None else at, named)


def _work(
    name: str,
    value: nodes.Expr,
    arguments: list[nodes.Expr],
    at: int,
    named: list[nodes.Keyword] | None,
) -> nodes.Expr:
    given = [nodes.Const(at), *arguments]
    return nodes.Filter(value, name, given, list(named or []), None, None, lineno=at)
