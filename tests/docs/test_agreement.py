"""Pages agree with what they point at: links, headings, exit codes, numbers of things."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from kapell.cli.exits import MEANINGS
from scripts import examples

ROOT = Path(__file__).parents[2]
PAGES = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *ROOT.glob("*/README.md"),
    *sorted((ROOT / "examples").glob("*/README.md")),
]
AFTER_A_RUN = {ROOT / "docs/reference/traceability.md"}
"""Written by `make docs` from the results of a whole run of the suite."""

_LINK = re.compile(r"\]\(([^)\s]+)\)")
_WORDS = {
    15: "fifteen",
    16: "sixteen",
    17: "seventeen",
    18: "eighteen",
    19: "nineteen",
    20: "twenty",
    21: "twenty-one",
}


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def _anchors(page: Path) -> Iterator[str]:
    """Yield the names that headings of a page are linked by."""
    for heading in re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE):
        plain = re.sub(r"[^\w\- ]", "", heading.lower())
        yield plain.replace(" ", "-")


def _broken(page: Path) -> Iterator[str]:
    for link in _LINK.findall(page.read_text("utf-8")):
        target, _, anchor = link.partition("#")
        if target.startswith(("http://", "https://")):
            continue
        path = (page.parent / target).resolve() if target else page
        if path in AFTER_A_RUN:
            continue
        if not path.exists() or (anchor and anchor not in _anchors(path)):
            yield link


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_lead_somewhere(page: Path) -> None:
    assert not list(_broken(page))


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# Here it is\n[a](#here-it-is) [b](#there) [c](none.md) [d](page.md)\n", "utf-8"
    )
    assert list(_broken(page)) == ["#there", "none.md"]


def test_every_page_can_be_found_from_the_first() -> None:
    seen: set[Path] = set()
    ahead = [ROOT / "README.md"]
    while ahead:
        page = ahead.pop()
        if page in seen or page.suffix != ".md" or not page.is_file():
            continue
        seen.add(page)
        links = (link.partition("#")[0] for link in _LINK.findall(page.read_text("utf-8")))
        ahead += [(page.parent / link).resolve() for link in links if link and "://" not in link]
    lost = {page for page in (ROOT / "docs").rglob("*.md")} - seen - AFTER_A_RUN
    assert not sorted(map(_name, lost))


def test_the_page_of_exit_codes_names_them_all() -> None:
    page = (ROOT / "docs/how-to/use-exit-codes.md").read_text("utf-8")
    told = [int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)]
    assert told == [int(code) for code in MEANINGS]


def test_the_readme_counts_the_examples() -> None:
    count = len(examples.find(ROOT / "examples"))
    assert f"[{_WORDS[count]} examples](examples/README.md)" in (ROOT / "README.md").read_text(
        "utf-8"
    )


def test_every_page_is_listed() -> None:
    docs = ROOT / "docs"
    first = (docs / "README.md").read_text("utf-8")
    pages = [*(docs / "how-to").glob("*.md"), *(docs / "explanation").glob("*.md")]
    assert [str(one) for one in pages if f"({one.relative_to(docs)})" not in first] == []
    records = (docs / "decisions" / "README.md").read_text("utf-8")
    written = sorted((docs / "decisions").glob("0*.md"))
    assert [one.name for one in written if f"({one.name})" not in records] == []
