"""Checks what a workflow says about its inputs."""

from kapell.core.definitions.problems import Problems
from kapell.core.workflows.authored.workflow import InputForm, WorkflowForm
from kapell.core.workflows.checks.structure import check_id
from kapell.core.workflows.values import fits, sort_of
from kapell.kit.json import Json


def check_inputs(form: WorkflowForm, problems: Problems) -> None:
    """Note defaults and choices that do not fit the type, and names that cannot be read."""
    if form.inputs is None:
        return
    for name, one in form.inputs.items():
        check_id(name, form.value("inputs").key_place(name), "The name", problems)
        if one is not None:
            _check(name, one, problems)


_FITTING = "Write a value of that type, or change `type`."


def _check(name: str, form: InputForm, problems: Problems) -> None:
    wanted = form.type or "any"
    for number, choice in enumerate(form.enum or ()):
        if not fits(choice, wanted):
            place = form.value("enum").at([number]).place
            problems.error("input_wrong", _unfit(name, wanted, choice), place, _FITTING)
    if form.enum is not None and not form.enum:
        message = f"The input `{name}` accepts no value at all."
        problems.error("input_wrong", message, form.place("enum"), "Add values to `enum`.")
    if not form.given("default") or form.default is None:
        return
    place = form.value("default").place
    if not fits(form.default, wanted):
        problems.error("input_wrong", _unfit(name, wanted, form.default), place, _FITTING)
    elif form.enum and form.default not in form.enum:
        message = f"The default of `{name}` is none of the values in `enum`."
        problems.error("input_wrong", message, place, "Use one of them, or add it.")
    if form.required:
        message = f"`{name}` is required, so its default is never used."
        problems.warn("key_without_effect", message, form.place("default"), "Remove one of them.")


def _unfit(name: str, wanted: str, value: Json) -> str:
    return f"The input `{name}` is of type {wanted}, this is {sort_of(value)}."
