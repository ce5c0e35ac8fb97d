"""Verification: entry by entry against the one before, against the log and against the anchor.

Nothing stops at the first fault: each is told with its place, then what is stored is taken as it
is, so that one changed entry is one fault and not thousands.
"""

from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

import msgspec

from kapell.core.audit.anchor import Anchor, Sealed
from kapell.core.audit.logged import LogRow
from kapell.core.audit.record import Entry, Head, hash_of, head_of, running_all

Code: TypeAlias = Literal[
    "entry_changed",
    "entry_missing",
    "entry_out_of_place",
    "chain_broken",
    "event_changed",
    "events_changed",
    "events_unrecorded",
    "anchor_missing",
    "anchor_forged",
    "anchor_key_gone",
    "anchor_unreadable",
    "behind_anchor",
    "chain_rewritten",
    "head_unexpected",
]

ADVICE: dict[str, str] = {
    "entry": "Somebody wrote to the table `audit` past Kapell: keep the database as it is for an "
    "inquiry, and compare it with the last backup.",
    "event": "Somebody wrote to the table `events` past Kapell: keep the database as it is for an "
    "inquiry, and compare that run with the last backup.",
    "missing": "`kapell doctor` tells whether its folder can be written; mend that first. If this "
    "database was never anchored from here, or you know why the anchor is gone, "
    "accept the chain as it is with `kapell audit anchor --reason TEXT`.",
    "forged": "The file was written by somebody who has not the key: bring it back from a backup, "
    "or accept the chain as it is with `kapell audit anchor --reason TEXT`.",
    "key": "Set the master key it was sealed with (KAPELL_VAULT__MASTER, or KAPELL_VAULT__OLDER).",
    "behind": "Entries were deleted, or an older database was put in its place. If you restored a "
    "backup, accept it with `kapell audit anchor --reason TEXT`.",
    "rewritten": "All entries from some place on were made anew: compare with the last backup or "
    "the last export to see from where.",
}


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One thing wrong: at which entry (0: at none), of which run, and what to do about it."""

    code: Code
    seq: int
    message: str
    advice: str
    run_id: str = ""


class Checker:
    """Takes the entries of one tenant in the order of the table, with the events they cover.

    Args:
        start: The head before the first entry, of a record that is not whole.
    """

    def __init__(self, start: Head | None = None) -> None:
        self._head = start or Head()
        self.faults: list[Fault] = []

    @property
    def head(self) -> Head:
        """Return the head reached."""
        return self._head

    def take(self, entry: Entry, events: Sequence[LogRow] | None) -> None:
        """Check one entry.

        Args:
            entry: What the table holds.
            events: Those after the head's position up to the entry's; None: the log is not there.
        """
        self._linked(entry)
        if events is not None:
            self._covers(entry, events)
        self._head = head_of(entry)

    def _linked(self, entry: Entry) -> None:
        before, seq = self._head, entry.seq
        if hash_of(entry) != entry.hash:
            self._add("entry_changed", seq, f"Entry {seq} is not as it was written.")
        if seq > before.seq + 1:
            gone = _span(before.seq + 1, seq - 1)
            self._add("entry_missing", seq, f"{gone} missing before entry {seq}.")
        elif seq <= before.seq:
            self._add("entry_out_of_place", seq, f"Entry {seq} stands after entry {before.seq}.")
        elif entry.previous != before.hash:
            text = f"Entry {seq} was not written after what is now entry {before.seq}."
            self._add("chain_broken", seq, text)

    def _covers(self, entry: Entry, events: Sequence[LogRow]) -> None:
        log = running_all(self._head.log, (event.digest for event in events))
        own = entry.act.event
        last = events[-1] if events else None
        if own and (last is None or last.position != entry.position):
            text = f"The event that entry {entry.seq} tells is not in the log any more."
            self._event("event_changed", entry, text)
        elif own and last is not None and last.digest != own:
            number = f"Event {last.number} of run {last.run_id}"
            self._event("event_changed", entry, f"{number} is not what entry {entry.seq} recorded.")
        elif log != entry.log:
            text = f"The events that entry {entry.seq} covers are not those that were there then"
            runs = sorted({event.run_id for event in events})
            among = f": look at the runs {', '.join(runs[:5])}." if runs else "."
            self._event("events_changed", entry, text + among)

    def finish(self, unrecorded: Iterable[LogRow]) -> None:
        """Take the events that no entry covers although the log was read past them."""
        runs = sorted({event.run_id for event in unrecorded})
        if runs:
            text = f"Events have no place in the record: those of the runs {', '.join(runs[:5])}."
            self.faults.append(
                Fault(code="events_unrecorded", seq=0, message=text, advice=ADVICE["event"])
            )

    def anchored(self, anchor: Anchor | None, sealed: Sealed, at_anchor: Entry | None) -> None:
        """Compare with the anchor; ``at_anchor`` is the entry of its number.

        Args:
            anchor: What is kept outside, None when there is nothing.
            sealed: Whether its seal holds.
            at_anchor: The entry that has its number.
        """
        if anchor is None:
            text = "The head of the chain is anchored nowhere: it may have begun anew."
            self._add("anchor_missing", 0, text, "missing")
            return
        if sealed == "unknown":
            text = f"The anchor was sealed with the key {anchor.key}, which is not here."
            self._add("anchor_key_gone", anchor.seq, text, "key")
        elif sealed == "forged":
            self._add("anchor_forged", anchor.seq, "The anchor's seal does not hold.", "forged")
        elif at_anchor is None and anchor.seq:
            text = f"Entry {anchor.seq} was anchored, and the chain ends before it."
            self._add("behind_anchor", anchor.seq, text, "behind")
        elif at_anchor is not None and at_anchor.hash != anchor.hash:
            text = f"Entry {anchor.seq} is not the one that was anchored."
            self._add("chain_rewritten", anchor.seq, text, "rewritten")

    def expected(self, seq: int, found: Entry | None, prefix: str) -> None:
        """Compare with a head that somebody wrote down: its number and its hash, or their start."""
        if found is None or not found.hash.startswith(prefix):
            text = f"Entry {seq} does not have the hash {prefix} that you expect."
            self._add("head_unexpected", seq, text, "rewritten")

    def _add(self, code: Code, seq: int, message: str, advice: str = "entry") -> None:
        self.faults.append(Fault(code=code, seq=seq, message=message, advice=ADVICE[advice]))

    def _event(self, code: Code, entry: Entry, message: str) -> None:
        self.faults.append(
            Fault(
                code=code, seq=entry.seq, message=message, advice=ADVICE["event"],
                run_id=entry.act.run_id,
            )
        )  # fmt: skip


def _span(first: int, last: int) -> str:
    return f"Entry {first} is" if first == last else f"Entries {first} to {last} are"
