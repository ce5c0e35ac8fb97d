"""Text of YAML 1.2 or JSON to a tree with places; whatever is broken gets one clear message.

Only the parser's events are used. Values are resolved by the core schema, aliases are copied up to
a bound, and tags, duplicate keys and several documents are refused.
"""

from collections.abc import Iterator, Set
from typing import Literal

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from kapell.core.definitions import unquoted
from kapell.core.definitions.breakage import (
    TEMPLATE_MESSAGE,
    TEMPLATE_UNQUOTED,
    explain,
    unquoted_template,
)
from kapell.core.definitions.problems import DefinitionInvalid, Problem, Problems
from kapell.core.definitions.scalars import Scalar, ScalarRefused, resolve
from kapell.core.definitions.tree import Node, NodeKind
from kapell.kit.errors import Place

SIZE_LIMIT = 1_000_000
"""Bytes an authored file may have."""
ALIAS_LIMIT = 10_000
"""Values that aliases of one file may stand for, all together."""
DEPTH_LIMIT = 100
"""How deep values may nest."""
_FIRST_LINE = "Begin with a key, such as `name: my-workflow`."


_HARMLESS = frozenset({"number_refused", "duplicate_key"})
"""Errors of the writing beside which all the rest still means what it says."""


def read(
    data: bytes | str, file: str, *, first_line: int = 1, noted: Problems | None = None
) -> Node:
    """Return the tree of a file whose top level is a mapping.

    Args:
        data: The file's content.
        file: Its name, for places.
        first_line: Line of the file at which the text begins (front matter starts at 2).
        noted: Takes errors of single values, so that the rest of the file can be checked too.

    Raises:
        DefinitionInvalid: With everything that is wrong in the writing itself.
    """
    return _read(decoded(data, file), file, first_line, frozenset(), noted)


def read_on(data: bytes | str, file: str, problems: Problems) -> Node | None:
    """Return the tree of a file, read as if no value lacked its quotes; those that do are noted.

    So a template without quotes does not hide what else is wrong. None when more is broken, which
    is noted too.

    Raises:
        DefinitionInvalid: With everything that is wrong in the writing, when it is something else.
    """
    text = decoded(data, file)
    try:
        return _read(text, file, 1, frozenset(), problems)
    except DefinitionInvalid as error:
        lines = {one.place.line for one in error.problems if one.code == TEMPLATE_UNQUOTED}
        found = unquoted.find(text)
        noted = {one.line + 1 for one in found}
        if not lines or not lines <= noted:
            raise
    for one in found:
        place = Place(file=file, line=one.line + 1, column=one.column + 1)
        problems.error(TEMPLATE_UNQUOTED, TEMPLATE_MESSAGE, place, one.advice)
    try:
        places = frozenset((one.line, one.column) for one in found)
        return _read(unquoted.mend(text, found), file, 1, places, problems)
    except DefinitionInvalid as more:
        for other in more.problems:
            if other.place.line not in noted:
                problems.error(other.code, other.message, other.place, other.advice)
        return None


def _read(
    text: str,
    file: str,
    first_line: int,
    mended: Set[tuple[int, int]],
    noted: Problems | None,
) -> Node:
    problems = Problems()
    composer = _Composer(text, file, first_line, problems, mended)
    try:
        root = composer.document()
    except YAMLError as error:
        problems.take(_broken(error, text, file, first_line))
        problems.raise_errors()
        raise
    if root is None:
        problems.error("file_empty", f"{file} is empty.", composer.place(0, 0), _FIRST_LINE)
    elif root.kind != "mapping":
        found = "a list" if root.kind == "list" else f"{root.kind} alone"
        message = f"The top level must be a mapping of keys, this is {found}."
        problems.error("not_a_mapping", message, root.place, _FIRST_LINE)
    if noted is not None and all(one.code in _HARMLESS for one in problems.errors):
        noted.take(problems)
    else:
        problems.raise_errors()
    assert root is not None  # noqa: S101 - an empty file has just raised
    return root


def decoded(data: bytes | str, file: str) -> str:
    """Return a file's text.

    Raises:
        DefinitionInvalid: It is too large, not UTF-8, or holds characters no text has.
    """
    start = Place(file=file, line=1, column=1)
    if len(data) > SIZE_LIMIT:
        size = f"{len(data) / 1e6:.1f} MB"
        raise _refused(
            "file_too_large",
            f"{file} has {size}; at most 1 MB is read.",
            start,
            "Keep data in files of their own and give them as inputs.",
        )
    if isinstance(data, str):
        text = data
    else:
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            before = data[: error.start]
            line = before.count(b"\n") + 1
            column = len(before) - (before.rfind(b"\n") + 1) + 1
            raise _refused(
                "encoding_broken",
                f"{file} is not UTF-8: byte {data[error.start]:#04x} belongs to no character.",
                Place(file=file, line=line, column=column),
                "Save the file as UTF-8.",
            ) from error
    text = text.removeprefix("\ufeff")
    for number, line_text in enumerate(text.split("\n"), start=1):
        for column, character in enumerate(line_text, start=1) if _odd(line_text) else ():
            if _odd(character):
                raise _refused(
                    "character_refused",
                    f"The character U+{ord(character):04X} may not stand in a file.",
                    Place(file=file, line=number, column=column),
                    "Remove it; in a double-quoted text it can be written as an escape.",
                )
    return text


