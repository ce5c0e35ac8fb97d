"""What authored types are made of: a base that remembers its place, and the marks on fields.

An authored type is a msgspec struct whose fields carry a description. The same types read the file
(``shaping``) and yield the published JSON Schema and the reference page (``schemas``).
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar, TypeAlias

import msgspec
from msgspec import Meta

from kapell.core.definitions.tree import Node
from kapell.kit.errors import Place
from kapell.kit.money import LARGEST_USD


class Authored(msgspec.Struct, kw_only=True, dict=True, forbid_unknown_fields=True):
    """A mapping of an authored file, typed; ``node`` is the mapping itself.

    ``called`` is its name in messages. ``open_ended`` lets keys pass that mean nothing to us.
    ``exactly_one`` names keys of which one is needed and no two go together.
    ``elsewhere`` maps keys other programs have to ours, for hints.
    """

    called: ClassVar[str] = "this mapping"
    open_ended: ClassVar[bool] = False
    exactly_one: ClassVar[tuple[str, ...]] = ()
    elsewhere: ClassVar[Mapping[str, str]] = {}

    @property
    def node(self) -> Node:
        """Return the mapping this was read from."""
        node = self.__dict__["_node"]
        assert isinstance(node, Node)  # noqa: S101 - shaping sets it, nothing else makes one
        return node

    def remember(self, node: Node) -> None:
        """Keep the mapping this was read from."""
        self.__dict__["_node"] = node

    def given(self, key: str) -> bool:
        """Say whether the author wrote ``key``."""
        return key in self.node.entries

    def place(self, key: str = "") -> Place:
        """Return where ``key`` is written, or where the mapping begins."""
        return self.node.key_place(key) if key else self.node.place

    def value(self, key: str) -> Node:
        """Return the node under ``key``; the mapping itself when the author did not write it."""
        return self.node.get(key) or self.node


SPAN_PATTERN = r"^\s*(\d+(\.\d+)?(ms|s|m|h|d|w))+\s*$"

Span: TypeAlias = Annotated[
    float,
    Meta(
        extra={"as": "span"},
        extra_json_schema={
            "anyOf": [
                {"type": "string", "pattern": SPAN_PATTERN},
                {"type": "number", "minimum": 0},
            ],
            "examples": ["30s", "5m", "2d"],
        },
    ),
]
"""A span of time, read to seconds."""

Expression: TypeAlias = Annotated[
    str,
    Meta(
        extra={"as": "expression"},
        extra_json_schema={"anyOf": [{"type": "string"}, {"type": "boolean"}, {"type": "number"}]},
    ),
]
"""A bare expression; true, false and numbers are the expressions they look like."""

Amount: TypeAlias = Annotated[float, Meta(ge=0, le=LARGEST_USD)]
"""US dollars that can be counted: none, and no more than a billion."""

ID_PATTERN = r"^[A-Za-z0-9_][A-Za-z0-9_-]*$"
"""Ids of steps, names of branches, cases and definitions."""


def later(capability: str, what: str) -> Meta:
    """Mark a field as part of the grammar whose capability does not exist yet."""
    return Meta(
        description=f"{what} Not available yet: comes with {capability}.",
        extra={"later": capability},
    )


def doc(text: str, **schema: object) -> Meta:
    """Describe a field; keywords go to its JSON Schema."""
    return Meta(description=text, extra_json_schema=schema or None)
