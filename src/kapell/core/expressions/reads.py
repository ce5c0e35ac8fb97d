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


def shown(body: list[nodes.Node], source: str) -> dict[int, frozenset[Read]]:
    """Return what each ``{{ }}`` of a template reads, by the identity of its node.

    A name that is bound on the way reads what it was made of.
    """
    walk = _Shown(source)
    walk.sequence(body, {}, kept=True)
    return walk.found


class _Shown:
    def __init__(self, source: str) -> None:
        self.source = source
        self.found: dict[int, frozenset[Read]] = {}

    def sequence(
        self, body: list[nodes.Node], bound: dict[str, frozenset[Read]], *, kept: bool
    ) -> frozenset[Read]:
        """Go through statements; return what all that they write reads."""
        written: frozenset[Read] = frozenset()
        for node in body:
            if isinstance(node, nodes.Output):
                for child in node.nodes:
                    if not isinstance(child, nodes.TemplateData):
                        reads = self._reads(child, bound)
                        written |= reads
                        if kept:
                            self.found[id(child)] = reads
            elif isinstance(node, nodes.If):
                # What only decides which words of the author's are shown is not shown itself.
                for branch in (node.body, *(one.body for one in node.elif_), node.else_):
                    written |= self.sequence(branch, bound, kept=kept)
            elif isinstance(node, nodes.For):
                reads = self._reads(node.iter, bound)
                inner = {**bound, **dict.fromkeys((*_targets(node.target), "loop"), reads)}
                written |= self.sequence(node.body, inner, kept=kept)
                written |= self.sequence(node.else_, bound, kept=kept)
            elif isinstance(node, nodes.Assign):
                self._bind(node.target, self._reads(node.node, bound), bound)
            elif isinstance(node, nodes.AssignBlock):
                inside = self.sequence(node.body, dict(bound), kept=False)
                self._bind(node.target, inside, bound)
        return written

    def _bind(
        self, target: nodes.Node, reads: frozenset[Read], bound: dict[str, frozenset[Read]]
    ) -> None:
        for name in _targets(target):
            bound[name] = bound.get(name, frozenset()) | reads

    def _reads(self, node: nodes.Node, bound: dict[str, frozenset[Read]]) -> frozenset[Read]:
        finder = _Finder(self.source)
        finder.visit(node, set(bound))
        found = frozenset(finder.found)
        for name in _targets(node):
            found |= bound.get(name, frozenset())
        return found


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
