"""What expressions see: only the names they read, looked up through the scopes around a step."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TypeAlias

from kapell.core.events.value import Packed, missing, unpack
from kapell.core.expressions import Read, compile_expression
from kapell.core.guardrails.labels import WEB, Mask, all_of, masks_of
from kapell.core.guardrails.spotlight import about, marked, nonce_of, spotlit
from kapell.core.runs import paths
from kapell.core.runs.context import Context, NeedsValues
from kapell.core.runs.fold import tree
from kapell.core.runs.program import Program
from kapell.core.runs.state import Scope, State, StepRun
from kapell.core.runs.status import STEP_ENDED, StepStatus
from kapell.kit.clock import instant_text
from kapell.kit.errors import Failure
from kapell.kit.json import Digest, Json, encode

_Sources: TypeAlias = Mapping[str, Mask]
"""Labels of what a name holds by the member that is read; under the empty name of what is not
among them."""

EMPTY_STEP: Mapping[str, Json] = {"output": None, "status": None, "error": None}


class Names:
    """Looks names up for one place of a run: inside ``scope``, seen from ``run`` when it is one.

    Attributes:
        label: That of everything looked up so far.
    """

    def __init__(
        self, program: Program, state: State, ctx: Context, scope: str, run: StepRun | None = None
    ) -> None:
        self.program = program
        self.state = state
        self.ctx = ctx
        self.scope = scope
        self.run = run
        self.label: Mask = 0
        self._wanted: set[Digest] = set()
        self._steps: dict[str, Mask] = {}
        self._sources: dict[str, _Sources] = {"steps": self._steps}

    def expression(self, source: str, extra: Mapping[str, Json] | None = None) -> Json:
        """Return the value of a bare expression."""
        compiled = compile_expression(source)
        names = self.collect(compiled.reads, extra)
        return compiled.evaluate(names, self.ctx.limits)

    def value(self, value: Json, extra: Mapping[str, Json] | None = None) -> Json:
        """Return a JSON tree of the version with every template in it worked out."""
        compiled = self.program.compiled(value)
        if not compiled.reads:
            return compiled.evaluate({}, self.ctx.limits)
        return compiled.evaluate(self.collect(compiled.reads, extra), self.ctx.limits)

    def prompt(self, source: str, seed: str, *, dense: bool = False) -> str:
        """Return what a model is sent for a prompt: strangers' parts of it between marks."""
        template = self.program.template(source)
        names = self.collect(template.reads)
        strange = {at for at, one in enumerate(template.shown) if self.labels_of(one) & WEB}
        if template.lone and self.label & WEB:
            return spotlit(_text(template.evaluate(names, self.ctx.limits)), seed, dense=dense)
        if not strange:
            return _text(template.evaluate(names, self.ctx.limits))
        nonce = nonce_of(seed, encode(names).decode())
        text = template.marking(
            names,
            lambda at, one: marked(one, nonce, dense=dense) if at in strange else one,
            self.ctx.limits,
        )
        return f"{about(nonce, dense=dense)}\n\n{_text(text)}"

    def collect(
        self, reads: Iterable[Read], extra: Mapping[str, Json] | None = None
    ) -> dict[str, Json]:
        """Return the names that are read, and no others.

        Raises:
            NeedsValues: when some of them are artifacts that are not at hand.
        """
        self._wanted = set()
        names: dict[str, Json] = dict(extra or {})
        steps: dict[str, Json] = {}
        for read in reads:
            if read.root == "steps":
                if read.member is not None:
                    steps[read.member] = self._step(read.member, read, steps.get(read.member))
                else:
                    steps.update(self._all_steps())
            elif read.root not in names:
                self._bind(read.root, names)
            self.label |= self.label_of(read)
        if steps or any(read.root == "steps" for read in reads):
            names["steps"] = steps
        if self._wanted:
            raise NeedsValues(frozenset(self._wanted))
        return names

    def label_of(self, read: Read) -> Mask:
        """Return the label of what was looked up for one read."""
        known = self._sources.get(read.root)
        if not known:
            return 0
        member = read.member
        if member is None:
            return all_of(known.values())
        return known[member] if member in known else known.get("", 0)

    def read(self, reads: Iterable[Read]) -> Mask:
        """Return the label of what would be looked up for these reads, values at hand or not."""
        reads = tuple(reads)
        with suppress(NeedsValues):
            self.collect(reads)
        return self.labels_of(reads)

    def labels_of(self, reads: Iterable[Read]) -> Mask:
        """Return the label of what was looked up for several reads."""
        return all_of(map(self.label_of, reads))

    def _note(self, root: str, sources: _Sources) -> None:
        self._sources[root] = sources

    def _note_step(self, step_id: str, label: Mask) -> None:
        self._steps[step_id] = label

    def _bind(self, root: str, names: dict[str, Json]) -> None:
        if root == "run":
            names["run"] = self._run()
            return
        run, scope_path = self.run, self.scope
        while True:
            if run is not None and run.item >= 0 and self._bind_item(root, run, names):
                return
            scope = self.state.scopes[scope_path]
            if self._bind_scope(root, scope, names):
                return
            owner = self.state.steps.get(scope.owner) if scope.owner else None
            if owner is None or self._is_border(scope):
                return
            run, scope_path = owner, owner.scope

    def _bind_item(self, root: str, run: StepRun, names: dict[str, Json]) -> bool:
        for_each = self.program.place(run.body, run.id).step.for_each
        if root == "index":
            names[root] = run.item
            self._note(root, {"": run.ground})
            return True
        if for_each is None or root != for_each.name:
            return False
        fan = self.state.steps[run.outer].fan
        items = self._unpack(fan.items) if fan is not None else None
        self._note(root, {"": run.ground})
        names[root] = items[run.item] if isinstance(items, list) else None
        return True

    def _bind_scope(self, root: str, scope: Scope, names: dict[str, Json]) -> bool:
        if scope.suffix == paths.UNDO:
            frozen = self._unpack(scope.names)
            if isinstance(frozen, dict) and root in frozen:
                names[root] = frozen[root]
                self._note(root, _frozen(scope, root))
                return True
        if root == "inputs" and self._is_border(scope):
            held = scope.names if scope.path else self.state.request.inputs
            names[root] = self._unpack(held)
            labels = scope.labels if scope.path else masks_of(self.state.request.labels)
            self._note(root, {"": scope.ground, **labels})
            return True
        if root == "pass" and scope.suffix == paths.PASS:
            names[root] = {"number": scope.number, "previous": self._unpack(scope.previous)}
            self._note(root, {"number": scope.ground, "previous": scope.label, "": scope.ground})
            return True
        if root == "error" and scope.suffix == paths.HANDLER:
            owner = self.state.steps[scope.owner]
            names[root] = failure_value(owner, owner.failure)
            self._note(root, {"": owner.label | owner.ground})
            return True
        return False

    def _is_border(self, scope: Scope) -> bool:
        return self.program.bodies[scope.body].is_workflow

    def _run(self) -> Json:
        state = self.state
        due = state.request.scheduled_for
        return {
            "id": state.run_id,
            "started_at": instant_text(state.started_at),
            "scheduled_for": instant_text(due) if due is not None else None,
            "attempt_of": state.request.origin.run_id or None,
            "tenant": state.tenant_id,
        }

    def _step(self, step_id: str, read: Read, known: Json) -> Json:
        scope_path = self.scope
        while True:
            scope = self.state.scopes[scope_path]
            if scope.suffix == paths.UNDO:
                frozen = self._unpack(scope.names)
                steps = frozen.get("steps") if isinstance(frozen, dict) else None
                if isinstance(steps, dict) and step_id in steps:
                    self._note_step(step_id, _frozen(scope, "steps").get(step_id, 0))
                    kept: Json = steps[step_id]
                    return kept
            if step_id in self.program.bodies[scope.body].places:
                found = self.state.steps.get(paths.join(scope_path, step_id))
                self._note_step(step_id, self._label(found, scope))
                whole = not read.path or read.path[0] == "output" or isinstance(known, dict)
                return self._step_value(found, whole) if found is not None else EMPTY_STEP
            owner = self.state.steps.get(scope.owner) if scope.owner else None
            if owner is None or self._is_border(scope):
                return EMPTY_STEP
            scope_path = owner.scope

    def _label(self, run: StepRun | None, scope: Scope) -> Mask:
        if run is None:
            return scope.ground
        return tree.label_of_run(self.state, self.program, run)

    def _step_value(self, run: StepRun, whole: bool) -> Json:
        status, failure = standing(self.program, self.state, run)
        return {
            "output": self._unpack(run.output) if whole else None,
            "status": status_word(status),
            "error": failure_value(run, failure),
        }

    def _all_steps(self) -> dict[str, Json]:
        steps: dict[str, Json] = {}
        scope = self.state.scopes[self.scope]
        self._note_step("", scope.ground)
        for member in tree.members(self.state, self.program, scope):
            steps[member.id] = self._step_value(member, whole=True)
            self._note_step(member.id, self._label(member, scope))
        return steps

    def unpacked(self, packed: Packed) -> Json:
        """Return a packed value.

        Raises:
            NeedsValues: when it is an artifact that is not at hand.
        """
        self._wanted = set()
        value = self._unpack(packed)
        if self._wanted:
            raise NeedsValues(frozenset(self._wanted))
        return value

    def unpacked_all(self, packed: Iterable[Packed]) -> list[Json]:
        """Return several packed values, asking for all missing ones at once."""
        self._wanted = set()
        values = [self._unpack(one) for one in packed]
        if self._wanted:
            raise NeedsValues(frozenset(self._wanted))
        return values

    def _unpack(self, packed: Packed) -> Json:
        digest = missing(packed, self.ctx.values)
        if digest is not None:
            self._wanted.add(digest)
            return None
        return unpack(packed, self.ctx.values)


