"""A step's small program, as the tool call that carries it out."""

from collections.abc import Mapping

from kapell.core.expressions import is_template
from kapell.core.workflows.authored.steps import CodeForm
from kapell.core.workflows.version import ToolWork
from kapell.kit.json import Json, encode

TOOL = "code.run"
"""The tool behind `code`: the door, its rules and its records are those of every tool call."""

GRACE = 15.0
"""Seconds a call may take beside its program: the run's folder goes in and comes out."""


def is_lone(text: str) -> bool:
    """Tell whether a program is one lone template, which says where the program is."""
    bare = text.strip()
    return bare.startswith("{{") and bare.endswith("}}") and bare.count("{{") == 1


def plain(value: Json) -> Json:
    """Return a value as a template that yields it: its braces are its own."""
    if isinstance(value, str):
        return "{{ " + encode(value).decode() + " }}" if is_template(value) else value
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, Mapping):
        return {key: plain(one) for key, one in value.items()}
    return value


def program_work(form: CodeForm) -> ToolWork:
    """Return the call; braces of the program are its own unless it is one lone template."""
    source = form.source if is_lone(form.source) else plain(form.source)
    args: dict[str, Json] = {"language": form.language, "source": source, "returns": "result"}
    if form.input is not None:
        args["input"] = form.input
    if form.packages:
        args["packages"] = list(form.packages)
    if form.timeout is not None:
        args["timeout"] = form.timeout
    return ToolWork(tool=TOOL, args=args)


def program_timeout(form: CodeForm, near: float | None) -> float | None:
    """Return the time of an attempt whose step says nothing: never less than the program's own."""
    if form.timeout is None or near is None:
        return near
    return max(near, form.timeout + GRACE)
