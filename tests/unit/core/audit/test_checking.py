"""Whatever is changed in a record or in the log it tells of is found, and found at its place."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapell.core.audit.anchor import Anchor, Sealed
from kapell.core.audit.checking import Checker, Fault
from kapell.core.audit.logged import LogRow
from kapell.core.audit.record import Entry, Head, chained, hash_of
from kapell.kit.json import Digest
from tests.unit.core.audit.chains import T, record

pytestmark = pytest.mark.requirement("GR-03")


def checked(entries: Sequence[Entry], rows: Sequence[LogRow]) -> list[Fault]:
    """Return what verification finds."""
    checker, reached = Checker(), 0
    for entry in entries:
        events = [one for one in rows if reached < one.position <= entry.position]
        checker.take(entry, events)
        reached = max(reached, entry.position)
    checker.finish([one for one in rows if one.position > reached])
    return checker.faults


def rewritten(entries: Sequence[Entry], at: int, **changes: object) -> list[Entry]:
    """Return a chain changed at a place and made anew from there, as who knows our code would."""
    made = list(entries[:at])
    head = Head(seq=at, hash=made[-1].hash) if made else Head()
    for number, entry in enumerate(entries[at:]):
        act = msgspec.structs.replace(entry.act, **(changes if number == 0 else {}))
        made.append(chained(T, head, act, entry.position, entry.log))
        head = Head(seq=made[-1].seq, hash=made[-1].hash)
    return made


kinds = st.lists(st.booleans(), min_size=2, max_size=12)


@given(kinds)
def test_a_record_as_it_was_written_has_no_fault(own: list[bool]) -> None:
    entries, rows = record(own)
    assert checked(entries, rows) == []


@given(kinds, st.data())
def test_any_changed_entry_is_found_at_its_number(own: list[bool], data: st.DataObject) -> None:
    entries, rows = record(own)
    at = data.draw(st.integers(0, len(entries) - 1))
    act = entries[at].act
    changed: dict[str, Any] = data.draw(
        st.sampled_from(
            [
                {"act": msgspec.structs.replace(act, actor="user:eve")},
                {"act": msgspec.structs.replace(act, at=act.at + 1)},
                {"act": msgspec.structs.replace(act, verdict="allow")},
                {"act": msgspec.structs.replace(act, details={**act.details, "x": 1})},
                {"position": entries[at].position + 100},
                {"log": Digest("f" * 64)},
                {"hash": Digest("f" * 64)},
            ]
        )
    )
    entries[at] = msgspec.structs.replace(entries[at], **changed)
    assert at + 1 in {one.seq for one in checked(entries, rows)}


@given(kinds, st.data())
def test_a_deleted_entry_is_missed(own: list[bool], data: st.DataObject) -> None:
    entries, rows = record(own)
    at = data.draw(st.integers(0, len(entries) - 2))
    del entries[at]
    found = checked(entries, rows)
    assert ("entry_missing", at + 2) in {(one.code, one.seq) for one in found}
    assert any(f"Entry {at + 1} is missing" in one.message for one in found)


@given(kinds, st.data())
def test_a_changed_event_is_found(own: list[bool], data: st.DataObject) -> None:
    entries, rows = record(own)
    at = data.draw(st.integers(0, len(rows) - 1))
    rows[at] = msgspec.structs.replace(rows[at], digest=Digest("f" * 64))
    found = checked(entries, rows)
    assert len(found) == 1, "one change is one fault"
    assert found[0].code == ("event_changed" if own[at] else "events_changed")
    assert "run" in found[0].message


@given(kinds, st.data())
def test_a_deleted_added_or_swapped_event_is_found(own: list[bool], data: st.DataObject) -> None:
    entries, rows = record(own)
    at = data.draw(st.integers(0, len(rows) - 2))
    how = data.draw(st.sampled_from(["delete", "add", "swap"]))
    if how == "delete":
        del rows[at]
    elif how == "add":
        rows.insert(at, msgspec.structs.replace(rows[at], digest=Digest("e" * 64)))
    else:
        one, two = rows[at], rows[at + 1]
        rows[at] = msgspec.structs.replace(two, position=one.position)
        rows[at + 1] = msgspec.structs.replace(one, position=two.position)
    assert checked(entries, rows)


def test_events_past_which_the_reading_was_moved_are_found() -> None:
    entries, rows = record([True] * 4)
    late = msgspec.structs.replace(rows[-1], position=99)
    (fault,) = checked(entries, [*rows, late])
    assert (fault.code, fault.seq) == ("events_unrecorded", 0)


def test_swapped_entries_are_told() -> None:
    entries, rows = record([True] * 4)
    entries[1], entries[2] = entries[2], entries[1]
    assert {"entry_missing", "entry_out_of_place"} <= {one.code for one in checked(entries, rows)}


def test_a_chain_made_anew_stands_only_against_its_anchor() -> None:
    entries, rows = record([True] * 4)
    forged = rewritten(entries, 1, actor="user:eve")
    assert all(hash_of(one) == one.hash for one in forged)
    assert checked(forged, rows) == [], "this is what the anchor is for"
    checker = Checker()
    anchor = Anchor(tenant_id=T, seq=3, hash=entries[2].hash, at=0.0, key="k")
    checker.anchored(anchor, "good", forged[2])
    (fault,) = checker.faults
    assert (fault.code, fault.seq) == ("chain_rewritten", 3)


@pytest.mark.parametrize(
    ("seq", "sealed", "there", "code"),
    [
        (None, "unknown", False, "anchor_missing"),
        (2, "forged", True, "anchor_forged"),
        (2, "unknown", True, "anchor_key_gone"),
        (2, "good", False, "behind_anchor"),
        (2, "good", True, ""),
        (0, "good", False, ""),
        (0, "forged", False, "anchor_forged"),
    ],
)
def test_every_state_of_the_anchor_has_its_word(
    seq: int | None, sealed: Sealed, there: bool, code: str
) -> None:
    entries, _ = record([True, True])
    checker = Checker()
    kept = None
    if seq is not None:
        kept = Anchor(tenant_id=T, seq=seq, hash=entries[1].hash, at=0.0, key="k")
    checker.anchored(kept, sealed, entries[1] if there else None)
    assert [one.code for one in checker.faults] == ([code] if code else [])
    assert all(one.advice for one in checker.faults)


def test_a_head_somebody_wrote_down_is_compared() -> None:
    entries, _ = record([True, True])
    checker = Checker()
    checker.expected(2, entries[1], entries[1].hash[:8])
    assert checker.faults == []
    checker.expected(2, entries[1], "00000000")
    checker.expected(9, None, entries[1].hash[:8])
    assert [(one.code, one.seq) for one in checker.faults] == [
        ("head_unexpected", 2),
        ("head_unexpected", 9),
    ]
