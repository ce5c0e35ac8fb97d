"""The catalogue of built-in tools: complete, true to its schemas, and cheap to load."""

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import jsonschema_rs
import pytest
from pydantic import BaseModel

from kapell.adapters import tools
from kapell.adapters.tools.options import ToolOptions
from kapell.adapters.tools.registry import builtin_tools
from kapell.adapters.tools.specs import SPECS, builtin_specs
from kapell.core.tools.spec import repeatable
from kapell.kit.json import Json
from kapell.settings.tools import ToolSettings
from tests.integration.tools.world import World

NAMES = [
    "code.run",
    "file.delete",
    "file.list",
    "file.read",
    "file.search",
    "file.write",
    "github.close_issue",
    "github.create_issue",
    "github.list_assigned",
    "github.project_status",
    "github.update_issue",
    "http.request",
    "json.query",
    "mail.send",
    "notify",
    "shell.run",
    "skill.load",
    "sql.query",
    "table.read",
    "table.write",
    "text.count",
    "text.diff",
    "text.extract",
    "text.replace",
    "text.split",
    "text.truncate",
    "time.now",
    "web.fetch",
    "web.search",
]


@pytest.mark.requirement("WF-12")
def test_every_tool_of_the_catalogue_can_be_called_and_the_other_way_round() -> None:
    tools = builtin_tools(ToolOptions())
    assert sorted(tools) == NAMES
    assert {name: tool.spec for name, tool in tools.items()} == SPECS
    assert tuple(SPECS.values()) == builtin_specs()


def test_every_schema_is_one_and_every_tool_is_described() -> None:
    for spec in builtin_specs():
        assert spec.description
        for schema in (spec.args, spec.returns):
            if schema is not None:
                assert isinstance(schema, dict)
                jsonschema_rs.meta.validate(schema)


def test_only_requests_that_change_things_must_not_be_repeated() -> None:
    never = {spec.name for spec in builtin_specs() if not repeatable(spec, {})}
    assert never == {"github.create_issue", "mail.send"}
    for spec in builtin_specs():
        assert spec.effects == "external" or repeatable(spec, {"comment": "x", "method": "POST"})
    http = next(spec for spec in builtin_specs() if spec.name == "http.request")
    for method, expected in (("GET", True), ("HEAD", True), ("POST", False), ("DELETE", False)):
        assert repeatable(http, {"method": method}) is expected


async def test_results_are_what_the_catalogue_says(world: World) -> None:
    (world.workspace / "t.csv").write_text("a\n1\n")
    calls: Mapping[str, Json] = {
        "table.read": {"path": "t.csv"},
        "table.write": {"path": "o.csv", "rows": [{"a": 1}]},
        "file.read": {"path": "t.csv"},
        "file.write": {"path": "o.txt", "text": "x"},
        "file.delete": {"path": "o.txt"},
    }
    specs = {spec.name: spec for spec in builtin_specs()}
    for name, args in calls.items():
        output = (await world.result(name, args)).output
        schema = specs[name].returns
        assert isinstance(schema, dict)
        assert jsonschema_rs.is_valid(schema, output), name


def test_advice_names_settings_that_exist() -> None:
    folder = Path(tools.__file__).parent
    setting = re.compile(r"(?<![\w.])tools\.([a-z]+)\.([a-z_]+)")
    areas: dict[str, type[BaseModel]] = {
        name: field.annotation
        for name, field in ToolSettings.model_fields.items()
        if isinstance(field.annotation, type)
    }
    named = {
        (found[1], found[2])
        for path in folder.rglob("*.py")
        for found in setting.finditer(path.read_text())
    }
    assert {("http", "allow"), ("web", "allow"), ("search", "provider")} <= named
    for area, name in named:
        assert name in areas[area].model_fields, f"tools.{area}.{name}"


def test_the_catalogue_loads_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "from kapell.adapters.tools.specs import builtin_specs\n"
        "assert builtin_specs()\n"
        "heavy = {'httpx', 'jmespath', 'asyncio', 'csv', 'jsonschema_rs', 'ssl', 'hashlib'}\n"
        "print(sorted(heavy & set(sys.modules) - set(sys.argv[1].split(','))))\n"
    )
    kit = "import sys, kapell.core.tools.spec; print(','.join(sys.modules))"
    known = _python(kit)
    assert _python(script, known) == "[]"


def test_tools_load_no_http_client_before_one_asks() -> None:
    script = "import sys, kapell.adapters.tools.registry; print('httpx' in sys.modules)"
    assert _python(script) == "False"


def _python(script: str, *args: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script, *args], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()
