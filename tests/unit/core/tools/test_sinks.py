"""Which calls carry data out or change anything, and whose words they are given."""

import pytest

from kapell.adapters.tools.specs import builtin_specs
from kapell.core.guardrails.labels import Label
from kapell.core.tools.declaring import declared, reaches, tool
from kapell.core.tools.spec import ToolSpec, accepts, sink

AT_HOME = {"table", "file", "json", "text", "time", "skill", "sql", "code", "shell"}
"""Families of tools whose calls do not leave the machine."""


def test_every_built_in_tool_that_leaves_the_machine_says_so() -> None:
    reaching = {spec.name for spec in builtin_specs() if spec.reaches}
    wanted = {s.name for s in builtin_specs() if s.name.partition(".")[0] not in AT_HOME}
    assert reaching == wanted
    assert all(spec.reaches for spec in builtin_specs() if spec.effects == "external")


@pytest.mark.requirement("GR-06", "TL-06")
@pytest.mark.parametrize(
    ("fields", "label", "taken"),
    [
        ({}, ("web",), True),
        ({"effects": "write"}, ("web",), False),
        ({"effects": "external"}, ("agent", "web"), False),
        ({"effects": "external"}, ("agent", "user"), True),
        ({"reaches": True}, ("web",), False),
        ({"reaches": True}, (), True),
        ({"effects": "external", "accepts": "any"}, ("web",), True),
        ({"accepts": "trusted"}, ("web",), False),
        ({"accepts": ("user",)}, ("author", "user"), True),
        ({"accepts": ("user",)}, ("agent", "user"), False),
        ({"accepts": ("user", "web")}, ("user", "web"), True),
    ],
)
def test_what_a_tool_is_given_has_to_come_from_whom_it_accepts(
    fields: dict[str, object], label: Label, taken: bool
) -> None:
    spec = ToolSpec(name="t", description="", args={}, **fields)  # type: ignore[arg-type]  # by name
    assert accepts(spec, {"a": (), "b": label}) is taken
    assert accepts(spec, {"": label}) is taken, "why a call is made counts as what it is given"


def test_a_sink_changes_something_or_carries_its_arguments_out() -> None:
    assert [spec.name for spec in builtin_specs() if not sink(spec)].count("file.read") == 1
    assert all(
        sink(spec) for spec in builtin_specs() if spec.name in {"web.fetch", "file.write", "notify"}
    )


def test_a_python_tool_reaches_outside_unless_it_says_otherwise() -> None:
    def reaching(**said: object) -> bool:
        found = declared(tool(**said)(lambda: None))  # type: ignore[call-overload]  # by name
        assert found is not None
        return reaches(found.declaration)

    assert reaching()
    assert reaching(effects="read", reaches=True)
    assert not reaching(effects="read")
    assert not reaching(effects="write")
    assert not reaching(effects="external", reaches=False)
