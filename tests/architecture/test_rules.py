"""Every rule of the house holds on our tree, and bites on a planted one."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.plants import CLEAN, PLANTS
from tests.architecture.rules import imports, naming, prose, purity, size, testing
from tests.architecture.rules.sources import Project, Rule

# The tree is parsed once.
pytestmark = pytest.mark.xdist_group("rules")
ROOT = Path(__file__).parents[2]
RULES: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (
        size.module_length,
        size.function_length,
        size.folder_size,
        naming.empty_names,
        naming.refused_words,
        imports.local_imports,
        imports.local_own_imports,
        imports.settings_door,
        purity.hidden_world,
        purity.async_core,
        prose.docstrings,
        prose.english,
        prose.left_open,
        prose.reasons,
        testing.skips,
        testing.hollow_tests,
        testing.sleeping_units,
    )
}


@pytest.fixture(scope="module")
def project() -> Iterator[Project]:
    # A million nodes that all stay: looking for garbage among them takes as long as the rules.
    gc.disable()
    yield Project.read(ROOT)
    gc.enable()


@pytest.mark.parametrize("name", [name for name in RULES if name != "english"])
def test_our_tree_keeps_the_rule(name: str, project: Project) -> None:
    found = [str(finding) for finding in RULES[name](project)]
    assert not found, f"{name}:\n" + "\n".join(found)


@pytest.mark.requirement("RO-04")
def test_what_people_read_is_english(project: Project) -> None:
    assert not [str(finding) for finding in prose.english(project)]


@pytest.mark.parametrize("name", RULES)
def test_the_rule_bites(name: str) -> None:
    assert not list(RULES[name](Project.of(CLEAN)))
    for path, text, line in PLANTS[name]:
        found = list(RULES[name](Project.of({**CLEAN, path: text})))
        assert [finding.line for finding in found] == [line], f"{path}: {found}"


def test_every_rule_has_a_plant() -> None:
    assert PLANTS.keys() == RULES.keys()
