"""Builds the frozen steps of a workflow whose checks have passed: nothing can fail here."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from kapell.core.approvals.approvers import subject
from kapell.core.definitions.limits import grounded_of
from kapell.core.definitions.problems import Problems
from kapell.core.guardrails.grounding.demand import Grounded
from kapell.core.guardrails.standing import ProfileName
from kapell.core.workflows.authored.steps import CompensateForm, StepForm
from kapell.core.workflows.authored.workflow import WorkflowForm
from kapell.core.workflows.compiling.filling import UNDO_RETRY, action_prompt, budget_of, retry_of
from kapell.core.workflows.models import judged, resolve_model
from kapell.core.workflows.order import join_of, order_of
from kapell.core.workflows.pins import Overrides, Pins, WorkspaceDefaults
from kapell.core.workflows.programs import program_timeout, program_work
from kapell.core.workflows.runtimes import agent_work, lives_elsewhere, runtime_timeout
from kapell.core.workflows.scope import DEFAULT_ITEM
from kapell.core.workflows.version import (
    ApprovalWork,
    AskWork,
    BlockWork,
    Body,
    Cache,
    Case,
    Escalation,
    ForEach,
    LoopWork,
    ParallelWork,
    Retry,
    SetWork,
    Step,
    SwitchWork,
    ToolWork,
    WaitWork,
    Work,
    WorkflowWork,
)
from kapell.kit.clock import span
from kapell.kit.errors import Place
from kapell.kit.json import Json

UNDO = "undo"
"""Id of the step that a compensation by tool or agent consists of."""


class _Around(NamedTuple):
    """What holds for a step unless it says otherwise."""

    model: str | None
    guardrails: ProfileName | None


class Builder:
    """Makes steps; holds what the workflow and its workspace say for all of them."""

    def __init__(
        self, form: WorkflowForm, pins: Pins, defaults: WorkspaceDefaults, overrides: Overrides
    ) -> None:
        self._form = form
        self._pins = pins
        self._defaults = defaults
        self._override = self._resolved(overrides.model)
        model = self._resolved(form.model) or self._resolved(overrides.caller_model)
        self._around = _Around(model, form.guardrails or overrides.caller_guardrails)
        asked = form.defaults
        far = defaults.retry or Retry()
        self._retry = retry_of(asked.retry if asked else None, far)
        self._retries_given = defaults.retry is not None or bool(asked and asked.retry)
        near = asked.timeout if asked else None
        self._timeout = defaults.timeout if near is None else near

    def workflow(self) -> Body:
        """Return the workflow's own sequence."""
        return self._body(self._form.steps, self._around)

    def _resolved(self, name: str | None) -> str | None:
        nowhere = Place(file="", line=0, column=0)
        return resolve_model(name, self._defaults.routes, nowhere, Problems())

    def _body(self, steps: Sequence[StepForm], around: _Around, result: str | None = None) -> Body:
        order = order_of(steps)
        return Body(
            steps=tuple(self._step(step, order.after[step.id], around) for step in steps),
            result=result,
        )

    def _step(self, form: StepForm, after: tuple[str, ...], around: _Around) -> Step:
        around = _Around(
            self._resolved(form.model) or around.model, form.guardrails or around.guardrails
        )
        calls = form.agent is not None or form.ask is not None
        acts = calls or form.tool is not None or form.code is not None
        timeout = form.timeout
        if timeout is None and acts:
            timeout = self._timeout
            if form.code is not None:
                timeout = program_timeout(form.code, timeout)
            elif form.agent is not None:
                timeout = runtime_timeout(self._pins.agents[form.agent], timeout)
        return Step(
            id=form.id,
            work=self._work(form, around),
            after=after,
            join=join_of(form),
            when=form.when,
            for_each=_for_each(form),
            retry=retry_of(form.retry, self._retry if acts else Retry()),
            timeout=timeout,
            on_error=self._on_error(form, around),
            compensate=self._compensate(form.compensate, form, around),
            budget=budget_of(form.budget),
            cache=None if form.cache is None else Cache(ttl=form.cache.ttl, key=form.cache.key),
            output=self._output(form),
            grounded=self._grounded(form),
            corrections=3 if form.corrections is None else form.corrections,
            model=self._model(form.agent, around.model) if calls else None,
            guardrails=self._guardrails(form.agent, around),
            line=form.place().line,
        )

    def _model(self, agent: str | None, near: str | None) -> str | None:
        """Return the model by precedence: command line, step, workflow, agent, workspace."""
        if agent is not None and lives_elsewhere(self._pins.agents[agent]):
            return None
        own = self._resolved(self._pins.agents[agent].model) if agent is not None else None
        return self._override or near or own or self._resolved(self._defaults.model)

    def _guardrails(self, agent: str | None, around: _Around) -> ProfileName | None:
        """Return the profile by precedence: step, workflow, agent; None leaves it to the rest."""
        own = self._pins.agents[agent].guardrails if agent is not None else None
        return around.guardrails or own

    def _grounded(self, form: StepForm) -> Grounded | None:
        """Return what the step demands of its answer, else its agent."""
        if form.grounded is not None or form.agent is None:
            return judged(grounded_of(form.grounded), self._defaults)
        return judged(self._pins.agents[form.agent].grounded, self._defaults)

    def _output(self, form: StepForm) -> Json:
        if isinstance(form.output, str):
            return self._pins.schemas[form.output].plain()
        if form.output is None and form.agent is not None:
            return self._pins.agents[form.agent].output
        return form.output

    def _on_error(self, form: StepForm, around: _Around) -> Literal["fail", "continue"] | Body:
        if form.on_error is None or isinstance(form.on_error, str):
            return form.on_error or "fail"
        return self._body(form.on_error.steps, around)

    def _compensate(
        self, form: CompensateForm | None, step: StepForm, around: _Around
    ) -> Body | None:
        if form is None:
            return None
        if form.steps is not None:
            return self._body(form.steps, around)
        work: Work
        if form.tool is not None:
            work = ToolWork(tool=form.tool, args=form.with_ or {})
        else:
            agent = self._pins.agents[form.agent or ""]
            work = agent_work(agent, form.prompt or "", agent.output)
        undo = Step(
            id=UNDO,
            work=work,
            retry=self._retry if self._retries_given else UNDO_RETRY,
            timeout=self._timeout,
            model=self._model(form.agent, around.model) if form.agent is not None else None,
            guardrails=self._guardrails(form.agent, around),
            line=form.place().line,
        )
        return Body(steps=(undo,))

    def _work(self, form: StepForm, around: _Around) -> Work:
        if form.agent is not None:
            prompt = form.prompt or action_prompt(form.action or "", form.params)
            return agent_work(self._pins.agents[form.agent], prompt, self._output(form))
        if form.ask is not None:
            return AskWork(prompt=form.ask)
        if form.tool is not None:
            return ToolWork(tool=form.tool, args=form.with_ or {})
        if form.code is not None:
            return program_work(form.code)
        if form.workflow is not None:
            args = form.with_ or {}
            return WorkflowWork(workflow=form.workflow, args=args, detached=bool(form.detached))
        if form.approval is not None or form.wait is not None:
            return _pause(form)
        return self._holder(form, around)

    def _holder(self, form: StepForm, around: _Around) -> Work:
        if form.steps is not None:
            return BlockWork(body=self._body(form.steps, around, form.result))
        if form.parallel is not None:
            branches = {name: self._body(steps, around) for name, steps in form.parallel.items()}
            return ParallelWork(branches=branches)
        if form.switch is not None:
            cases = tuple(
                Case(name=case.name, when=case.when, body=self._body(case.steps, around))
                for case in form.switch.cases
            )
            other = form.switch.else_
            return SwitchWork(
                cases=cases, otherwise=None if other is None else self._body(other, around)
            )
        if form.loop is not None:
            loop = form.loop
            return LoopWork(
                body=self._body(loop.steps, around, form.result),
                until=loop.until,
                max=loop.max or 10,
                on_exhausted=loop.on_exhausted or "fail",
            )
        return SetWork(values=form.set or {})


