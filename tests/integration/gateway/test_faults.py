"""Every fault on every wire, whole and streamed, alone and in a route: as the page says."""

import pytest

from scripts import generate_faults


@pytest.mark.slow
@pytest.mark.requirement("LG-04")
async def test_the_page_says_what_every_fault_looks_like_on_every_wire() -> None:
    written = generate_faults.PAGE.read_text("utf-8")
    rows = await generate_faults.measured()
    assert len(rows) == len(generate_faults.SAID)
    assert written == generate_faults.page(written, rows), "run scripts/generate_faults.py"
