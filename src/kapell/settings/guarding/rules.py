"""What the settings look for, checked where they are read: every mistake with its place."""

from collections.abc import Iterator
from typing import Any

from kapell.core.definitions.problems import Problems
from kapell.core.definitions.tree import Node
from kapell.core.guardrails.profiles import kind_lines
from kapell.core.guardrails.rules import make_rules
from kapell.kit.errors import Invalid, Place


def check_rules(tree: Node | None, problems: Problems) -> None:
    """Note what cannot be looked for in the section ``guardrails``; shapes are not its matter."""
    section = None if tree is None else tree.get("guardrails")
    if section is None:
        return
    for place, rules in _each(section):
        try:
            make_rules(**rules)
        except Invalid as error:
            problems.error(error.code, error.message, place, error.advice)
    own = [name for name, _ in _entries(section, "patterns")]
    for kind, (key, _) in _entries(section, "actions"):
        try:
            kind_lines({kind: "pass"}, own)
        except Invalid as error:
            problems.error(error.code, error.message, key.place, error.advice)


def _each(section: Node) -> Iterator[tuple[Place, dict[str, Any]]]:
    """Yield the single rules of a section, each with where it stands."""
    subjects = set[str]()
    for name, (key, node) in _entries(section, "words"):
        words = [one.text for one in node.items if one.kind == "text"]
        if node.kind == "list" and len(words) == len(node.items):
            yield key.place, {"words": {name: words}}
        subjects.add(name)
    for name, (_, node) in _entries(section, "patterns"):
        if node.kind == "text":
            yield node.place, {"patterns": {name: node.text}}
    for kind in ("topics", "only"):
        for node in _texts(section, kind):
            # Their names were looked at above: here they only have to be there.
            known = {node.text: ["known"]} if node.text in subjects else {}
            yield node.place, {kind: [node.text], "words": known}
    for node in _texts(section, "languages"):
        yield node.place, {"languages": [node.text]}
    count = len(_entries(section, "patterns"))
    yield section.key_place("patterns"), {"patterns": {f"a{n}": "x" for n in range(count)}}


def _entries(section: Node, key: str) -> list[tuple[str, tuple[Node, Node]]]:
    node = section.get(key)
    return [] if node is None else list(node.entries.items())


def _texts(section: Node, key: str) -> list[Node]:
    node = section.get(key)
    return [] if node is None else [one for one in node.items if one.kind == "text"]
