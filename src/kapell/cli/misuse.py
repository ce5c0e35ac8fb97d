"""What is wrong with the words of a command line, and which were meant.

The parser's own errors are read here by what they carry, as its classes are not public.
"""

import re
from collections.abc import Sequence
from difflib import get_close_matches

from typer.exceptions import TyperException

from kapell.cli.catalogue import COMMANDS, INNER

_EXTRA = re.compile(r"Got unexpected extra arguments?(?:\(s\))? \((.*)\)", re.DOTALL)
_CHOICE = re.compile(r"Value error, .* is not one of (.*?)\.?", re.DOTALL)
_WORDS = {
    "greater than or equal to": "at least",
    "less than or equal to": "at most",
    "a valid integer": "a whole number",
    "a valid number": "a number",
}
"""How the parser says what it expects, and how we do."""
_BEFORE = "Options other than those that stand anywhere come after the command."


def _wanted(message: str) -> str:
    """Return what the parser expected, in our words."""
    choice = _CHOICE.fullmatch(message)
    if choice is not None:
        return f"it should be one of {choice[1]}"
    # The first clause says what is expected, the rest how it was found out.
    wanted = message.removeprefix("Input ").partition(",")[0]
    for theirs, ours in _WORDS.items():
        wanted = wanted.replace(theirs, ours)
    return f"it {wanted}"


def told(error: TyperException, words: Sequence[str]) -> tuple[str, str]:
    """Return what is wrong, and advice.

    Args:
        error: What the parser raised.
        words: The command line without the options that stand anywhere.
    """
    context = getattr(error, "ctx", None)
    hint = meant(words) if words[:1] == ["run"] else ""
    option = getattr(error, "option_name", "")
    kind = type(error).__name__
    if kind == "NoSuchOption":
        said = f"There is no option `{option}`."
        hint = hint or _option_meant(option, context)
    elif kind == "MissingParameter":
        said = f"{_parameter(error)} is missing."
    elif kind == "BadParameter" and getattr(error, "param", None) is not None:
        said = f"{_parameter(error)} is not what it should be: {_wanted(error.message)}."
    elif kind == "BadOptionUsage":
        said = f"The option `{option}` needs a value."
    else:
        said = error.format_message()
        extra = _EXTRA.fullmatch(said)
        said = f"There is no place for `{extra[1]}`." if extra else said
    return said, " ".join(part for part in (hint, _usage(context, words)) if part)


def _usage(context, words: Sequence[str]) -> str:  # type: ignore[no-untyped-def]  # vendored types
    if context is not None:
        return str(context.get_usage())
    command = [word for word in words[:1] if word in COMMANDS]
    command += [word for word in words[1:2] if command and word in INNER.get(command[0], ())]
    return f"See `{' '.join(['kapell', *command, '--help'])}`."


def is_help(error: TyperException) -> bool:
    """Tell whether nothing is wrong, but that a group was called without a command."""
    return type(error).__name__ == "NoArgsIsHelpError"


def meant(words: Sequence[str]) -> str:
    """Return a hint when the words name a command that stands elsewhere; else nothing."""
    if not words:
        return ""
    first, rest = words[0], words[1:2]
    if first == "run" and rest and rest[0] in INNER["runs"]:
        return f"Did you mean `kapell runs {rest[0]}`?"
    if first in COMMANDS:
        return ""
    known = dict.fromkeys([*COMMANDS, *(word for inner in INNER.values() for word in inner)])
    near = next(iter(get_close_matches(first, known, n=1)), "")
    if near in COMMANDS:
        return f"Did you mean `kapell {near}`?"
    holders = [group for group, inner in INNER.items() if near in inner][:2]
    found = " or ".join(f"`kapell {group} {near}`" for group in holders)
    return f"Did you mean {found}?" if found else "See `kapell --help`."


def inner_meant(group: str, word: str) -> str:
    """Return a hint for a word that is no command of a group."""
    near = get_close_matches(word, INNER[group], n=1)
    if near:
        return f"Did you mean `kapell {group} {near[0]}`?"
    return f"Its commands: {', '.join(INNER[group])}."


def _option_meant(option: str, context) -> str:  # type: ignore[no-untyped-def]  # vendored types
    if context is None:
        return ""
    known = [name for one in context.command.params for name in (*one.opts, *one.secondary_opts)]
    near = get_close_matches(option, [one for one in known if one.startswith("--")], n=1)
    if near:
        return f"Did you mean `{near[0]}`?"
    return _BEFORE if context.parent is None else ""


def _parameter(error: TyperException) -> str:
    param = getattr(error, "param", None)
    if param is None:
        return "Something"
    if param.param_type_name == "option":
        return f"The option `{param.opts[-1]}`"
    return f"The argument {param.metavar or param.name.upper()}"
