"""What an agent's list of tools means, and when a call may be made twice."""

import pytest

from kapell.core.tools.spec import ToolSpec, chosen, repeatable
from kapell.kit.json import Json

NAMES = ("file.read", "file.write", "runtime.python", "runtime.tmux", "table.read")


@pytest.mark.requirement("TL-06")
@pytest.mark.parametrize(
    ("wanted", "meant"),
    [
        (["file.*"], ("file.read", "file.write")),
        (["table.read", "file.read", "table.*"], ("file.read", "table.read")),
        (["nothing"], ()),
        # What names programs and modules is for versions alone, whatever an agent asks for.
        (["*"], ("file.read", "file.write", "table.read")),
        (["runtime.*", "runtime.python"], ()),
    ],
)
def test_a_list_means_families_and_never_what_only_versions_call(
    wanted: list[str], meant: tuple[str, ...]
) -> None:
    assert chosen(NAMES, wanted) == meant


@pytest.mark.parametrize(
    ("args", "expected"),
    [({}, True), ({"method": "GET"}, True), ({"method": "POST"}, False), (None, True)],
)
def test_a_call_may_be_made_twice_when_its_arguments_say_so(args: Json, expected: bool) -> None:
    spec = ToolSpec(
        name="t",
        description="",
        args={},
        repeatable=False,
        repeatable_when={"method": ("GET", None)},
    )
    assert repeatable(spec, args) is expected
