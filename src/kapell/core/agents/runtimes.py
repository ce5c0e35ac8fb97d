"""Agents that are no model: an object of another framework, a program in a terminal."""

import re
import shlex
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from kapell.core.definitions.authored import Authored, Span, doc
from kapell.core.definitions.problems import Problems
from kapell.kit.json import Json

PYTHON = "python"
TMUX = "tmux"
ELSEWHERE = (PYTHON, TMUX)
"""Runtimes in which no model of ours is asked."""

_ENTRY = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_OF_MODELS = ("model", "tools", "skills", "turns", "temperature", "max_output", "cache")


class PythonForm(Authored, kw_only=True):
    """An object of another framework that answers prompts."""

    called: ClassVar[str] = "`python`"

    entry: Annotated[
        Annotated[str, Meta(min_length=1)],
        doc("`module:object`: a file of the workspace's `tools/`, or an installed module."),
    ]
    timeout: Annotated[Span | None, doc("Longest time for one answer.", default="10m")] = None
    instructions: Annotated[
        bool | None,
        doc("Put the text under the front matter before every prompt.", default=False),
    ] = None
    repeatable: Annotated[
        bool | None,
        doc("Asking twice does no harm, so that what was lost may be asked again.", default=False),
    ] = None


class TmuxForm(Authored, kw_only=True):
    """A program that answers line by line in a terminal."""

    called: ClassVar[str] = "`tmux`"

    command: Annotated[
        list[str] | str,
        doc("The program with its arguments, as a list or one line; begun in the workspace."),
    ]
    prompt: Annotated[
        str | None,
        doc("Regular expression for the whole last line when the program waits for input."),
    ] = None
    marker: Annotated[
        str | None, doc("Text with which a line ends that ends an answer; it is cut off.")
    ] = None
    answer: Annotated[
        str | None,
        doc("Regular expression whose last match is the answer, or its first group."),
    ] = None
    timeout: Annotated[Span | None, doc("Longest time for one answer.", default="5m")] = None
    restart: Annotated[
        Literal["dead", "each", "never"] | None,
        doc("Begin the program anew: when it has ended, for each prompt, never.", default="dead"),
    ] = None
    lines: Annotated[
        Literal["join", "keep"] | None,
        doc("Send a prompt of several lines as one, or line by line.", default="join"),
    ] = None
    size: Annotated[
        Annotated[int, Meta(ge=1, le=10_000)] | None,
        doc("Most lines of one answer.", default=2000),
    ] = None
    instructions: Annotated[
        bool | None,
        doc("Put the text under the front matter before every prompt.", default=False),
    ] = None
    repeatable: Annotated[
        bool | None,
        doc("Asking twice does no harm, so that what was lost may be asked again.", default=False),
    ] = None


def settings_of(runtime: str, python: PythonForm | None, tmux: TmuxForm | None) -> dict[str, Json]:
    """Return what the author wrote for the agent's runtime, as its version pins it."""
    form = {PYTHON: python, TMUX: tmux}.get(runtime)
    if form is None:
        return {}
    said = {name: getattr(form, name) for name in form.__struct_fields__}
    if isinstance(form, TmuxForm):
        said["command"] = _words(form.command)
    return {name: value for name, value in said.items() if value is not None}


def _words(command: list[str] | str) -> list[str]:
    """Return a command as a program and its arguments; empty when its quotes do not close."""
    try:
        return shlex.split(command) if isinstance(command, str) else command
    except ValueError:
        return []


def check_runtime(
    runtime: str,
    form: Authored,
    python: PythonForm | None,
    tmux: TmuxForm | None,
    problems: Problems,
) -> None:
    """Note what an agent's runtime lacks, and what is written for another."""
    given: dict[str, Authored | None] = {PYTHON: python, TMUX: tmux}
    for name, settings in given.items():
        if name == runtime and settings is None:
            problems.error(
                "runtime_settings_missing",
                f"`runtime: {name}` needs to know what it runs.",
                form.value("runtime").place,
                f"Add `{name}:` with " + ("`entry:`." if name == PYTHON else "`command:`."),
            )
        elif name != runtime and settings is not None:
            problems.warn(
                "runtime_settings_unused",
                f"`{name}:` means nothing with `runtime: {runtime}`.",
                form.place(name),
                f"Remove it, or write `runtime: {name}`.",
            )
    if runtime == PYTHON and python is not None:
        _check_python(python, problems)
    if runtime == TMUX and tmux is not None:
        _check_tmux(tmux, problems)
    for key in _OF_MODELS if runtime in ELSEWHERE else ():
        if form.given(key):
            problems.warn(
                "key_without_effect",
                f"`{key}` is for models; with `runtime: {runtime}` none is asked.",
                form.place(key),
                "Remove it.",
            )


def _check_python(form: PythonForm, problems: Problems) -> None:
    if form.entry and not _ENTRY.fullmatch(form.entry):
        problems.error(
            "entry_broken",
            f"`{form.entry}` does not name an object in a module.",
            form.value("entry").place,
            "Write it as `module:object`, such as `_analysts:graph`.",
        )


def _check_tmux(form: TmuxForm, problems: Problems) -> None:
    if form.prompt is None and form.marker is None:
        problems.error(
            "runtime_settings_missing",
            "Nothing says when the program has answered.",
            form.place(),
            "Add `prompt:`, which its last line matches when it waits, or `marker:`.",
        )
    if not any(_words(form.command)[:1]):
        problems.error(
            "command_broken",
            "`command` names no program, or its quotes do not close.",
            form.value("command").place,
            "Write it as `command: [program, argument]`.",
        )
    for key in ("prompt", "answer"):
        pattern = getattr(form, key)
        try:
            re.compile(pattern or "")
        except re.error as error:
            problems.error(
                "pattern_broken",
                f"`{pattern}` is no regular expression: {error}.",
                form.value(key).place,
                "Put a backslash before signs that stand for themselves, such as `\\\\(`.",
            )
    if form.marker is not None and not form.marker.strip():
        problems.error(
            "pattern_broken",
            "An empty marker ends every line.",
            form.value("marker").place,
            "Write the text with which the program ends an answer.",
        )
