"""What an expression reads, known before it is ever worked out.

The loader checks every name with it, and the run machine fetches only what is needed. Names bound
inside the expression (``set``, loop variables) are no reads.
"""

import msgspec
from jinja2 import nodes

from kapell.core.expressions.positions import line_and_column


class Read(msgspec.Struct, frozen=True, order=True):
    """One place where a name of the context is read.

    ``steps.load.output.rows`` is ``Read("steps", "load", ("output", "rows"))``; a member that is
    only known when the expression is worked out, as in ``steps[name]``, is None.
    """

    root: str
    member: str | None
    path: tuple[str, ...]
    line: int
    column: int


def reads_of(body: list[nodes.Node], source: str) -> frozenset[Read]:
    """Return every read of a parsed template or expression."""
    finder = _Finder(source)
    finder.sequence(body, set())
    return frozenset(finder.found)


class _Finder:
    def __init__(self, source: str) -> None:
        self.source = source
        self.found: set[Read] = set()

    def sequence(self, body: list[nodes.Node], bound: set[str]) -> None:
        """Go through statements in order; what one binds the next ones know."""
        for node in body:
            self.visit(node, bound)

    def visit(self, node: nodes.Node, bound: set[str]) -> None:
        if isinstance(node, nodes.For):
            self._loop(node, bound)
        elif isinstance(node, nodes.If):
            self.visit(node.test, bound)
            self.sequence([*node.body, *node.elif_, *node.else_], bound)
        elif isinstance(node, nodes.Assign):
            self.visit(node.node, bound)
            bound.update(_targets(node.target))
        elif isinstance(node, nodes.AssignBlock):
            self.sequence(node.body, set(bound))
            bound.update(_targets(node.target))
        elif not self._chain(node, bound):
            for child in node.iter_child_nodes():
                self.visit(child, bound)

    def _loop(self, node: nodes.For, bound: set[str]) -> None:
        self.visit(node.iter, bound)
        inner = bound | _targets(node.target) | {"loop"}
        if node.test is not None:
            self.visit(node.test, inner)
        self.sequence(node.body, inner)
        self.sequence(node.else_, set(bound))

    def _chain(self, node: nodes.Node, bound: set[str]) -> bool:
        """Record ``a.b['c'][0]``; False when the node is no chain that ends at a name."""
        path: list[str] = []
        if isinstance(node, nodes.Call):
            for argument in (*node.args, *node.kwargs):
                self.visit(argument, bound)
            callee = node.node
            if isinstance(callee, nodes.Getattr):
                self.visit(callee.node, bound)
            return True
        while True:
            if isinstance(node, nodes.Getattr):
                path.append(node.attr)
            elif isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
                path.append(str(node.arg.value))
            else:
                break
            node = node.node
        if not isinstance(node, nodes.Name):
            if path:
                self.visit(node, bound)
            return bool(path)
        if node.name not in bound:
            line, column = line_and_column(self.source, node.lineno)
            member = path[-1] if path else None
            self.found.add(Read(node.name, member, tuple(path[-2::-1]), line, column))
        return True


def _targets(target: nodes.Node) -> set[str]:
    """Return the names that an assignment or a loop binds."""
    inner = {name.name for name in target.find_all(nodes.Name)}
    return inner | {target.name} if isinstance(target, nodes.Name) else inner
