"""Finds the object that an agent names: in the workspace's `tools/`, or an installed module."""

import importlib.util
import inspect
import os
from collections.abc import Callable
from functools import reduce

from kapell.adapters.tools.discovery.modules import load
from kapell.kit.errors import Invalid, Missing

FOLDER = "tools"
WAYS = ("ainvoke", "akickoff", "kickoff_async", "run", "kickoff", "invoke")
"""What an object may do with a prompt, the first that it has; async ones before others."""


def entry_of(entry: str, workspace: str) -> object:
    """Return the object behind ``module:object``; a function without parameters makes it.

    Raises:
        Missing: ``runtime_module_missing``, ``runtime_package_missing``,
            ``runtime_object_missing``.
        Invalid: ``tool_module_broken``, ``runtime_object_unsuitable``.
    """
    module, _, name = entry.partition(":")
    source = _source(module, workspace)
    try:
        held = load(source)
    except Invalid as error:
        lacking = error.__cause__
        if isinstance(lacking, ModuleNotFoundError) and lacking.name:
            raise _lacking(module, lacking.name) from error
        raise
    try:
        found: object = reduce(getattr, name.split("."), held)
    except AttributeError as error:
        raise Missing(
            f"{module} has no object `{name}`.",
            code="runtime_object_missing",
            advice="Name one that the module holds when it has been imported, in `entry:`.",
        ) from error
    return _suitable(entry, found)


def way_of(target: object) -> str:
    """Return what an object can do with a prompt; "" for one that is a function itself."""
    return next((one for one in WAYS if callable(getattr(target, one, None))), "")


def is_openai_agent(target: object) -> bool:
    """Tell whether it is an agent of OpenAI's SDK, which its ``Runner`` runs."""
    kinds = (f"{kind.__module__}.{kind.__qualname__}" for kind in type(target).__mro__)
    return "agents.agent.Agent" in kinds


def _source(module: str, workspace: str) -> str:
    path = os.path.join(workspace, FOLDER, *module.split(".")) + ".py"
    if os.path.isfile(path):
        return path
    try:
        known = importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        known = False
    except (ImportError, ValueError):
        known = True  # it is there and broken: importing it says how
    if not known:
        raise Missing(
            f"There is no module `{module}`, neither in {FOLDER}/ nor installed.",
            code="runtime_module_missing",
            advice=f"Write it as {FOLDER}/{module.replace('.', '/')}.py, or install the package "
            "that has it beside Kapell.",
        )
    return module


def _lacking(module: str, package: str) -> Missing:
    return Missing(
        f"{module} needs the package `{package}`, which is not installed.",
        code="runtime_package_missing",
        advice="Install it into the environment that Kapell runs in.",
    )


def _suitable(entry: str, found: object) -> object:
    """Return what can be asked, made by ``found`` where that is a function that makes it."""
    if _asks(found):
        return found
    if callable(found) and not _parameters(found):
        made = found()
        if _asks(made):
            return made
        found = made
    raise Invalid(
        f"`{entry}` is of {type(found).__name__}, which nobody can ask: it has none of "
        f"{', '.join(WAYS)}.",
        code="runtime_object_unsuitable",
        advice="Name an agent, graph or crew, or a function that takes the prompt.",
    )


def _asks(found: object) -> bool:
    if inspect.isclass(found):
        return False
    if way_of(found) or is_openai_agent(found):
        return True
    return callable(found) and bool(_parameters(found))


def _parameters(found: Callable[..., object]) -> list[str]:
    try:
        return list(inspect.signature(found).parameters)
    except (TypeError, ValueError):
        return []
