"""One agent asks another: a run of its own, within the money that is left around the caller."""

from kapell.core.agents.delegation import TASK
from kapell.core.events.signal import ChildStarted
from kapell.core.guardrails.standing import ProfileName, stricter
from kapell.core.runs import paths
from kapell.core.runs.decide.origins import asked_labels
from kapell.core.runs.decide.steps import money
from kapell.core.runs.decide.thinking import ChildStart, Thinking
from kapell.core.runs.state import StepRun
from kapell.core.workflows.runtimes import agent_work, lives_elsewhere
from kapell.core.workflows.version import Body, InputSpec, Step, Version
from kapell.kit.ids import child_id


def ask_agent(t: Thinking, run: StepRun, ask: str, agent: str, task: str, among: int) -> bool:
    """Begin a run in which ``agent`` answers; False when it has to wait for money.

    It shares what is left with those that are asked with it, ``among`` so many.
    """
    if not money.room(t, run, 1, 1, lambda: None):
        return False
    caller = t.place(run).step
    version = asking(t.program.bodies[run.body].version, agent, caller)
    inputs = t.pack({TASK: task})
    usd, tokens = money.allotment(t, run, None, among)
    call = paths.call(run.path, run.attempt, run.calls + 1)
    child = child_id(t.state.run_id, call)
    labels = asked_labels(t, run, {TASK: task})
    ground = labels.pop("")
    event = ChildStarted(
        run.path, child, version.name, inputs, usd, tokens, call, ask, labels, ground
    )
    t.emit(event)
    t.children.append(ChildStart(call, child, version, inputs, usd, tokens, labels, ground))
    return True


def asking(version: Version, agent: str, caller: Step) -> Version:
    """Return the workflow in which an agent answers a task, pinned as the caller's is."""
    definition = version.agents[agent]
    work = agent_work(definition, f"{{{{ inputs.{TASK} }}}}", definition.output)
    elsewhere = lives_elsewhere(definition)
    step = Step(
        id=agent,
        work=work,
        retry=caller.retry,
        corrections=caller.corrections,
        output=definition.output if elsewhere else None,
        model=None if elsewhere else definition.model or caller.model,
        grounded=None if elsewhere else definition.grounded,
        guardrails=_guardrails(definition.guardrails, caller.guardrails),
    )
    return Version(
        name=f"agent-{agent}",
        description=definition.description,
        inputs={TASK: InputSpec(type="string", required=True)},
        body=Body(steps=(step,)),
        agents=version.agents,
    )


def _guardrails(own: ProfileName | None, callers: ProfileName | None) -> ProfileName | None:
    """Return the profile of an agent that is asked: by asking it nobody gets around their own."""
    if own is None or callers is None:
        return own or callers
    return stricter(own, callers)
