"""Which guardrail profile holds where in a run."""

from kapell.core.guardrails.standing import ProfileName, Standing, profile_of
from kapell.core.runs import paths
from kapell.core.runs.fold import tree
from kapell.core.runs.program import Program
from kapell.core.runs.state import State
from kapell.core.workflows.guarded import profiles_named
from kapell.core.workflows.version import Version


def profile_at(program: Program, state: State, path: str) -> ProfileName:
    """Return the profile of a step run: its own, else that of the nearest step it is a part of."""
    standing = state.request.guards
    run = state.steps.get(path)
    if run is None or standing.fixed:
        return standing.profile
    named = (tree.place_of(program, one).step.guardrails for one in tree.chain(state, run))
    return profile_of(standing, next(filter(None, named), None))


def inherited(program: Program, state: State, place: str, child: Version) -> Standing:
    """Return the guards of a run that a step begins, at ``place``: a step run or a call of it."""
    path = place if place in state.steps else paths.of_call(place)
    around = state.request.guards
    return Standing(
        profile=profile_at(program, state, path),
        fixed=around.fixed,
        steps=profiles_named(child),
        without=around.without,
    )