def _for_each(form: StepForm) -> ForEach | None:
    if form.for_each is None:
        return None
    return ForEach(
        items=form.for_each,
        name=form.as_ or DEFAULT_ITEM,
        where=form.where,
        concurrency=form.concurrency or 1,
        on_item_error=form.on_item_error or "fail",
    )


def _pause(form: StepForm) -> Work:
    if form.approval is not None:
        ask = form.approval
        return ApprovalWork(
            title=ask.title,
            data=ask.data,
            edit=tuple(ask.edit or ()),
            expires=ask.expires,
            on_expiry=ask.on_expiry or "reject",
            approvers=tuple(subject(one) for one in ask.approvers or ()),
            need=ask.need or 1,
            remind=ask.remind,
            escalate=None
            if ask.escalate is None
            else Escalation(after=ask.escalate.after, to=subject(ask.escalate.to)),
        )
    wait = form.wait
    assert wait is not None  # noqa: S101 - the caller has asked
    seconds = wait.for_
    if isinstance(seconds, str) and "{{" not in seconds:
        seconds = span(seconds)
    if isinstance(seconds, int):
        seconds = float(seconds)
    return WaitWork(
        seconds=seconds,
        until=wait.until,
        signal=wait.signal,
        match=wait.match,
        trust=wait.trust or "untrusted",
    )
