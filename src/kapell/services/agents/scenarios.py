"""Scenarios of agents: found in a workspace, made ready to be run, held against what came of it."""

import msgspec

from kapell.core.agents.trials.scenario import ENDINGS, FOLDER, ScenarioForm, read_scenario
from kapell.core.definitions.nearest import hint
from kapell.core.definitions.problems import DefinitionInvalid, Problem, Problems
from kapell.kit.errors import Missing
from kapell.services.workflows.ports import Files


class Scenario(msgspec.Struct, frozen=True):
    """A scenario's file; ``form`` is None when ``problems`` says why it cannot be used."""

    name: str
    path: str
    form: ScenarioForm | None
    problems: tuple[Problem, ...] = ()


def scenarios(files: Files, names: tuple[str, ...] = ()) -> tuple[Scenario, ...]:
    """Return the scenarios of a workspace, by name.

    Args:
        files: The workspace's.
        names: Of scenarios or of agents; none means all.

    Raises:
        Missing: ``scenario_missing`` for a name that none goes by.
    """
    found = [_scenario(files, path) for path in files.names(FOLDER, ENDINGS)]
    if not names:
        return tuple(found)
    known = {one.name for one in found} | {one.form.agent for one in found if one.form}
    for name in names:
        if name not in known:
            raise Missing(
                f"There is no scenario `{name}`, and none of an agent of that name.",
                code="scenario_missing",
                advice=hint(name, known, "Scenarios") or f"Write one as {FOLDER}/{name}.yaml.",
            )
    return tuple(
        one for one in found if one.name in names or (one.form and one.form.agent in names)
    )


def _scenario(files: Files, path: str) -> Scenario:
    name = path.rpartition("/")[2].rpartition(".")[0]
    problems = Problems()
    try:
        form = read_scenario(files.read(path), path, problems)
    except DefinitionInvalid as error:
        return Scenario(name, path, None, error.problems)
    return Scenario(name, path, None if problems.errors else form, problems.errors)
