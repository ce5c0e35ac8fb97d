"""An authored file as a tree of values that know their place."""

from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias

import msgspec

from kapell.kit.errors import Place
from kapell.kit.json import Json

NodeKind: TypeAlias = Literal[
    "mapping", "list", "text", "integer", "number", "boolean", "null", "refused"
]
"""``refused`` is a scalar that was told to be wrong already: it is never told again."""

WORDS: dict[NodeKind, str] = {
    "mapping": "a mapping",
    "list": "a list",
    "text": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "nothing",
    "refused": "no number",
}
"""How a kind of value is called in messages."""


class Node(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A value and where it stands.

    ``value`` is set for scalars, ``items`` for lists, ``entries`` for mappings (key node, value
    node). ``style`` tells how a text was written: plain, quoted or as a block; ``indent`` is the
    column at which the lines of a literal block begin.
    """

    kind: NodeKind
    place: Place
    value: bool | int | float | str | None = None
    items: "tuple[Node, ...]" = ()
    entries: "dict[str, tuple[Node, Node]]" = {}
    style: Literal["plain", "quoted", "literal", "folded"] = "plain"
    indent: int = 0

    @property
    def text(self) -> str:
        """Return the value of a text, and '' for anything else."""
        return self.value if isinstance(self.value, str) else ""

    def get(self, key: str) -> "Node | None":
        """Return the value under ``key`` of a mapping, None when it has none."""
        entry = self.entries.get(key)
        return entry[1] if entry else None

    def key_place(self, key: str) -> Place:
        """Return where ``key`` itself is written; the mapping's own place when it is not there."""
        entry = self.entries.get(key)
        return entry[0].place if entry else self.place

    def at(self, path: Sequence[str | int]) -> "Node":
        """Return the node at ``path``, or the deepest one on the way there."""
        node = self
        for part in path:
            if isinstance(part, str) and part in node.entries:
                node = node.entries[part][1]
            elif isinstance(part, int) and 0 <= part < len(node.items):
                node = node.items[part]
            else:
                return node
        return node

    def plain(self) -> Json:
        """Return the bare value without places."""
        if self.kind == "mapping":
            return {key: value.plain() for key, (_, value) in self.entries.items()}
        if self.kind == "list":
            return [item.plain() for item in self.items]
        return self.value

    def texts(self) -> "Iterator[Node]":
        """Yield every text inside, keys left out, in file order."""
        if self.kind == "text":
            yield self
        for item in self.items:
            yield from item.texts()
        for _, value in self.entries.values():
            yield from value.texts()

    def inside(self, line: int, column: int) -> Place:
        """Return the place of a position inside this text, as far as its style lets us tell."""
        here = self.place
        if self.style == "literal":
            return Place(file=here.file, line=here.line + line, column=self.indent + column)
        if line != 1 or self.style == "folded":
            return here
        quote = 1 if self.style == "quoted" else 0
        return Place(file=here.file, line=here.line, column=here.column + quote + column - 1)
