"""What every refusal has in common: one error with code, advice and exit code; nothing begun."""

import json
import re

from kapell.cli.exits import Exit
from tests.integration.cli.desk import Desk, Said


def refused(said: Said, code: Exit, name: str, *, advice: bool = True) -> str:
    """Check that exactly one clear error was told; return it."""
    assert said.code == code, said
    assert "Traceback" not in said.err + said.out, said
    assert re.findall(r"^error\[(\w+)\]", said.err, re.M) == [name], said
    if advice:
        told = said.err[said.err.index("error[") :].splitlines()
        assert [line for line in told[1:] if line.startswith("  ") and "-->" not in line], said
    return said.err


def refused_as_json(said: Said, code: Exit, name: str) -> str:
    """Check that the error is one JSON document on standard output; return its message."""
    assert said.code == code, said
    assert said.err == "", said
    told = json.loads(said.out)
    assert [one["code"] for one in told["problems"]] == [name], said
    assert told["error"]["advice"], said
    return str(told["error"]["message"])


def nothing_begun(desk: Desk) -> None:
    """Check that no run is there."""
    assert desk.ok("runs", "list", "--json").document() == []


def others_go_on(desk: Desk) -> None:
    """Check that another workflow runs and the database is whole."""
    desk.ok("run", "fine")
    assert "FAIL" not in desk.ok("db", "check").out
