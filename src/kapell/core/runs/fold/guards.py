"""Which guardrail profile holds where in a run."""

from collections.abc import Iterator

from kapell.core.agents.delegation import team
from kapell.core.guardrails.standing import ProfileName, Standing, profile_of, stricter
from kapell.core.runs import paths
from kapell.core.runs.fold import tree
from kapell.core.runs.program import Program
from kapell.core.runs.state import State, StepRun
from kapell.core.workflows.version import (
    AgentWork,
    BlockWork,
    Body,
    LoopWork,
    ParallelWork,
    Step,
    SwitchWork,
    Version,
    WorkflowWork,
)

MOST = 100
"""Steps that are named; a run tells no more of them."""


def profile_at(program: Program, state: State, path: str) -> ProfileName:
    """Return the profile of a step run: its own, else that of the nearest step it is a part of."""
    run = state.steps.get(path)
    return state.request.guards.profile if run is None else profile_for(program, state, run)


def profile_for(program: Program, state: State, run: StepRun) -> ProfileName:
    """Return the profile of a step run, which need not have begun."""
    standing = state.request.guards
    if standing.fixed:
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


def profiles_named(version: Version) -> tuple[tuple[str, ProfileName], ...]:
    """Return the addresses of steps whose profile is not the workspace's, with theirs.

    Sub-workflows count as parts of the step that calls them, agents that are asked by an agent as
    parts of its step. What goes beyond ``MOST`` is left out, the mildest are told first.
    """
    found = sorted(_of_body(version.body, "", version), key=lambda one: one[1] != "off")
    return tuple(found[:MOST])


def _of_body(body: Body, above: str, version: Version) -> Iterator[tuple[str, ProfileName]]:
    for step in body.steps:
        address = f"{above}{step.id}"
        if step.guardrails is not None:
            yield address, step.guardrails
        if isinstance(step.work, AgentWork):
            yield from _of_others(step.work.agent, step.guardrails, address, version)
        for inner, name in _inside(step):
            yield from _of_body(inner, f"{address}{name}/", version)
        if isinstance(step.work, WorkflowWork):
            called = version.workflows[step.work.workflow]
            yield from _of_body(called.body, f"{address}/", called)


def _of_others(
    asking: str, around: ProfileName | None, address: str, version: Version
) -> Iterator[tuple[str, ProfileName]]:
    """Yield the agents that a step's agent may ask, directly or through others, with theirs."""
    for name in team([asking], version.agents):
        own = version.agents[name].guardrails
        if name != asking and own is not None:
            yield f"{address}/{name}", own if around is None else stricter(own, around)


def _inside(step: Step) -> Iterator[tuple[Body, str]]:
    """Yield the bodies a step holds, with what their steps' addresses begin with."""
    match step.work:
        case BlockWork(body=body) | LoopWork(body=body):
            yield body, ""
        case ParallelWork(branches=branches):
            yield from ((body, f".{name}") for name, body in branches.items())
        case SwitchWork(cases=cases, otherwise=otherwise):
            yield from ((case.body, f":{case.name}") for case in cases)
            if otherwise is not None:
                yield otherwise, ":else"
        case _:
            pass
    if isinstance(step.on_error, Body):
        yield step.on_error, "!error"
    if step.compensate is not None:
        yield step.compensate, "!undo"
