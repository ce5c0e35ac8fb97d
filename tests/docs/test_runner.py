"""The runner of documentation blocks finds what is wrong, and lets nothing pass unseen."""

from pathlib import Path

import pytest

from tests.docs.blocks import BadBlock, read_blocks
from tests.docs.running import BlockFailed, Page, matches


def _check(folder: Path, *texts: str) -> None:
    page = Page(folder)
    for block in read_blocks("page.md", "\n\n".join(texts)):
        page.check(block)


def _fence(info: str, text: str) -> str:
    return f"```{info}\n{text}\n```"


def test_blocks_of_a_page_share_a_folder_and_run_in_order(tmp_path: Path) -> None:
    _check(
        tmp_path,
        _fence("json {file=data/a.json}", '{"a": 1}'),
        _fence("bash", "grep -q a data/a.json\ncp data/a.json b.json"),
        _fence("python", "import json\nassert json.load(open('b.json')) == {'a': 1}"),
        _fence("console", '$ cat b.json\n{"a": 1}\n$ ls \\\n> data\na.json'),
        _fence("console {workspace=other}", "$ ls | wc -l\n0"),
    )


def test_the_output_shown_is_compared() -> None:
    assert matches(("run ... done", "...", "cost 0"), "run r-17 done\na\nb\ncost 0  \n\n")
    assert matches(("...", "end"), "end\n")
    assert not matches(("run ... done",), "run r-17 failed\n")
    assert not matches(("one",), "one\ntwo\n")
    assert not matches(("a...b",), "a\nb\n")


def test_a_value_of_one_block_serves_the_next(tmp_path: Path) -> None:
    _check(
        tmp_path,
        _fence('console {capture="RUN:run ([a-z0-9]+)"}', "$ echo run r17 started"),
        _fence("console", '$ echo "$RUN"\nr17'),
    )


@pytest.mark.parametrize(
    ("info", "text", "why"),
    [
        ("bash", "true\nfalse\ntrue", "ended with 1, not 0"),
        ("bash {exit=3}", "exit 4", "ended with 4, not 3"),
        ("console", "$ echo one\ntwo", "it said\none"),
        ("console", "$ false\n$ true", "ended with 1, not 0"),
        ("console", "echo one", "starts with a line"),
        ("python", "raise ValueError('odd')", "ValueError: odd"),
        ("json", "{'a': 1}", "is not json"),
        ("toml", "a = ", "is not toml"),
        ("yaml {kind=data}", "a: [", "is not yaml"),
        ("markdown", "# A", "say where it goes"),
        ("json {file=../out.json}", "{}", "inside the workspace"),
        ("console {capture=RUN:r[0-9]+}", "$ echo none", "nothing in its output matches"),
    ],
)
def test_a_block_that_fails_is_named(info: str, text: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(BlockFailed) as failed:
        _check(tmp_path, "# Page", _fence(info, text))
    assert str(failed.value).startswith("page.md:3: ")
    assert why in str(failed.value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (_fence("", "anything"), "'no language' cannot be run"),
        (_fence("text", "anything"), "'text' cannot be run"),
        (_fence("bash exit=2", "exit 2"), "stand in braces"),
        (_fence("bash {exti=2}", "exit 2"), "unknown option 'exti'"),
        (_fence("bash {norun}", "true"), "norun needs a reason"),
        (_fence('bash {norun reason=" "}', "true"), "norun needs a reason"),
        (_fence("yaml {kind=flow}", "a: 1"), "kind is one of"),
        ("    indented", "indented code is never run"),
    ],
)
def test_a_block_that_would_be_skipped_is_refused(text: str, why: str) -> None:
    with pytest.raises(BadBlock, match=r"page\.md:3: ") as refused:
        read_blocks("page.md", f"# Page\n\n{text}\n")
    assert why in str(refused.value)


def test_a_block_with_a_reason_is_left_out(tmp_path: Path) -> None:
    text = _fence('bash {norun reason="needs a key"}', "exit 1")
    (block,) = read_blocks("page.md", text)
    assert block.reason == "needs a key"
    _check(tmp_path, text)
