"""Goes through every sequence of steps with the scope each place has."""

from collections.abc import Sequence

from kapell.core.definitions.nearest import hint
from kapell.core.definitions.problems import Problems
from kapell.core.definitions.tree import Node
from kapell.core.workflows.authored.steps import StepForm
from kapell.core.workflows.authored.workflow import WorkflowForm
from kapell.core.workflows.checks.structure import check_id, check_step
from kapell.core.workflows.checks.texts import Texts
from kapell.core.workflows.order import Order, order_of
from kapell.core.workflows.programs import is_lone
from kapell.core.workflows.scope import DEFAULT_ITEM, Level, Scope
from kapell.core.workflows.sequences import sequences_of
from kapell.kit.errors import Place

MOST_ITEMS = 10_000
"""Items one for_each may have."""


def check_workflow(form: WorkflowForm, problems: Problems) -> None:
    """Note what is wrong with ids, order and expressions of a workflow."""
    _Walk(form, problems).workflow()


class _Walk:
    def __init__(self, form: WorkflowForm, problems: Problems) -> None:
        self._form = form
        self._problems = problems
        self._texts = Texts(problems)

    def workflow(self) -> None:
        form = self._form
        homes: dict[str, tuple[str, ...]] = {}
        _collect(form.steps, "", homes)
        inputs = None if form.inputs is None else frozenset(form.inputs)
        scope = Scope(inputs=inputs, homes=homes)
        order = self._sequence(form.steps, scope, "", form.node.get("steps"))
        end = scope.within(Level(order=order, at=None))
        self._texts.template(form.node.get("outputs"), end)

    def _sequence(
        self, steps: Sequence[StepForm], scope: Scope, holder: str, node: Node | None
    ) -> Order:
        """Check a sequence and everything inside it; return its order."""
        if node is not None and node.kind == "list" and not node.items:
            message = "There are no steps here."
            self._problems.error("steps_missing", message, node.place, "Add a step.")
        self._ids(steps, scope)
        order = order_of(steps)
        self._waits(steps, order)
        inside = scope.within(Level(order=order, at=None, holder=holder))
        for step in steps:
            check_step(step, self._problems)
            self._step(step, inside.at(step.id))
        return order

    def _ids(self, steps: Sequence[StepForm], scope: Scope) -> None:
        seen: dict[str, Place] = {}
        for step in steps:
            if not step.id:
                continue
            place = step.value("id").place
            if step.id in seen:
                self._problems.error(
                    "id_twice",
                    f"There are two steps `{step.id}`, the first in line {seen[step.id].line}.",
                    place,
                    "Rename one of them.",
                )
            elif any(step.id in level.order.after for level in scope.levels):
                self._problems.error(
                    "id_hides",
                    f"The id `{step.id}` hides a step of the same name around this one.",
                    place,
                    "Rename one of them.",
                )
            seen.setdefault(step.id, place)

    def _waits(self, steps: Sequence[StepForm], order: Order) -> None:
        for step in steps:
            for number, one in enumerate(step.depends_on or ()):
                place = step.value("depends_on").at([number]).place
                if one == step.id:
                    message = f"The step `{one}` waits for itself."
                    self._problems.error("order_cycle", message, place, "Remove it.")
                elif one not in order.after:
                    self._problems.error(
                        "depends_on_unknown",
                        f"There is no step `{one}` in this sequence to wait for.",
                        place,
                        hint(one, [other for other in order.after if other != step.id], "Its steps")
                        or "It is the only step here: remove `depends_on`.",
                    )
            if step.join is not None and not order.after.get(step.id):
                message = f"`join: {step.join}` has nothing to wait for."
                place = step.place("join")
                self._problems.error("join_alone", message, place, "Remove it, or name steps.")
        cycle = order.cycle()
        if cycle is not None and len(cycle) > 2:
            at = next(step for step in steps if step.id == cycle[0])
            self._problems.error(
                "order_cycle",
                f"These steps wait for each other: {' -> '.join(cycle)}.",
                at.place("depends_on") if at.given("depends_on") else at.place(),
                "Remove one `depends_on` of them.",
            )

    def _step(self, step: StepForm, scope: Scope) -> None:
        node, texts = step.node, self._texts
        texts.expression(node.get("when"), scope)
        texts.lone(node.get("for_each"), scope, "for_each")
        item = scope
        if step.for_each is not None:
            name = step.as_ or DEFAULT_ITEM
            if name in scope.names:
                self._problems.error(
                    "name_hides",
                    f"The item name `{name}` hides the one of the for_each around it.",
                    step.value("as").place if step.as_ else step.place("for_each"),
                    "Give this one another name with `as`.",
                )
            item = scope.item(name)
            texts.expression(node.get("where"), item)
            if isinstance(step.for_each, list) and len(step.for_each) > MOST_ITEMS:
                message = f"A for_each takes at most {MOST_ITEMS:,} items."
                place = step.place("for_each")
                self._problems.error("items_too_many", message, place, "Split the work.")
        for key in ("prompt", "action", "params", "ask", "with", "set"):
            texts.template(node.get(key), item)
        if step.grounded is not None:
            texts.template(step.grounded.node.get("sources"), item)
        if step.cache is not None:
            texts.template(step.cache.node.get("key"), item)
        if step.approval is not None:
            texts.template(step.approval.node.get("title"), item)
            texts.template(step.approval.node.get("data"), item)
        if step.code is not None:
            texts.template(step.code.node.get("input"), item)
            if is_lone(step.code.source):
                texts.lone(step.code.node.get("source"), item, "source")
        self._wait(step, item)
        self._bodies(step, item)
        self._compensate(step, item)
        if step.given("on_error"):
            self._inner(step, "on_error", scope.plus("error"))

    def _wait(self, step: StepForm, item: Scope) -> None:
        if step.wait is None:
            return
        for key in ("for", "until"):
            value = step.wait.node.get(key)
            if value is not None and "{{" in value.text:
                self._texts.lone(value, item, key)
        self._texts.expression(step.wait.node.get("match"), item.plus("signal"))

    def _inner(self, step: StepForm, key: str, scope: Scope) -> list[Order]:
        """Check the sequences that stand under one key of the step."""
        return [
            self._sequence(one.steps, scope, step.id, one.node)
            for one in sequences_of(step)
            if one.key == key
        ]

    def _bodies(self, step: StepForm, item: Scope) -> None:
        result = step.node.get("result")
        for order in self._inner(step, "steps", item):
            self._end(result, item, order, step)
        if step.parallel is not None:
            for name in step.parallel:
                place = step.value("parallel").key_place(name)
                check_id(name, place, "The name", self._problems)
            if not step.parallel:
                place = step.place("parallel")
                message = "There are no branches here."
                advice = "Add one: a name, and its steps."
                self._problems.error("branches_missing", message, place, advice)
            self._inner(step, "parallel", item)
        if step.switch is not None:
            for case in step.switch.cases:
                self._texts.expression(case.node.get("when"), item)
            self._inner(step, "switch", item)
        if step.loop is not None:
            turn = item.plus("pass")
            for order in self._inner(step, "loop", turn):
                self._end(step.loop.node.get("until"), turn, order, step)
                self._end(result, turn, order, step)

    def _end(self, node: Node | None, scope: Scope, order: Order, step: StepForm) -> None:
        """Check an expression that is asked when a sequence has ended."""
        inside = scope.within(Level(order=order, at=None, holder=step.id))
        self._texts.expression(node, inside)

    def _compensate(self, step: StepForm, item: Scope) -> None:
        form = step.compensate
        if form is None:
            return
        after = item.at(step.id, itself=True)
        self._texts.template(form.node.get("with"), after)
        self._texts.template(form.node.get("prompt"), after)
        self._inner(step, "compensate", after)


def _collect(steps: Sequence[StepForm], holder: str, homes: dict[str, tuple[str, ...]]) -> None:
    """Note for every id which steps hold a sequence with it."""
    for step in steps:
        homes[step.id] = (*homes.get(step.id, ()), holder)
        for inner in sequences_of(step):
            _collect(inner.steps, step.id, homes)
