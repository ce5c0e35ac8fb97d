"""Lists stay short and whole when there are very many runs."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.integration.cli.desk import Desk
from tests.integration.cli.terminal import Terminal

MANY = 10_000
COPY = """
INSERT INTO runs
SELECT {columns} FROM runs AS one, (
    WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < {last})
    SELECT n FROM numbers
)
"""


def _multiply(path: Path) -> None:
    """Let the one run of a database be older than ten thousand others."""
    with closing(sqlite3.connect(path)) as connection, connection:
        names = [row[1] for row in connection.execute("PRAGMA table_info(runs)")]
        made = {
            "run_id": "printf('zz%08d', n)",
            "workflow": "CASE n % 2 WHEN 0 THEN 'even' ELSE 'odd' END",
            "status": "CASE WHEN n = 0 THEN 'failed' ELSE status END",
        }
        columns = ", ".join(made.get(name, f'"{name}"') for name in names)
        connection.execute(COPY.format(columns=columns, last=MANY - 2))


@pytest.mark.slow
@pytest.mark.requirement("WF-08", "AP-03")
def test_ten_thousand_runs_are_listed_page_by_page(desk: Desk) -> None:
    desk.write("w.yaml", "name: w\nsteps: [{id: a, set: {v: 1}}]\n")
    desk.ok("run", "w.yaml")
    _multiply(desk.folder / ".kapell" / "kapell.db")
    first = desk.ok("runs", "list")
    assert len(first.out.splitlines()) == 21
    assert first.err == "There are older ones: add --before zz00009979\n"
    second = desk.ok("runs", "list", "--before", "zz00009979", "--json").document()
    assert [one["run_id"] for one in second[:2]] == ["zz00009978", "zz00009977"]
    assert len(second) == 20
    seen: list[str] = []
    words: list[str] = []
    while page := desk.ok("runs", "list", "--limit", "1000", "--json", *words).document():
        seen += [one["run_id"] for one in page]
        words = ["--before", page[-1]["run_id"]]
    assert len(seen) == len(set(seen)) == MANY
    failed = desk.ok("runs", "list", "--status", "failed")
    assert len(failed.out.splitlines()) == 2, "the last of all is found"
    assert failed.err == ""
    odd = desk.ok("runs", "list", "--workflow", "odd", "--limit", "1", "--before", "zz00000003")
    assert odd.out.splitlines()[1].split()[:2] == ["zz00000001", "odd"]
    assert odd.err == ""
    assert desk.ok("runs", "list", "--workflow", "w").err == ""
    assert "no such runs" in desk.ok("runs", "list", "--before", seen[-1]).err


TREE = """\
name: tidy-the-catalogue
steps:
  - id: products
    for_each: [1, 2, 3]
    on_item_error: collect
    steps: [{id: description, tool: file.read, with: {path: nowhere.txt}}]
"""


@pytest.mark.slow
@pytest.mark.requirement("WF-08", "AP-03")
@pytest.mark.parametrize("columns", [40, 60, 100, 200])
def test_tables_fit_the_terminal_and_pipes_get_a_line_for_each(columns: int, desk: Desk) -> None:
    desk.write("w.yaml", TREE)
    desk.ok("run", "w.yaml")
    (found,) = desk.ok("runs", "list", "--json").document()
    shown = {"COLUMNS": str(columns)}

    listed = Terminal(desk.folder, "runs", "list", environment=shown)
    assert listed.end() == 0
    assert max(map(len, listed.text.splitlines())) <= columns
    words = (found["run_id"], found["workflow"], "succeeded", found["created_at"][:10], "$0.00")
    assert all(word in listed.text for word in words)
    assert ("RUN" in listed.text) == (columns >= 100), "heads need room for what is below them"

    whole = Terminal(desk.folder, "runs", "show", environment=shown)
    assert whole.end() == 0
    tree = whole.text.partition("inputs none")[2].rpartition("succeeded  " + found["run_id"])[0]
    assert max(map(len, tree.splitlines())) <= columns
    names = [line.split()[1] for line in tree.splitlines() if line.lstrip()[:1] in ("✓", "✗")]
    assert names == ["products", "description"]
    assert "3/3" in tree
    assert "3 failed" in tree

    plain = desk.ok("runs", "list").out.splitlines()
    assert [line.split()[0] for line in plain] == ["RUN", found["run_id"]]
