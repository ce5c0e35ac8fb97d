"""A recursive reading of a version: what a run must come to, without events, time or crashes.

It walks the bodies straight through. Where work goes on side by side and something fails, what else
still begins depends on luck: then ``racy`` is set, and only the outcome may be compared.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from kapell.core.expressions import compile_expression, compile_value
from kapell.core.workflows.inputs import bind
from kapell.core.workflows.version import (
    ApprovalWork,
    AskWork,
    BlockWork,
    Body,
    Join,
    LoopWork,
    ParallelWork,
    SetWork,
    Step,
    SwitchWork,
    ToolWork,
    Version,
    WaitWork,
    WorkflowWork,
)
from kapell.kit.errors import Failure
from kapell.kit.json import Json

Outcome = Callable[[str, int, Json], "Json | Failure"]
"""What the call of a path and attempt with these arguments gives."""


class Broke(Exception):
    """A step failed for good, or a body did."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.code)
        self.failure = failure


@dataclass
class Result:
    """What is seen of a step that has ended."""

    status: str
    output: Json = None
    error: Json = None


@dataclass(frozen=True)
class Env:
    """Names around a place; ``inner`` begins a scope of its own."""

    names: Mapping[str, Json]
    steps: Mapping[str, Result] = field(default_factory=dict)

    def seen(self) -> dict[str, Json]:
        """Return what expressions read."""
        shown: dict[str, Json] = {
            key: {"output": r.output, "status": r.status, "error": r.error}
            for key, r in self.steps.items()
        }
        return {**self.names, "steps": _Steps(shown)}

    def value(self, value: Json) -> Json:
        """Return a template's value."""
        return compile_value(value).evaluate(self.seen())

    def expression(self, source: str) -> Json:
        """Return an expression's value."""
        return compile_expression(source).evaluate(self.seen())

    def plus(self, **names: Json) -> "Env":
        """Return the same with more names."""
        return replace(self, names={**self.names, **names})


class _Steps(dict[str, Json]):
    def __missing__(self, key: str) -> Json:
        return {"output": None, "status": None, "error": None}


@dataclass
class Undo:
    """A finished step that can be undone, with what its undo will see."""

    path: str
    body: Body
    env: Env


