"""Checks a step by itself: one kind, and only keys that mean something beside it."""

import re

from kapell.core.approvals.approvers import ROLE, subject
from kapell.core.definitions.authored import ID_PATTERN
from kapell.core.definitions.problems import Problems
from kapell.core.workflows.authored.steps import KINDS, CompensateForm, StepForm
from kapell.core.workflows.scope import RESERVED
from kapell.kit.clock import instant, span
from kapell.kit.errors import Invalid, Place

_ID = re.compile(ID_PATTERN)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_WORDS = frozenset(
    ["true", "false", "none", "True", "False", "None", "not", "and", "or", "in", "is", "if",
     "else", "elif", "for", "set", "range"]
)  # fmt: skip
LONGEST_ID = 100
LEAST_REMIND = 60.0
"""Seconds between two reminders at least."""

_ONLY_WITH: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("prompt", "action"), ("agent",)),
    (("params",), ("action",)),
    (("with",), ("tool", "workflow")),
    (("detached",), ("workflow",)),
    (("result",), ("steps", "loop")),
    (("as", "where", "concurrency", "on_item_error"), ("for_each",)),
    (("corrections",), ("output", "agent", "grounded")),
    (("grounded",), ("agent", "ask")),
)
"""Keys that need one of the keys beside them."""

_MODELS = ("agent", "ask", "steps", "parallel", "switch", "loop")


def check_id(text: str, place: Place, what: str, problems: Problems) -> None:
    """Note an id that paths or expressions could not carry."""
    if not text:
        return
    if not _ID.fullmatch(text):
        problems.error(
            "id_broken",
            f"{what} `{text}` may hold only letters, digits, `_` and `-`, not beginning with `-`.",
            place,
            f"Write `{re.sub(r'[^A-Za-z0-9_-]+', '-', text).strip('-') or 'step'}`.",
        )
    elif len(text) > LONGEST_ID:
        message = f"{what} is longer than {LONGEST_ID} characters."
        problems.error("id_broken", message, place, "Shorten it.")


def check_step(step: StepForm, problems: Problems) -> None:
    """Note what is wrong with a step by itself."""
    if step.id:
        check_id(step.id, step.value("id").place, "The id", problems)
    _kind(step, problems)
    for keys, partners in _ONLY_WITH:
        for key in keys:
            if step.given(key) and not any(step.given(partner) for partner in partners):
                wanted = " or ".join(f"`{partner}`" for partner in partners)
                problems.error(
                    "key_alone",
                    f"`{key}` means something only beside {wanted}.",
                    step.place(key),
                    f"Remove `{key}` or add {wanted}.",
                )
    if step.model is not None and not any(step.given(kind) for kind in _MODELS):
        problems.warn(
            "key_without_effect", "No model works in this step.", step.place("model"), "Remove it."
        )
    for key in ("timeout", "retry"):
        if step.given(key) and any(step.given(kind) for kind in ("approval", "wait", "set")):
            message = f"`{key}` changes nothing here: this step calls nobody."
            problems.warn("key_without_effect", message, step.place(key), "Remove it.")
    _agent(step, problems)
    _item_name(step, problems)
    _wait(step, problems)
    _approval(step, problems)
    _switch(step, problems)
    if step.compensate is not None:
        _compensate(step.compensate, problems)


def _kind(step: StepForm, problems: Problems) -> None:
    kinds = step.kinds()
    if len(kinds) == 1:
        return
    if not kinds:
        problems.error(
            "kind_missing",
            f"The step{f' `{step.id}`' if step.id else ''} does not say what it does.",
            step.place(),
            f"Add exactly one of {', '.join(f'`{kind}`' for kind in KINDS)}.",
        )
        return
    listed = " and ".join(f"`{kind}`" for kind in kinds)
    problems.error(
        "kind_twice",
        f"A step does one thing; this one has {listed}.",
        step.place(kinds[1]),
        "Make a step of each.",
    )


def _agent(step: StepForm, problems: Problems) -> None:
    if not step.given("agent"):
        return
    if not step.given("prompt") and not step.given("action"):
        problems.error(
            "prompt_missing",
            "The agent is asked nothing.",
            step.place("agent"),
            'Add `prompt: "..."`, or `action` with `params`.',
        )
    elif step.given("prompt") and step.given("action"):
        message = "An agent is asked by `prompt` or by `action`, not by both."
        problems.error("prompt_twice", message, step.place("action"), "Remove one of the two.")


def _item_name(step: StepForm, problems: Problems) -> None:
    name = step.as_
    if name is None:
        return
    place = step.value("as").place
    if not _NAME.fullmatch(name) or name in _WORDS:
        message = f"`{name}` cannot be a name in expressions."
        problems.error("name_broken", message, place, "Use letters, digits and `_`.")
    elif name in RESERVED:
        message = f"`{name}` already means something in expressions."
        problems.error("name_taken", message, place, "Choose another name for the item.")


