"""Every code block of README and docs does what the page says it does."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from scripts import generate_cli
from tests.docs.blocks import BadBlock, Block, read_page
from tests.docs.running import Page

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "examples").rglob("README.md")),
]
GENERATED = {generate_cli.PAGE}
"""Pages that another test holds equal, letter by letter, to what the program says of itself."""


def _left_out() -> Iterator[Block]:
    for page in (page for page in PAGES if page not in GENERATED):
        with suppress(BadBlock):  # the page's own test below tells which
            yield from (block for block in read_page(ROOT, page) if block.reason is not None)


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_block_of_the_page_says_how_it_runs(page: Path) -> None:
    assert all(block.page == _name(page) for block in read_page(ROOT, page))


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_block_of_the_page_does_what_it_says(page: Path, tmp_path: Path) -> None:
    shared = Page(tmp_path)
    for block in read_page(ROOT, page):
        shared.check(block)


@pytest.mark.parametrize("block", list(_left_out()), ids=lambda block: block.place)
def test_a_block_left_out_says_why(block: Block) -> None:
    assert block.reason
    pytest.skip(f"{block.place} is not run: {block.reason}")
