"""Reference pages say what the program does: exit codes, error codes, commands."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from kapell.cli.exits import BY_KIND, MEANINGS, Exit
from kapell.kit.errors import Kind

ROOT = Path(__file__).parents[3]


def _script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["cli", "errors", "tools"])
def test_generated_pages_are_today_s(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    page = (ROOT / "docs" / "reference" / f"{name}.md").read_text("utf-8")
    assert page == _script(f"generate_{name}").page(), "run make docs"


def test_exit_codes_are_fixed_and_have_a_meaning() -> None:
    assert {one.name: one.value for one in Exit} == {
        "OK": 0,
        "FAILED": 1,
        "INVALID": 2,
        "WAITING": 3,
        "CANCELLED": 4,
        "DENIED": 5,
        "MISSING": 6,
        "CONFLICT": 7,
        "UNAVAILABLE": 8,
        "BUG": 70,
        "INTERRUPTED": 130,
    }
    assert set(MEANINGS) == set(Exit)
    assert set(BY_KIND) == {kind.value for kind in Kind}


@pytest.mark.slow
@pytest.mark.requirement("DX-06")
def test_every_error_says_what_to_do() -> None:
    generator = _script("generate_errors")
    found = generator.errors()
    assert [code for code, one in found.items() if len(one.advice.split()) < 2] == []
    assert [code for code, one in found.items() if one.advice[-1:] not in {".", "?", "…"}] == []
    sites = list(generator.sites())
    assert len(sites) > 150
    assert [one for one in sites if not one.advised] == []
    assert {one.code for one in sites} <= set(found)


@pytest.mark.slow
def test_every_error_code_is_found_with_its_kind() -> None:
    found = _script("generate_errors").errors()
    assert found["workflow_missing"].kind == "missing"
    assert found["budget_exceeded"].kind == "denied"
    assert found["model_rate_limited"].kind == "limited"
    assert found["yaml_broken"].kind == "invalid"
    assert found["key_reused"].kind == "conflict"
    assert len(found) > 100
