"""Tables fit where they are read, and lose nothing by it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapell.cli.tables import lines_of

HEADS = ("run", "workflow", "took", "")
ROWS = [
    ("01m7yt9y7wjxrfrv87sg5ba7x9", "triage", "11ms", ""),
    ("01m7yt71m2ckqsfcbfh5znxx1z", "b", "1m02s", "file_missing and more to say about it"),
]


def written(width: int | None) -> list[str]:
    return [line.text for line in lines_of(HEADS, ROWS, (2,), width)]


def test_without_a_width_each_row_is_one_line() -> None:
    assert written(None) == [
        "RUN                         WORKFLOW   TOOK",
        "01m7yt9y7wjxrfrv87sg5ba7x9  triage     11ms",
        "01m7yt71m2ckqsfcbfh5znxx1z  b         1m02s  file_missing and more to say about it",
    ]
    assert written(82) == written(None), "it just fits"
    assert [line.strong for line in lines_of(HEADS, ROWS, (2,))] == [True, False, False]


@pytest.mark.parametrize("width", [69, 81])
def test_a_text_at_the_end_gets_lines_of_its_own(width: int) -> None:
    lines = written(width)
    assert lines[:2] == written(None)[:2]
    assert lines[2].startswith("01m7yt71m2ckqsfcbfh5znxx1z  b         1m02s  file_missing and")
    assert lines[3].startswith(" " * 45), "below where it began"
    assert " ".join(" ".join(lines).split()) == " ".join(" ".join(written(None)).split())


def test_where_there_is_little_room_rows_go_downwards() -> None:
    assert written(68) == [
        "01m7yt9y7wjxrfrv87sg5ba7x9",
        "  triage  took 11ms",
        "01m7yt71m2ckqsfcbfh5znxx1z",
        "  b  took 1m02s  file_missing and more to say about it",
    ]
    assert written(30) == [
        "01m7yt9y7wjxrfrv87sg5ba7x9",
        "  triage  took 11ms",
        "01m7yt71m2ckqsfcbfh5znxx1z",
        "  b  took 1m02s",
        "  file_missing and more to say",
        "  about it",
    ]
    assert [line.strong for line in lines_of(HEADS, ROWS, (2,), 68)] == [True, False, True, False]


def test_what_is_inside_stays_inside() -> None:
    rows = [("✓ outer", "succeeded", "1"), ("  ✗ inner", "dead", "2")]
    lines = [line.text for line in lines_of(("step", "state", "items"), rows, (2,), 18)]
    assert lines == [
        "✓ outer",
        "  succeeded",
        "  items 1",
        "  ✗ inner",
        "    dead  items 2",
    ]


def test_a_table_of_nothing_is_its_heads() -> None:
    assert [line.text for line in lines_of(("a", "b"), [], (), 40)] == ["A  B"]


CELL = st.text("ab c.", max_size=30).map(lambda text: " ".join(text.split()))


@given(st.lists(st.tuples(CELL, CELL, CELL, CELL), max_size=4), st.integers(1, 120))
def test_no_cell_is_lost_and_lines_fit_where_words_do(
    rows: list[tuple[str, ...]], width: int
) -> None:
    lines = [line.text for line in lines_of(("one", "two", "three", "four"), rows, (1,), width)]
    written = "".join("".join(lines).split())
    for row in rows:
        for cell in row:
            assert "".join(cell.split()) in written
    assert all(len(line) <= max(width, 34) for line in lines)
