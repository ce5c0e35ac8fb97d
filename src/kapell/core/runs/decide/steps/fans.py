"""``for_each``: slots are filled while there are items, results are gathered at the end."""

from kapell.core.events.value import Packed
from kapell.core.guardrails.labels import Mask, all_of
from kapell.core.runs import paths
from kapell.core.runs.decide.steps import money
from kapell.core.runs.decide.steps.failing import give_up
from kapell.core.runs.decide.steps.results import finish
from kapell.core.runs.decide.thinking import Thinking
from kapell.core.runs.fold import tree
from kapell.core.runs.names import status_word
from kapell.core.runs.state import Fan, StepRun
from kapell.kit.json import Json


def refill(t: Thinking, path: str) -> None:
    """Give free slots to items that wait for one, then to new items; end when all have ended.

    Once an item has failed no further one begins, but what always runs in those that have begun
    still needs its slots.
    """
    run = t.state.steps.get(path)
    if run is None or run.fan is None or run.status != "running":
        return
    if t.over(t.state.scopes[run.scope]):
        return
    fan = run.fan
    if fan.failed is not None and next(tree.live_items(t.state, run), None) is None:
        give_up(t, run, fan.failed)
        return
    if fan.failed is None and not fan.left:
        if fan.stopped:
            t.stop(path)
        else:
            finish(t, run, lambda: _gather(t, run, fan), label=lambda: _label(fan))
        return
    each = t.place(run).step.for_each
    if each is None or fan.busy >= each.concurrency or t.ctx.draining:
        return
    waiting = t.waitlists.next_for_slot(path)
    if waiting is not None:
        money.retry(t, waiting)
        t.refill(path)
        return
    if fan.failed is None:
        _next_item(t, run, fan)


def _next_item(t: Thinking, run: StepRun, fan: Fan) -> None:
    scope = t.state.scopes[run.scope]
    if not t.may_begin(scope, t.place(run)):
        if t.stopped(scope) and next(tree.live_items(t.state, run), None) is None:
            t.stop(run.path)
    elif fan.next < fan.total:
        item = paths.item(run.path, fan.next)
        if item not in t.waitlists:
            t.later("begin", item)
            t.refill(run.path)


def _gather(t: Thinking, run: StepRun, fan: Fan) -> Packed:
    names = t.names(run)
    items = names.unpacked(fan.items)
    outputs = names.unpacked_all([r.output for r in fan.results if r is not None])
    gathered: list[Json] = []
    for index, (result, output) in enumerate(zip(fan.results, outputs, strict=True)):
        if result is None or not isinstance(items, list):
            continue
        failure = result.failure
        gathered.append(
            {
                "index": index,
                "item": items[index],
                "output": output,
                "status": status_word(result.status),
                "error": None
                if failure is None
                else {"code": failure.code, "message": failure.message, "step": failure.step},
            }
        )
    return t.pack(gathered)


def _label(fan: Fan) -> Mask:
    return fan.label | all_of(one.label for one in fan.results if one is not None)


def dropped(t: Thinking, run: StepRun) -> list[str]:
    """Return the items that had begun before a fork and have to begin anew."""
    fan = run.fan
    if fan is None:
        return []
    return [
        paths.item(run.path, index)
        for index in range(fan.next)
        if fan.results[index] is None and paths.item(run.path, index) not in t.state.steps
    ]