class Naive:
    """Carries a version out by recursion.

    Attributes:
        effects: Arguments of every call made, by path and attempt.
        undo: What can be undone, oldest first.
        racy: Something failed while other work was under way.
        exhausted: A loop failed: a failure of another kind than those of calls.
    """

    def __init__(self, version: Version, inputs: Mapping[str, Json], outcome: Outcome) -> None:
        self.version = version
        self.outcome = outcome
        self.effects: dict[tuple[str, int], Json] = {}
        self.undo: list[Undo] = []
        self.undone: list[str] = []
        self.racy = False
        self.exhausted = False
        self.status = "succeeded"
        self.output: Json = None
        try:
            self.output = self._workflow(version, dict(inputs), "")
        except Broke:
            self.status = "failed"
            if version.on_failure == "compensate":
                self._compensate()

    def _compensate(self) -> None:
        for entry in reversed(self.undo.copy()):
            try:
                self._body(self.version, entry.body, f"{entry.path}!undo", entry.env)
            except Broke:
                continue
            self.undone.append(entry.path)

    def _workflow(self, version: Version, inputs: Mapping[str, Json], path: str) -> Json:
        env = Env({"inputs": inputs})
        last, inner = self._body(version, version.body, path, env)
        return last if version.outputs is None else inner.value(version.outputs)

    def _body(self, version: Version, body: Body, path: str, env: Env) -> tuple[Json, Env]:
        done: dict[str, Result] = {}
        here = replace(env, steps={**env.steps})
        failure: Failure | None = None
        chain = all(
            step.after == ((body.steps[i - 1].id,) if i else ())
            for i, step in enumerate(body.steps)
        )
        while failure is None and len(done) < len(body.steps):
            step = next(s for s in body.steps if s.id not in done and _verdict(s, done) != "wait")
            if _verdict(step, done) == "skip":
                done[step.id] = Result("skipped")
            else:
                try:
                    done[step.id] = self._step(version, step, _join(path, step.id), here)
                except Broke as broke:
                    done[step.id] = Result("failed")
                    failure = broke.failure
                    self.racy = self.racy or not chain
            here = replace(here, steps={**env.steps, **done})
        if failure is not None:
            for step in body.steps:
                if step.join is Join.ALWAYS and step.id not in done:
                    here = replace(here, steps={**env.steps, **done})
                    try:
                        done[step.id] = self._step(version, step, _join(path, step.id), here)
                    except Broke:
                        done[step.id] = Result("failed")
            raise Broke(failure)
        if body.result is not None:
            return here.expression(body.result), here
        return done[body.steps[-1].id].output, here

    def _step(self, version: Version, step: Step, path: str, env: Env) -> Result:
        if step.when is not None and not env.expression(step.when):
            return Result("skipped")
        attempt = 1
        try:
            if step.for_each is not None:
                return self._fan(version, step, path, env)
            output, attempt = self._attempts(version, step, path, env)
            return self._well(step, path, env, output)
        except Broke as broke:
            if step.on_error == "fail":
                raise
            if isinstance(step.on_error, Body):
                last = 1 if step.for_each is not None else self._last.get(path, attempt)
                failure = broke.failure
                handler = env.plus(error={"code": failure.code, "message": failure.message})
                base = f"{_attempt(path, last)}!error"
                output, _ = self._body(version, step.on_error, base, handler)
                return Result("succeeded", output)
            return Result("failed")

    _last: dict[str, int] = {}  # noqa: RUF012 - set anew by every instance that needs it

    def _well(self, step: Step, path: str, env: Env, output: Json) -> Result:
        result = Result("succeeded", output)
        if step.compensate is not None and step.for_each is None:
            frozen = replace(env, steps={**env.steps, step.id: result})
            self.undo.append(Undo(path, step.compensate, frozen))
        return result

    def _fan(self, version: Version, step: Step, path: str, env: Env) -> Result:
        each = step.for_each
        assert each is not None
        items = env.value(each.items)
        assert isinstance(items, list)
        if each.where is not None:
            items = [
                item
                for index, item in enumerate(items)
                if env.plus(**{each.name: item, "index": index}).expression(each.where)
            ]
        gathered: list[Json] = []
        for index, item in enumerate(items):
            inner = env.plus(**{each.name: item, "index": index})
            at = f"{path}[{index}]"
            single = replace_for_each(step)
            result = Result("failed")
            error: Json = None
            try:
                output, _ = self._attempts(version, step, at, inner)
                result = self._well(single, at, inner, output)
            except Broke as broke:
                if each.on_item_error == "fail":
                    self.racy = self.racy or len(items) > 1
                    raise
                error = broke.failure.code
            gathered.append(
                {
                    "index": index,
                    "item": item,
                    "output": result.output,
                    "status": result.status,
                    "error": error,
                }
            )
        return Result("succeeded", gathered)

    def _attempts(self, version: Version, step: Step, path: str, env: Env) -> tuple[Json, int]:
        attempt = 1
        while True:
            try:
                return self._work(version, step, path, attempt, env), attempt
            except Broke as broke:
                policy = step.retry
                again = {broke.failure.code, str(broke.failure.kind.value)} & set(policy.on)
                if attempt >= policy.attempts or not again:
                    self._last = {**self._last, path: attempt}
                    raise
                attempt += 1

    def _work(self, version: Version, step: Step, path: str, attempt: int, env: Env) -> Json:
        work = step.work
        base = _attempt(path, attempt)
        if isinstance(work, ToolWork):
            return self._call(path, attempt, env.value(work.args))
        if isinstance(work, AskWork):
            return self._call(path, attempt, env.value(work.prompt))
        if isinstance(work, SetWork):
            return env.value(work.values)
        if isinstance(work, WaitWork):
            return {"paid": True} if work.signal else {"waited": True}
        if isinstance(work, ApprovalWork):
            return {"approved": True, "data": env.value(work.data)}
        if isinstance(work, BlockWork):
            return self._body(version, work.body, base, env)[0]
        if isinstance(work, WorkflowWork):
            sub = version.workflows[work.workflow]
            args = env.value(work.args)
            assert isinstance(args, dict)
            return self._workflow(sub, bind(sub, args), base)
        if isinstance(work, SwitchWork):
            return self._switch(version, work, base, env)
        if isinstance(work, ParallelWork):
            return self._parallel(version, work, base, env)
        assert isinstance(work, LoopWork)
        return self._loop(version, work, base, env)

    def _switch(self, version: Version, work: SwitchWork, base: str, env: Env) -> Json:
        for case in work.cases:
            if env.expression(case.when):
                output, _ = self._body(version, case.body, f"{base}:{case.name}", env)
                return {"case": case.name, "output": output}
        if work.otherwise is not None:
            output, _ = self._body(version, work.otherwise, f"{base}:else", env)
            return {"case": "else", "output": output}
        return {"case": None, "output": None}

    def _parallel(self, version: Version, work: ParallelWork, base: str, env: Env) -> Json:
        outputs: dict[str, Json] = {}
        broke: Broke | None = None
        for name, body in work.branches.items():
            try:
                outputs[name] = self._body(version, body, f"{base}.{name}", env)[0]
            except Broke as error:
                self.racy = self.racy or len(work.branches) > 1
                broke = broke or error
        if broke is not None:
            raise broke
        return outputs

    def _loop(self, version: Version, work: LoopWork, base: str, env: Env) -> Json:
        previous: Json = None
        for number in range(1, work.max + 1):
            inner = env.plus(**{"pass": {"number": number, "previous": previous}})
            previous, after = self._body(version, work.body, f"{base}@{number}", inner)
            if after.expression(work.until):
                return {"passes": number, "output": previous}
        if work.on_exhausted == "continue":
            return {"passes": work.max, "output": previous}
        self.exhausted = True
        raise Broke(Failure("loop_exhausted", ""))

    def _call(self, path: str, attempt: int, args: Json) -> Json:
        self.effects[(path, attempt)] = args
        found = self.outcome(path, attempt, args)
        if isinstance(found, Failure):
            raise Broke(found)
        return found


def replace_for_each(step: Step) -> Step:
    """Return the step as one item of it sees it."""
    return Step(id=step.id, work=step.work, compensate=step.compensate)


def _join(path: str, step_id: str) -> str:
    return f"{path}/{step_id}" if path else step_id


def _attempt(path: str, attempt: int) -> str:
    return path if attempt == 1 else f"{path}#{attempt}"


def _verdict(step: Step, done: Mapping[str, Result]) -> str:
    if not step.after:
        return "begin"
    ended = [done[one].status for one in step.after if one in done]
    if step.join is Join.ANY and "succeeded" in ended:
        return "begin"
    if len(ended) < len(step.after):
        return "wait"
    skip = {
        Join.ALL: any(status != "succeeded" for status in ended),
        Join.ANY: True,
        Join.DEFAULT: all(status == "skipped" for status in ended),
    }
    return "skip" if skip.get(step.join, False) else "begin"