def _odd(text: str) -> bool:
    """Say whether a text holds control characters or lone surrogates (tabs and CR are fine)."""
    return not text.isprintable() and any(
        (character < " " and character not in "\t\r")
        or "\x7f" <= character <= "\x84"
        or "\x86" <= character <= "\x9f"
        or "\ud800" <= character <= "\udfff"
        or character in "\ufeff\ufffe\uffff"
        for character in text
    )


def _refused(code: str, message: str, place: Place, advice: str) -> DefinitionInvalid:
    return DefinitionInvalid((Problem(code=code, message=message, place=place, advice=advice),))


def _broken(error: YAMLError, text: str, file: str, first_line: int) -> Problems:
    problems = Problems()
    line = column = 0
    said = ""
    if isinstance(error, MarkedYAMLError):
        said = str(error.problem or error.context or "")
        never_closed = "quoted" in str(error.context) and "unexpected" in said
        marks = (error.problem_mark, error.context_mark)
        mark = next(filter(None, marks[::-1] if never_closed else marks), None)
        line, column = (mark.line, mark.column) if mark else (0, 0)
    lines = text.split("\n")
    code, message, advice, shift = explain(said, lines, line, column)
    place = Place(file=file, line=line + first_line + shift[0], column=column + 1 + shift[1])
    problems.error(code, message, place, advice)
    return problems


