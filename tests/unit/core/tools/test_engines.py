"""Cells of databases as JSON: what a number says survives, whichever engine it came from."""

import datetime
from decimal import Decimal

import pytest

from kapell.core.tools.engines import cell, config, locks


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal("12.50"), 12.5),
        (Decimal("5"), 5),
        (Decimal("12345678901234567.123"), "12345678901234567.123"),
        (Decimal("1E+400"), "1E+400"),
        (Decimal("NaN"), None),
        (2**62, 2**62),
        (2**100, str(2**100)),
        (Decimal(2**63), str(2**63)),
        (float("inf"), None),
        (True, True),
        (b"\x00\xff", "AP8="),
        (datetime.timedelta(minutes=2), 120.0),
        (datetime.date(2026, 1, 2), "2026-01-02"),
        ({"a": [Decimal("0.1"), {1}]}, {"a": [0.1, [1]]}),
    ],
)
def test_a_cell_is_what_json_can_hold_and_nothing_is_rounded(
    value: object, expected: object
) -> None:
    found = cell(value)
    assert (found, type(found)) == (expected, type(expected))


def test_a_folder_cannot_write_settings_of_its_own() -> None:
    assert locks("/tmp/it's")[0] == "SET allowed_directories = ['/tmp/it''s/']"  # noqa: S108 - text
    assert config(1)["memory_limit"] == "32MiB"
