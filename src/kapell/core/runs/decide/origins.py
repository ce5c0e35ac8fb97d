"""Where the arguments and results of a step come from: their labels, as events hold them."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from kapell.core.events.step import StepStarted
from kapell.core.events.value import Inline, Packed
from kapell.core.guardrails.labels import (
    AGENT,
    TOOL,
    USER,
    WEB,
    Label,
    Mask,
    all_of,
    label_of,
    labels_of,
)
from kapell.core.runs.decide.thinking import Thinking
from kapell.core.runs.names import Names
from kapell.core.runs.state import OpenCall, State, StepRun
from kapell.core.tools.paths import argument_of, holds_paths, paths_in, wrong_path
from kapell.core.tools.spec import INTERNAL, ToolSpec
from kapell.kit.json import Json

_MOST = 32
"""Arguments that are named one by one in an event; more are known by the label of all."""


def begun(
    run: StepRun,
    *,
    items: Packed | None = None,
    total: int = 0,
    choice: str = "",
    number: int = 0,
    inputs: Packed | None = None,
    cache: str = "",
    label: Label = (),
    labels: Mapping[str, Label] | None = None,
) -> StepStarted:
    """Return the fact that an attempt of a step run begins, on the ground it has."""
    return StepStarted(
        run.path,
        run.attempt,
        items,
        total,
        choice,
        number,
        inputs,
        cache,
        label_of(run.ground),
        label,
        labels or {},
    )


def argument_masks(t: Thinking, names: Names, args: Json) -> dict[str, Mask]:
    """Return where each argument comes from, by what the template of each reads.

    ``args`` stands in the version and was worked out with ``names``. What is no object by itself is
    known by the label of all it read, under the empty name.
    """
    if not names.label:
        return {}  # nothing that was read carries any
    if not isinstance(args, Mapping):
        return {"": names.label}
    reads = t.program.reads_by_key(args)
    return {key: mask for key, one in reads.items() if (mask := names.labels_of(one))}


def given_masks(given: Json) -> dict[str, Mask]:
    """Return where arguments come from that a person gave in place of the step's own."""
    return {key: USER for key in given} if isinstance(given, Mapping) else {"": USER}


def call_labels(
    t: Thinking, run: StepRun, spec: ToolSpec | None, args: Json, masks: Mapping[str, Mask]
) -> dict[str, Label]:
    """Return the labels of a step's tool call: of its arguments, and why it is made at all.

    A file of the run's folder that an argument names counts as a part of it.
    """
    found = dict(masks)
    found[""] = found.get("", 0) | run.ground
    if t.state.written and spec is not None:
        for place, text in paths_in(spec.args, args):
            name = argument_of(place)
            found[name] = found.get(name, 0) | _named(t.state, [text])
    return labels_of(found)


def asked_labels(
    t: Thinking, run: StepRun, args: Json, spec: ToolSpec | None = None
) -> dict[str, Label]:
    """Return the labels of a call a model asked for: all of it comes of all that it had read.

    Files of the run's folder that it names count too: others may have written them.
    """
    mask = run.label | run.ground | AGENT
    if t.state.written and spec is not None:
        mask |= _named(t.state, [text for _, text in paths_in(spec.args, args)])
    label = label_of(mask)
    given = args if isinstance(args, Mapping) and len(args) <= _MOST else ()
    return {"": label, **dict.fromkeys(given, label)}


def result_label(t: Thinking, call: OpenCall, spec: ToolSpec | None, trust: str) -> Mask:
    """Return the label of what a tool gave back: its own, its arguments', and its files'."""
    label = all_of(call.labels.values())
    label |= WEB if trust == "untrusted" else TOOL
    if call.name.startswith(INTERNAL):
        label |= AGENT
    if t.state.written and (spec is None or spec.folder):
        label |= _files(t.state, call, spec)
    return label


def failed_label(t: Thinking, call: OpenCall, *, strange: bool = False) -> Label:
    """Return the label of what a failing call says: of strangers where its results would be."""
    spec = t.ctx.tools.get(call.name)
    untrusted = strange or (spec is not None and spec.trust == "untrusted")
    trust = "untrusted" if untrusted else "trusted"
    return label_of(result_label(t, call, spec, trust))


def _files(state: State, call: OpenCall, spec: ToolSpec | None) -> Mask:
    """Return the label of the files of the run's folder that a tool may have read."""
    every = all_of(state.written.values())
    if spec is None or spec.sees == "folder" or not holds_paths(spec.args):
        return every
    if not isinstance(call.prompt, Inline):
        return every
    named = [text for _, text in paths_in(spec.args, call.prompt.value)]
    return _named(state, named) if named else every


def _named(state: State, named: Sequence[str]) -> Mask:
    """Return the label of the run's files that these paths mean; of all, if unsure."""
    if any(wrong_path(one) for one in named):
        return all_of(state.written.values())
    return all_of(
        mask for path, mask in state.written.items() if any(_means(one, path) for one in named)
    )


def _means(text: str, path: str) -> bool:
    plain = "/".join(part for part in text.split("/") if part not in {"", "."})
    return not plain or path == plain or path.startswith(f"{plain}/") or fnmatchcase(path, plain)