class _Composer:
    """Makes nodes from the parser's events."""

    def __init__(
        self,
        text: str,
        file: str,
        first_line: int,
        problems: Problems,
        mended: Set[tuple[int, int]],
    ) -> None:
        self._mended = mended
        self._lines = text.split("\n")
        self._text = text
        self._file = file
        self._first_line = first_line
        self._problems = problems
        self._anchors: dict[str, tuple[Node, int, int]] = {}
        self._aliased = 0
        self._size = 0

    def place(self, line: int, column: int) -> Place:
        """Return the place of the parser's line and column, which count from 0."""
        return Place(file=self._file, line=line + self._first_line, column=column + 1)

    def document(self) -> Node | None:
        """Return the root of the one document, None when there is none."""
        parser = YAML(typ="safe", pure=True)
        events: Iterator[Event] = iter(parser.parse(self._text))
        root: Node | None = None
        documents = 0
        for event in events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents == 2:
                    self._error(
                        "yaml_many_documents",
                        "The file holds several documents; one is read.",
                        self._spot(event),
                        "Remove the line `---` or move what follows it into a file of its own.",
                    )
                    return root
            elif isinstance(event, NodeEvent):
                root = self._node(event, events, 0)
        if (
            root is not None
            and root.kind == "null"
            and root.style == "plain"
            and not self._written()
        ):
            return None
        return root

    def _written(self) -> bool:
        return any(
            line.strip() and not line.lstrip().startswith(("#", "---", "...", "%"))
            for line in self._lines
        )

    def _error(self, code: str, message: str, place: Place, advice: str) -> None:
        self._problems.error(code, message, place, advice)

    def _spot(self, event: Event) -> Place:
        return self.place(event.start_mark.line, event.start_mark.column)

    def _node(self, event: Event, events: Iterator[Event], depth: int) -> Node:
        assert isinstance(event, NodeEvent)  # noqa: S101 - the parser keeps its grammar
        place = self._spot(event)
        if isinstance(event, AliasEvent):
            return self._alias(str(event.anchor), place, depth)
        self._check_tag(event, place)
        self._check_depth(depth, place)
        before = self._size
        self._size += 1
        if isinstance(event, MappingStartEvent):
            node = self._mapping(event, events, place, depth)
        elif isinstance(event, SequenceStartEvent):
            node = self._list(events, place, depth)
        else:
            assert isinstance(event, ScalarEvent)  # noqa: S101 - the only kind left
            node = self._scalar(event, place)
        if event.anchor is not None:
            self._anchors[str(event.anchor)] = (node, self._size - before, _height(node))
        return node

    def _check_depth(self, depth: int, place: Place) -> None:
        if depth >= DEPTH_LIMIT:
            message = f"Values nest deeper than {DEPTH_LIMIT}."
            self._error("yaml_too_deep", message, place, "Nest less.")
            self._problems.raise_errors()

    def _alias(self, name: str, place: Place, depth: int) -> Node:
        if name not in self._anchors:
            message = f"The alias *{name} points to nothing above it."
            self._error(
                "yaml_alias_unknown", message, place, "Quote the text if no alias is meant."
            )
            return Node(kind="null", place=place)
        node, size, height = self._anchors[name]
        self._check_depth(depth + height, place)
        self._aliased += size
        self._size += size
        if self._aliased > ALIAS_LIMIT:
            message = f"The aliases of this file stand for more than {ALIAS_LIMIT:,} values."
            self._error("yaml_aliases_too_many", message, place, "Write the values out.")
            self._problems.raise_errors()
        return node

    def _check_tag(self, event: NodeEvent, place: Place) -> None:
        tag = getattr(event, "ctag", None)
        if tag is not None:
            self._error(
                "yaml_tag",
                f"The tag {tag} has no meaning here: an unquoted ! begins a YAML tag.",
                place,
                "Put the whole value in quotes, or remove the tag.",
            )

    def _mapping(
        self, event: MappingStartEvent, events: Iterator[Event], place: Place, depth: int
    ) -> Node:
        entries: dict[str, tuple[Node, Node]] = {}
        for key_event in events:
            if isinstance(key_event, MappingEndEvent):
                break
            key = self._node(key_event, events, depth + 1)
            value = self._node(next(events), events, depth + 1)
            if value.kind == "null":
                value = Node(kind="null", place=key.place)
            if event.flow_style and key.kind == "mapping":
                self._problems.take(unquoted_template(place))
                continue
            name = self._key(key, key_event)
            if name is None:
                continue
            if name in entries:
                first = entries[name][0].place
                self._error(
                    "duplicate_key",
                    f"The key `{name}` stands twice in this mapping, first in line {first.line}, "
                    f"column {first.column}.",
                    key.place,
                    "Keep one of the two.",
                )
                continue
            entries[name] = (key, value)
        return Node(kind="mapping", place=place, entries=entries)

    def _key(self, key: Node, event: Event) -> str | None:
        if key.kind == "text":
            return key.text
        if key.kind in ("mapping", "list"):
            message = "A key must be text, not a mapping or a list."
            self._error("key_not_text", message, key.place, "Quote it if it is text.")
            return None
        # A key such as 1, true or null means the text that stands there.
        return str(event.value) if isinstance(event, ScalarEvent) else ""

    def _list(self, events: Iterator[Event], place: Place, depth: int) -> Node:
        items = []
        for event in events:
            if isinstance(event, SequenceEndEvent):
                break
            items.append(self._node(event, events, depth + 1))
        return Node(kind="list", place=place, items=tuple(items))

    def _scalar(self, event: ScalarEvent, place: Place) -> Node:
        text = str(event.value)
        if event.style is None:
            try:
                value = resolve(text)
            except ScalarRefused as refusal:
                self._error("number_refused", str(refusal), place, "Quote it if it is text.")
                return Node(kind="refused", place=place)
            return Node(kind=_kind(value), place=place, value=value)
        if event.style == "|":
            return Node(
                kind="text", place=place, value=text, style="literal", indent=self._indent(event)
            )
        if event.style == ">":
            return Node(kind="text", place=place, value=text, style="folded")
        # Where quotes were missing, places inside the text are those without them.
        mended = (event.start_mark.line, event.start_mark.column) in self._mended
        style: Literal["plain", "quoted"] = "plain" if mended else "quoted"
        return Node(kind="text", place=place, value=self._joined(text, place), style=style)

    def _indent(self, event: ScalarEvent) -> int:
        for line in self._lines[event.start_mark.line + 1 :]:
            if line.strip():
                return len(line) - len(line.lstrip(" "))
        return 0

    def _joined(self, text: str, place: Place) -> str:
        """Return the text with JSON's surrogate pairs made into the characters they mean."""
        if "\x00" in text:
            message = "The text holds the character U+0000, which databases refuse."
            self._error("character_refused", message, place, "Remove the escape.")
            return ""
        if not any("\ud800" <= character <= "\udfff" for character in text):
            return text
        try:
            return text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            message = "The text holds half of a surrogate pair."
            self._error("character_refused", message, place, "Write the character itself.")
            return ""


def _height(node: Node) -> int:
    """Return how many values stand inside each other below the node."""
    inner = [*node.items, *(value for _, value in node.entries.values())]
    return 1 + max(map(_height, inner)) if inner else 0


def _kind(value: Scalar) -> NodeKind:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    return "number" if isinstance(value, float) else "text"
