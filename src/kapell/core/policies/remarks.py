"""What in a policy is odd, and may be meant: told as warnings by whoever checks policies."""

from collections.abc import Collection, Iterable, Mapping

from kapell.core.approvals.approvers import ROLE
from kapell.core.definitions.nearest import hint, nearest
from kapell.core.definitions.problems import Problem, Problems
from kapell.core.policies.kinds import FOLDER
from kapell.core.policies.linting.modules import Body, Module, Rule, read_module
from kapell.kit.errors import Place

_RECIPIENTS = ("input", ".", "reach", ".", "recipients")
_TOOL = ("input", ".", "tool", ".", "name", "==")


def remarks(
    sources: Mapping[str, str],
    tools: Collection[str],
    roles: Mapping[str, Collection[str]] | None = None,
) -> tuple[Problem, ...]:
    """Return what is odd in modules.

    Args:
        sources: The modules by their paths.
        tools: The tools of the workspace; a server may offer more, so that only what is nearly the
            name of one of them is odd.
        roles: Who has which role, as the settings say; None where that is not known.
    """
    problems = Problems()
    for path, text in sorted(sources.items()):
        module = read_module(path, text)
        for rule in module.rules:
            _check_tools(module, rule, tools, problems)
            if roles is not None and rule.name.text == "ask" and rule.adds:
                _check_roles(module, rule, roles, problems)
            if rule.name.text == "allow" and rule.adds:
                for body in rule.bodies:
                    _check_recipients(module, body, problems)
    return problems.warnings


def unread(paths: Iterable[str]) -> tuple[Problem, ...]:
    """Return what is told of policies in folders of the folder of policies: nobody reads them."""
    problems = Problems()
    for path in paths:
        problems.warn(
            "policy_unread",
            "This policy is not read, so it forbids and allows nothing.",
            Place(file=path, line=1, column=1),
            f"Move it into `{FOLDER}/` itself.",
        )
    return problems.warnings


def _check_tools(module: Module, rule: Rule, tools: Collection[str], problems: Problems) -> None:
    words = rule.all
    for number, word in enumerate(words):
        if word.kind != "text" or _texts(words[max(number - len(_TOOL), 0) : number]) != _TOOL:
            continue
        near = None if word.value in tools else nearest(word.value, tools)
        if near is not None:
            problems.warn(
                "policy_tool",
                f"There is no tool {word.text} here.",
                word.place(module.path),
                f"Did you mean `{near}`?",
            )


def _check_roles(
    module: Module, rule: Rule, roles: Mapping[str, Collection[str]], problems: Problems
) -> None:
    """Note roles that nobody has: a call for which only they may answer is denied."""
    for word in rule.all:
        if word.kind != "text" or not word.value.startswith(ROLE):
            continue
        role = word.value.removeprefix(ROLE)
        if not roles.get(role):
            problems.warn(
                "role_nobody",
                f"Nobody has the role `{role}`.",
                word.place(module.path),
                hint(role, roles, "Known roles")
                or f"Say who has it in kapell.yaml: `approvals: {{roles: {{{role}: [NAME]}}}}`.",
            )


def _check_recipients(module: Module, body: Body, problems: Problems) -> None:
    """Note an `allow` that one good recipient, or none at all, is enough for."""
    loops = [one for one in body.statements if _is_loop(_texts(one))]
    others = [one for one in body.statements if one not in loops]
    demanded = any("reach" in (texts := _texts(one)) and "recipients" in texts for one in others)
    for one in () if demanded else loops:
        if one[0].text == "every" and not any(other[0].text == "some" for other in loops):
            problems.warn(
                "policy_recipients",
                "`every` also holds for a call that names no recipient.",
                one[0].place(module.path),
                "Add the condition `count(input.reach.recipients) > 0`.",
            )
        if one[0].text == "some" and not any(other[0].text == "every" for other in loops):
            problems.warn(
                "policy_recipients",
                "`some` lets a call through as soon as one recipient fits, whoever the others are.",
                one[0].place(module.path),
                "Write `every to in input.reach.recipients { ... }`.",
            )


def _is_loop(words: tuple[str, ...]) -> bool:
    return words[:1] in {("every",), ("some",)} and words[2:8] == ("in", *_RECIPIENTS)


def _texts(words: tuple[object, ...]) -> tuple[str, ...]:
    return tuple(str(getattr(one, "text", "")) for one in words)
