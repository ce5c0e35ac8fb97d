"""Runs, approvals, steps and exports that are not what is meant."""

import gzip
import zlib

import pytest

from kapell.cli.exits import Exit
from tests.integration.bad_input.refusals import others_go_on, refused, refused_as_json
from tests.integration.cli.desk import Desk

ASKING = "name: asking\nsteps: [{id: ask, approval: {title: 'Send it?'}}]\n"


@pytest.mark.requirement("AP-03", "WF-08")
@pytest.mark.parametrize(
    "words",
    [
        ["show"],
        ["events"],
        ["watch"],
        ["cancel"],
        ["resume"],
        ["restart"],
        ["retry"],
        ["fork"],
        ["export"],
    ],
)
def test_a_run_nobody_knows(words: list[str], desk: Desk) -> None:
    for ref in ("nope", "%", "_" * 26, "last"):
        refused(desk.call("runs", *words, ref), Exit.MISSING, "run_unknown")
    desk.ok("run", "fine")
    desk.ok("run", "fine")
    refused(desk.call("runs", *words, "01"), Exit.INVALID, "run_ambiguous")
    assert len(desk.ok("runs", "list", "--json").document()) == 2


@pytest.mark.requirement("WF-11")
def test_answers_that_do_not_fit(desk: Desk) -> None:
    desk.write("asking.yaml", ASKING)
    assert desk.call("run", "asking.yaml").code == Exit.WAITING
    answer = ("approvals", "answer", "last")
    refused(desk.call(*answer, "nowhere", "--approve"), Exit.MISSING, "approval_unknown")
    refused(desk.call(*answer, "ask"), Exit.INVALID, "answer_missing")
    edit = desk.call(*answer, "ask", "--approve", "--edit", "text=x")
    refused(edit, Exit.INVALID, "approval_edit")
    desk.ok(*answer, "ask", "--approve")
    for _ in range(2):
        # Before the run has read the first answer, and after.
        again = desk.call(*answer, "ask", "--reject")
        refused(again, Exit.CONFLICT, "approval_answered")
        desk.call("runs", "resume", "last")
    (run,) = desk.ok("runs", "list", "--json").document()
    shown = desk.ok("runs", "show", run["run_id"], "--json").document()
    assert shown["output"]["approved"] is True


@pytest.mark.requirement("DX-08", "WF-08")
def test_what_an_ended_run_cannot_do(desk: Desk) -> None:
    desk.ok("run", "fine")
    cases = {
        ("fork", "last", "--at", "nowhere"): (Exit.MISSING, "step_unknown"),
        ("fork", "last", "--at", "999999"): (Exit.INVALID, "event_number"),
        ("cancel", "last"): (Exit.CONFLICT, "run_ended"),
        ("signal", "last", "paid"): (Exit.CONFLICT, "run_ended"),
        ("retry", "last"): (Exit.MISSING, "dead_letter_unknown"),
        ("repair", "last", "a", "--output", "1"): (Exit.MISSING, "dead_letter_unknown"),
        ("merge", "last", "last"): (Exit.CONFLICT, "merge_foreign"),
    }
    told = {words: desk.call("runs", *words) for words in cases}
    for words, (code, name) in cases.items():
        refused(told[words], code, name)
    assert len(desk.ok("runs", "list", "--json").document()) == 1


@pytest.mark.requirement("DX-07")
@pytest.mark.parametrize(
    ("name", "body", "code", "error"),
    [
        ("noise.kapell", bytes(range(256)) * 20, Exit.INVALID, "export_broken"),
        ("empty.kapell", b"", Exit.INVALID, "export_broken"),
        ("object.kapell", b"{}", Exit.INVALID, "export_broken"),
        ("folder", None, Exit.INVALID, "file_unusable"),
        ("missing.kapell", None, Exit.MISSING, "file_missing"),
    ],
)
def test_an_import_of_garbage(
    name: str, body: bytes | None, code: Exit, error: str, desk: Desk
) -> None:
    (desk.folder / "folder").mkdir()
    if body is not None:
        desk.write(name, body)
    refused(desk.call("runs", "import", name), code, error)
    refused_as_json(desk.call("runs", "import", name, "--json"), code, error)
    assert desk.ok("runs", "list", "--json").document() == []
    others_go_on(desk)


@pytest.mark.slow
@pytest.mark.requirement("DX-07")
def test_an_export_that_is_cut_short(desk: Desk) -> None:
    desk.ok("run", "fine")
    file = desk.folder / desk.ok("runs", "export", "last").out.strip()
    whole = file.read_bytes()
    file.write_bytes(whole + b"more")
    refused(desk.call("runs", "import", str(file)), Exit.INVALID, "export_broken")
    for kept in (10, len(whole) // 2, len(whole) - 8, len(whole) - 1):
        file.write_bytes(whole[:kept])
        refused(desk.call("runs", "import", str(file)), Exit.INVALID, "export_broken")
    # Behind the header nearly every bit matters; the few that pad say nothing and harm nothing.
    refusals = 0
    for place in range(10, len(whole), len(whole) // 40):
        spoiled = bytearray(whole)
        spoiled[place] ^= 1
        file.write_bytes(spoiled)
        if _same(spoiled, whole):
            refused(desk.call("runs", "import", str(file)), Exit.CONFLICT, "run_exists")
        else:
            refused(desk.call("runs", "import", str(file)), Exit.INVALID, "export_broken")
            refusals += 1
    assert refusals > 30
    assert len(desk.ok("runs", "list", "--json").document()) == 1


def _same(spoiled: bytes | bytearray, whole: bytes) -> bool:
    """Say whether two exports unpack to the same."""
    try:
        return gzip.decompress(spoiled) == gzip.decompress(whole)
    except (OSError, EOFError, zlib.error):
        return False
