"""Tables that are none, and files that tools may not touch."""

import os
from pathlib import Path

import pytest

from kapell.cli.exits import Exit
from tests.integration.bad_input.refusals import others_go_on, refused
from tests.integration.cli.desk import Desk

TABLE = """\
name: table
inputs: {rows: {type: file}}
steps:
  - {id: load, tool: table.read, with: {path: "{{ inputs.rows }}"}}
"""
FILES = """\
name: files
inputs: {tool: {type: string}, path: {type: string}}
steps:
  - id: pick
    switch:
      cases:
        - name: read
          when: inputs.tool == 'read'
          steps: [{id: touch, tool: file.read, with: {path: "{{ inputs.path }}"}}]
        - name: write
          when: inputs.tool == 'write'
          steps: [{id: touch, tool: file.write, with: {path: "{{ inputs.path }}", text: hi}}]
        - name: delete
          when: inputs.tool == 'delete'
          steps: [{id: touch, tool: file.delete, with: {path: "{{ inputs.path }}"}}]
        - name: table
          when: inputs.tool == 'table'
          steps: [{id: touch, tool: table.read, with: {path: "{{ inputs.path }}"}}]
"""
BODIES = {
    "noise": (os.urandom(40_000) + b"\0", "file_not_text"),
    "nul": (b"id,text\n1,a\0b\n", "file_not_text"),
    "latin-1": ("id,text\n1,caf\u00e9\n".encode("latin-1"), "file_encoding"),
    "empty": (b"", "table_empty"),
    "open quote": (b'id,text\n1,"abc\n', "table_malformed"),
    "same column": (b"id,id\n1,2\n", "table_header"),
    "ragged": (b"id,text\n1,2,3,4\n", "table_ragged"),
}


@pytest.mark.requirement("WF-12")
@pytest.mark.parametrize("case", BODIES)
def test_a_table_that_is_none(case: str, desk: Desk) -> None:
    body, code = BODIES[case]
    desk.write("workflows/table.yaml", TABLE)
    desk.write("rows.csv", body)
    said = refused(desk.call("run", "table", "-i", "rows=rows.csv"), Exit.FAILED, code)
    assert "--> step load" in said
    assert "rows.csv" in said
    others_go_on(desk)


@pytest.mark.requirement("WF-12")
def test_a_hundred_megabytes(desk: Desk) -> None:
    desk.write("workflows/table.yaml", TABLE)
    desk.write("workflows/files.yaml", FILES)
    rows = desk.folder / "rows.csv"
    with rows.open("wb") as file:
        file.truncate(100_000_000)
    try:
        refused(desk.call("run", "table", "-i", "rows=rows.csv"), Exit.INVALID, "file_too_large")
        assert desk.ok("runs", "list", "--json").document() == []
        for tool in ("table", "read"):
            words = ("-i", f"tool={tool}", "-i", "path=rows.csv")
            said = refused(desk.call("run", "files", *words), Exit.FAILED, "file_too_large")
            assert "tools." in said, "the setting that raises the limit is named"
    finally:
        rows.unlink()
    others_go_on(desk)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/etc/passwd", "path_outside"),
        ("../secret.txt", "path_outside"),
        ("folder/../../secret.txt", "path_outside"),
        ("link", "path_outside"),
        ("linked/secret.txt", "path_outside"),
        ("round", "path_outside"),
        ("n" * 300, "path_outside"),
        ("n/" * 3000 + "n", "path_outside"),
        ("", "tool_arguments"),
        ("folder", "path_is_folder"),
        (".", "path_is_folder"),
    ],
)
@pytest.mark.parametrize("tool", ["read", "write", "delete", "table"])
@pytest.mark.requirement("WF-12")
def test_a_path_that_leads_astray(tool: str, path: str, code: str, desk: Desk) -> None:
    outside = desk.folder.parent / "secret.txt"
    outside.write_text("hush-hush")
    desk.write("workflows/files.yaml", FILES)
    desk.write("folder/x.txt", "mine")
    Path("link").symlink_to(outside)
    Path("linked").symlink_to(outside.parent)
    Path("round").symlink_to("round")
    said = desk.call("run", "files", "-i", f"tool={tool}", "-i", f"path={path}")
    in_folder = tool in ("write", "delete") and path in ("link", "linked/secret.txt", "round")
    if in_folder or (tool == "delete" and path == "folder"):
        # What is written goes into the run's own folder, where no such link is.
        assert said.code in (Exit.OK, Exit.FAILED)
    elif tool == "write" and path == "folder":
        assert said.code == Exit.OK
    else:
        refused(said, Exit.FAILED, code)
    assert "hush-hush" not in said.out + said.err
    assert outside.read_text() == "hush-hush"
    assert Path("folder/x.txt").read_text() == "mine"
    others_go_on(desk)
