"""Who may answer a question."""

from collections.abc import Collection, Iterable, Mapping

ROLE = "role:"
"""What the name of a role begins with, where people are named beside roles."""

PERSON = "user:"


def subject(name: str) -> str:
    """Return a person or role as events name them: a bare name is a person's."""
    return name if ":" in name else f"{PERSON}{name}"


def may_answer(
    approvers: Collection[str], passed: Collection[str], by: str, roles: Iterable[str]
) -> bool:
    """Tell whether ``by`` may answer: named, or in a role that is; anyone where nobody is named.

    Who has handed the question on (``passed``) may not any more, unless it came back by name. A
    role is nobody: those who have it answer, each for themselves.
    """
    if by.startswith(ROLE):
        return False
    if by in approvers:
        return True
    if by in passed:
        return False
    return not approvers or any(f"{ROLE}{role}" in approvers for role in roles)


def handed_on(approvers: Iterable[str], by: str, to: str) -> tuple[str, ...]:
    """Return who may answer once ``by`` has handed the question on to ``to``."""
    kept = [one for one in approvers if one != by]
    return (*kept, to) if to not in kept else tuple(kept)


def could_agree(approvers: Iterable[str], need: int, roles: Mapping[str, Collection[str]]) -> bool:
    """Tell whether as many people as needed may answer; where nobody is named, anybody may.

    Args:
        approvers: People and roles, of all who are asked now or later.
        need: How many have to agree.
        roles: Who has which role.
    """
    named = tuple(approvers)
    people = {one for one in named if not one.startswith(ROLE)}
    for one in named:
        if one.startswith(ROLE):
            people.update(roles.get(one.removeprefix(ROLE), ()))
    return not named or len(people) >= need
