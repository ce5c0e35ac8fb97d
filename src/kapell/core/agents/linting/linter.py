"""The linter: every rule, asked in turn."""

from collections.abc import Iterable

import msgspec

from kapell.core.agents.linting.rules import (
    bounds,
    contradictions,
    identity,
    language,
    leftovers,
    length,
    schema,
    secrets,
    tools,
)
from kapell.core.agents.linting.subject import Rule, Subject
from kapell.core.agents.linting.tuning import Level, Tuning
from kapell.core.definitions.problems import Problem


class Finding(msgspec.Struct, frozen=True):
    """What is odd about an agent, and how much that is worth."""

    level: Level
    problem: Problem


RULES: tuple[Rule, ...] = (
    Rule(code="role_missing", says="who the agent is and what it does", look=identity.role),
    Rule(code="description_missing", says="what others choose it by", look=identity.description),
    Rule(
        code="rules_contradict",
        says="rules that exclude each other",
        look=contradictions.contradicting,
    ),
    Rule(
        code="tool_unknown", level=Level.ERROR, says="tools there are none of", look=tools.unknown
    ),
    Rule(
        code="tool_not_granted",
        says="tools the prompt speaks of and the agent may not use",
        look=tools.not_granted,
    ),
    Rule(
        code="material_unguarded",
        says="what strangers wrote, not marked off from instructions",
        look=tools.unguarded,
    ),
    Rule(
        code="secret_in_prompt",
        level=Level.ERROR,
        says="keys, tokens, passwords",
        look=secrets.secret,
    ),
    Rule(code="instructions_unbounded", says="orders without an end", look=bounds.unbounded),
    Rule(code="prompt_long", says="more than a model heeds", look=length.long),
    Rule(code="prompt_short", says="too little to go by", look=length.short),
    Rule(code="sentence_repeated", says="sentences that stand there twice", look=length.repeated),
    Rule(code="language_unexpected", says="other languages", look=language.language),
    Rule(code="placeholder_left", says="what was to be filled in", look=leftovers.placeholder),
    Rule(code="schema_empty", says="schemas that allow anything", look=schema.empty),
    Rule(
        code="schema_required_unknown",
        says="required names that nothing describes",
        look=schema.required_unknown,
    ),
    Rule(code="schema_one_choice", says="choices that are none", look=schema.one_choice),
    Rule(code="schema_disagrees", says="a prompt that asks for text", look=schema.disagreeing),
)
"""Every rule there is, in the order in which people are told of them."""


def lint(
    subject: Subject, tuning: Tuning | None = None, rules: Iterable[Rule] = RULES
) -> tuple[Finding, ...]:
    """Return what the rules find, in file order, errors and warnings alike."""
    by = tuning or Tuning()
    found = []
    for rule in rules:
        level = by.levels.get(rule.code, rule.level)
        if level is Level.OFF:
            continue
        for one in rule.look(subject, by):
            problem = Problem(
                code=rule.code, message=one.message, place=one.place, advice=one.advice
            )
            found.append(Finding(level, problem))
    return tuple(sorted(found, key=_order))


def _order(finding: Finding) -> tuple[str, int, int, str]:
    place = finding.problem.place
    return (place.file, place.line, place.column, finding.problem.code)
