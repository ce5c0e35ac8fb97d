"""Inputs, options and references that do not fit."""

import os

import pytest

from kapell.cli.exits import Exit
from tests.integration.bad_input.refusals import nothing_begun, refused, refused_as_json
from tests.integration.cli.desk import Desk

TYPED = """\
name: typed
inputs:
  n: {type: integer}
  tone: {type: string, enum: [formal, friendly], default: formal}
  rows: {type: file, default: null}
steps: [{id: a, set: {v: "{{ inputs.n }}"}}]
"""
FREE = "name: free\nsteps: [{id: a, set: {v: '{{ inputs.x }}'}}]\n"


@pytest.fixture
def typed(desk: Desk) -> Desk:
    desk.write("workflows/typed.yaml", TYPED)
    desk.write("workflows/free.yaml", FREE)
    desk.write("folder/x.txt", "x")
    desk.write("list.yaml", "[1, 2]")
    desk.write("open.yaml", "n: {")
    desk.write("noise.yaml", os.urandom(2000) + b"\xff")
    desk.write("twice.yaml", "n: 1\nn: 2\n")
    os.mkfifo(desk.folder / "pipe")
    return desk


BROKEN_BUDGET = (Exit.INVALID, "budget_broken")
WRONG = {
    "type": (["-i", "n=abc"], Exit.INVALID, "input_wrong"),
    "fraction": (["-i", "n=1.5"], Exit.INVALID, "input_wrong"),
    "choice": (["-i", "n=1", "-i", "tone=freindly"], Exit.INVALID, "input_wrong"),
    "unknown": (["-i", "n=1", "-i", "m=1"], Exit.INVALID, "input_unknown"),
    "missing": ([], Exit.INVALID, "input_missing"),
    "no value": (["-i", "n"], Exit.INVALID, "input_broken"),
    "no name": (["-i", "=1"], Exit.INVALID, "input_broken"),
    "no file": (["-i", "n=1", "-i", "rows=no.csv"], Exit.MISSING, "file_missing"),
    "folder": (["-i", "n=1", "-i", "rows=folder"], Exit.INVALID, "file_unusable"),
    "pipe": (["-i", "n=1", "-i", "rows=pipe"], Exit.INVALID, "file_unusable"),
    "device": (["-i", "n=1", "-i", "rows=/dev/zero"], Exit.INVALID, "file_unusable"),
    "no params": (["--params", "no.yaml"], Exit.MISSING, "file_missing"),
    "list of params": (["--params", "list.yaml"], Exit.INVALID, "not_a_mapping"),
    "open params": (["--params", "open.yaml"], Exit.INVALID, "yaml_broken"),
    "noisy params": (["--params", "noise.yaml"], Exit.INVALID, "encoding_broken"),
    "params twice": (["--params", "twice.yaml"], Exit.INVALID, "duplicate_key"),
    "params nowhere": (["--params", "folder"], Exit.INVALID, "input_broken"),
    "budget": (["-i", "n=1", "--budget-usd", "nan"], *BROKEN_BUDGET),
    "negative budget": (["-i", "n=1", "--budget-usd", "-1"], *BROKEN_BUDGET),
    "endless budget": (["-i", "n=1", "--budget-usd", "inf"], *BROKEN_BUDGET),
    "huge budget": (["-i", "n=1", "--budget-usd", "1e300"], *BROKEN_BUDGET),
    "budget of 20 digits": (["-i", "n=1", "--budget-usd", "9" * 20], *BROKEN_BUDGET),
    "budget with a comma": (["-i", "n=1", "--budget-usd", "0,5"], *BROKEN_BUDGET),
    "budget with an underscore": (["-i", "n=1", "--budget-usd", "1_0"], *BROKEN_BUDGET),
    "no budget": (["-i", "n=1", "--budget-usd", ""], *BROKEN_BUDGET),
    "delay": (["-i", "n=1", "--delay", "soon"], Exit.INVALID, "span_broken"),
    "long delay": (["-i", "n=1", "--delay", "1000000000d"], Exit.INVALID, "span_too_long"),
    "priority": (["-i", "n=1", "--priority", "9" * 20], Exit.INVALID, "usage"),
    "option": (["-i", "n=1", "--nope"], Exit.INVALID, "usage"),
    "model": (["-i", "n=1", "--model", "opnai:gpt-5"], Exit.MISSING, "model_unknown"),
    "model alone": (["-i", "n=1", "--model", "cheapp"], Exit.MISSING, "model_unknown"),
    "key": (["-i", "n=1", "--key", "\udcff"], Exit.INVALID, "text_refused"),
}


