"""A store that may forget its last moments is not given what must not be done twice."""

import pytest

from kapell.cli.exits import Exit
from tests.integration.bad_input.refusals import nothing_begun, others_go_on, refused
from tests.integration.cli.desk import Desk

NORMAL = "model: offline\ndatabase: {durability: normal}\n"
PAYS = """\
name: pays
steps:
  - id: all
    parallel:
      one:
        - id: pay
          tool: http.request
          with: {url: "http://127.0.0.1:9/pay", method: METHOD}
"""


@pytest.mark.requirement("DX-02")
@pytest.mark.parametrize("method", ["POST", "'{{ inputs.how }}'"])
def test_what_must_not_be_repeated_needs_full_durability(desk: Desk, method: str) -> None:
    desk.write("kapell.yaml", NORMAL)
    inputs = "inputs: {how: {type: string, default: GET}}\n"
    desk.write("workflows/pays.yaml", inputs + PAYS.replace("METHOD", method))
    said = refused(desk.call("run", "pays"), Exit.CONFLICT, "durability_too_low")
    assert "'pay'" in said
    assert "durability: full" in said
    nothing_begun(desk)
    others_go_on(desk)


@pytest.mark.requirement("DX-02")
def test_what_may_be_repeated_runs_with_either(desk: Desk) -> None:
    desk.write("kapell.yaml", NORMAL)
    desk.write("workflows/asks.yaml", PAYS.replace("pays", "asks").replace("METHOD", "GET"))
    # The host is not allowed: the step fails, but the run was begun.
    assert "durability_too_low" not in "".join(desk.call("run", "asks")[1:])
    assert len(desk.ok("runs", "list", "--json").document()) == 1