def _wait(step: StepForm, problems: Problems) -> None:
    wait = step.wait
    if wait is None:
        return
    given = [key for key in ("for", "until", "signal") if wait.given(key)]
    if len(given) != 1:
        problems.error(
            "wait_unclear",
            "A wait has exactly one of `for`, `until` and `signal`.",
            wait.place(given[1]) if given else wait.place(),
            "Keep one of them." if given else "Add one of them, such as `for: 10m`.",
        )
    if wait.signal is not None and "{{" in wait.signal:
        message = "The name of a signal is fixed; it cannot be a template."
        place = wait.value("signal").place
        problems.error("template_not_here", message, place, "Choose the right ones by `match`.")
    if wait.match is not None and wait.signal is None:
        message = "`match` means something only beside `signal`."
        problems.error("key_alone", message, wait.place("match"), "Add `signal`.")
    if wait.for_ is not None and not _worked_out(wait.for_):
        try:
            span(wait.for_)
        except Invalid as error:
            place = wait.value("for").place
            message = f"`for` must be a span of time of at most 100 years, not {wait.for_!r}."
            problems.error(error.code, message, place, error.advice)
    if wait.until is not None and not _worked_out(wait.until):
        try:
            instant(wait.until)
        except Invalid as error:
            place = wait.value("until").place
            message = f"`until` must be a date and time of 1970 to 9999, not {wait.until!r}."
            problems.error(error.code, message, place, error.advice)


def _worked_out(value: object) -> bool:
    return isinstance(value, str) and "{{" in value


def _approval(step: StepForm, problems: Problems) -> None:
    approval = step.approval
    if approval is None:
        return
    named = {subject(one) for one in approval.approvers or ()}
    people = [one for one in named if not one.startswith(ROLE)]
    if named and len(people) == len(named) and (approval.need or 1) > len(people):
        problems.error(
            "need_too_many",
            f"{approval.need} must agree, and {len(people)} may answer.",
            approval.place("need"),
            "Name more `approvers`, or a role.",
        )
    if approval.remind is not None and approval.remind < LEAST_REMIND:
        problems.error(
            "remind_too_often",
            "People cannot be reminded more than once a minute.",
            approval.place("remind"),
            "Give a longer span, such as 4h.",
        )
    for number, key in enumerate(approval.edit or ()):
        if key not in (approval.data or {}):
            problems.error(
                "edit_unknown",
                f"`edit` names `{key}`, which `data` does not have.",
                approval.value("edit").at([number]).place,
                f"Add `{key}` to `data`.",
            )


def _switch(step: StepForm, problems: Problems) -> None:
    if step.switch is None:
        return
    if not step.switch.cases and step.switch.given("cases"):
        place = step.switch.place("cases")
        advice = "Add a case with `name`, `when` and `steps`."
        problems.error("cases_missing", "A switch needs at least one case.", place, advice)
    names: dict[str, Place] = {}
    asked: dict[str, str] = {}
    always: str | None = None
    for case in step.switch.cases:
        place = case.value("name").place
        check_id(case.name, place, "The name", problems)
        if case.name == "else":
            message = "`else` is what is done when no case holds; a case needs another name."
            problems.error("name_taken", message, place, "Rename the case.")
        if case.name and case.name in names:
            message = (
                f"There are two cases `{case.name}`, the first in line {names[case.name].line}."
            )
            problems.error("case_twice", message, place, "Rename one of them.")
        names.setdefault(case.name, place)
        when = " ".join(case.when.split())
        if always is not None:
            message = f"The case `{case.name}` is never reached: `{always}` always holds."
            problems.error("case_unreachable", message, case.place(), "Move it up or remove it.")
        elif when and when in asked:
            message = f"The case `{case.name}` is never reached: `{asked[when]}` asks the same."
            problems.error("case_unreachable", message, case.place(), "Ask something else.")
        asked.setdefault(when, case.name)
        if when.casefold() == "true":
            always = always or case.name
    if always is not None and step.switch.given("else"):
        message = f"`else` is never reached: the case `{always}` always holds."
        problems.error(
            "case_unreachable", message, step.switch.place("else"), "Remove one of them."
        )


def _compensate(form: CompensateForm, problems: Problems) -> None:
    given = [key for key in ("tool", "agent", "steps") if form.given(key)]
    if len(given) != 1:
        problems.error(
            "compensate_unclear",
            "`compensate` has exactly one of `tool`, `agent` and `steps`.",
            form.place(given[1]) if given else form.place(),
            "Keep one of them." if given else "Add the one that undoes the step.",
        )
        return
    if form.given("with") and given != ["tool"]:
        message = "`with` means something only beside `tool`."
        problems.error("key_alone", message, form.place("with"), "Remove it.")
    if form.given("prompt") and given != ["agent"]:
        message = "`prompt` means something only beside `agent`."
        problems.error("key_alone", message, form.place("prompt"), "Remove it.")
    if given == ["agent"] and not form.given("prompt"):
        message = "The agent is asked nothing."
        problems.error("prompt_missing", message, form.place("agent"), 'Add `prompt: "..."`.')