@pytest.mark.requirement("WF-01", "AP-03")
@pytest.mark.parametrize("case", WRONG)
def test_a_run_that_is_asked_for_wrongly(case: str, typed: Desk) -> None:
    words, code, name = WRONG[case]
    told = refused(typed.call("run", "typed", *words), code, name)
    said = refused_as_json(typed.call("run", "typed", *words, "--json"), code, name)
    assert said in told, "people and programs are told the same"
    nothing_begun(typed)


@pytest.mark.requirement("WF-01", "AP-03")
def test_what_is_no_number_in_parameters_hides_nothing_else(typed: Desk) -> None:
    typed.write("p.yaml", "n: .inf\ntone: [.nan]\nm: 1\nx: 1e999\nx: 2\n")
    typed.write("q.yaml", "tone: freindly\nrows: -.inf\n")

    def told(*words: str) -> list[tuple[str, int | None]]:
        said = typed.call("run", *words, "--json")
        assert said.code == Exit.INVALID, said
        return [
            (one["code"], one["place"] and one["place"]["line"])
            for one in said.document()["problems"]
        ]

    bad = [("number_refused", 1), ("number_refused", 2), ("number_refused", 4)]
    twice = [("duplicate_key", 5)]
    unknown = [("input_unknown", None)]
    assert told("typed", "--params", "p.yaml") == [*bad, *twice, *unknown, *unknown]
    more = ["--params", "q.yaml", "-i", "n=few"]
    wrong = [("input_wrong", None)]
    assert told("typed", "--params", "p.yaml", *more) == [
        *bad, *twice, ("number_refused", 2), *unknown, *unknown, *wrong, *wrong
    ]  # fmt: skip
    assert told("free", "--params", "p.yaml") == [*bad, *twice]
    nothing_begun(typed)


@pytest.mark.slow
def test_bytes_that_are_no_text(typed: Desk) -> None:
    odd = os.fsdecode(b"m\xff.csv")
    refused(typed.run("run", "free", "-i", f"x={odd}"), Exit.INVALID, "input_wrong")
    refused(typed.run("runs", "show", odd), Exit.INVALID, "text_refused")
    nothing_begun(typed)
    # The name of a file is another thing: whatever the disk takes is good.
    typed.write(odd, "a\n1\n")
    shown = typed.ok("run", "typed", "-i", "n=1", "-i", f"rows={odd}", "--json").document()
    assert shown["inputs"]["rows"]["name"] == "m\ufffd.csv"


def test_the_same_key_for_something_else(typed: Desk) -> None:
    typed.ok("run", "typed", "-i", "n=1", "--key", "k")
    said = typed.call("run", "typed", "-i", "n=2", "--key", "k")
    refused(said, Exit.CONFLICT, "key_reused")
    assert len(typed.ok("runs", "list", "--json").document()) == 1


@pytest.mark.parametrize("words", [["nope"], ["runs", "nope"], ["run"], ["--workspace"]])
def test_words_that_are_no_command(words: list[str], desk: Desk) -> None:
    refused(desk.call(*words), Exit.INVALID, "usage", advice=False)
    said = desk.call("--json", *words)
    assert said.code == Exit.INVALID
    assert said.document()["error"]["code"] == "usage"
    assert said.err == ""
