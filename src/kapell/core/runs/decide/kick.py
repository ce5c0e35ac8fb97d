"""Looking over the whole run for what can go on: after it is loaded, repaired or forked."""

from kapell.core.runs.decide.steps import fans
from kapell.core.runs.decide.steps.approvals import questions
from kapell.core.runs.decide.thinking import Thinking
from kapell.core.runs.status import StepStatus


def everything(t: Thinking, *, reopened: bool = False) -> None:
    """Offer every scope, slot, call and timer again; what already goes on is not disturbed.

    ``reopened`` puts open questions back on the list of approvals.
    """
    state = t.state
    for run in list(state.steps.values()):
        if run.fan is not None:
            t.refill(run.path)
            for path in reversed(fans.dropped(t, run)):
                t.later("begin", path)
        elif run.status is StepStatus.RUNNING and t.place(run).calls and not run.open:
            t.later("call", run.path)
        if run.due is not None:
            t.waitlists.arm(run.path, run.due)
    for question in list(state.questions.values()):
        if reopened:
            questions.ask_again(t, question)
        else:
            questions.arm(t, question)
    for path in reversed(list(state.scopes)):
        t.later("consider", path)
