"""The section of the settings that tunes the linter of agents; light, for ``agents lint``."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from kapell.core.agents.linting.linter import RULES
from kapell.core.agents.linting.tuning import Level, Tuning
from kapell.core.definitions.authored import Authored, doc
from kapell.core.definitions.nearest import hint
from kapell.core.definitions.problems import Problems
from kapell.core.definitions.shaping import shape
from kapell.core.definitions.tree import Node


class LintForm(Authored, kw_only=True):
    """How strict `kapell agents lint` is."""

    called: ClassVar[str] = "the linter's settings"

    rules: Annotated[
        dict[str, Literal["off", "warning", "error"]] | None,
        doc("Levels of single rules, by their codes."),
    ] = None
    longest: Annotated[
        Annotated[int, Meta(ge=1)] | None,
        doc("Characters a prompt may have.", default=12_000),
    ] = None
    shortest: Annotated[
        Annotated[int, Meta(ge=0)] | None,
        doc("Characters a prompt must have.", default=80),
    ] = None
    language: Annotated[
        str | None,
        doc("Language of the prompts, two letters; empty allows any.", default="en"),
    ] = None


def tuning_of(tree: Node | None, problems: Problems) -> Tuning:
    """Return what the settings say to the linter; what is wrong is noted.

    Args:
        tree: The settings as read, None when there are none.
        problems: Collects what is wrong.
    """
    section = None if tree is None else tree.get("lint")
    if section is None:
        return Tuning()
    form = shape(section, LintForm, problems)
    usual = Tuning()
    known = [rule.code for rule in RULES]
    for code in form.rules or {}:
        if code not in known:
            place = form.value("rules").place
            message = f"The linter has no rule `{code}`."
            problems.error("lint_rule_unknown", message, place, hint(code, known, "Rules"))
    return Tuning(
        levels={code: Level(level) for code, level in (form.rules or {}).items()},
        longest=form.longest or usual.longest,
        shortest=usual.shortest if form.shortest is None else form.shortest,
        language=usual.language if form.language is None else form.language,
    )