def _text(value: Json) -> str:
    return value if isinstance(value, str) else encode(value).decode()


def _frozen(scope: Scope, root: str) -> _Sources:
    """Return the labels of a frozen name, by its members."""
    start = f"{root}."
    found = {key[len(start) :]: one for key, one in scope.labels.items() if key.startswith(start)}
    return {**found, "": scope.labels.get(root, 0)}


def standing(program: Program, state: State, run: StepRun) -> tuple[StepStatus, Failure | None]:
    """Return a step run's status and failure as another step sees them.

    Where something has failed, step runs are left that nobody will carry on, and only ``join:
    always`` steps are there to ask about them. They get the answer they would get had the failure
    been caught: what failed, or holds what failed, has failed; what only waited was skipped.
    """
    if run.status in STEP_ENDED or run.busy:
        return run.status, run.failure
    failure = tree.failure_inside(state, program, run)
    if failure is not None:
        return StepStatus.FAILED, failure
    if state.phase == "failing" and not tree.goes_on(state, program, run):
        skipped = run.waits not in {"retry", "person"}
        return StepStatus.SKIPPED if skipped else StepStatus.FAILED, run.failure
    return run.status, run.failure


def status_word(status: StepStatus) -> str:
    """Return the status as expressions compare it.

    A dead step run has failed: whether something around it will catch that is not its author's
    business.
    """
    return "failed" if status is StepStatus.DEAD else str(status.value)


def failure_value(run: StepRun, failure: Failure | None) -> Json:
    """Return ``steps.x.error`` (and ``error`` in handlers): null, or code, message and step."""
    if failure is None:
        return None
    return {
        "code": failure.code,
        "message": failure.message,
        "step": failure.step or run.path,
        "kind": str(failure.kind.value),
    }
