"""The loopback provider's own count of what it was asked, kept outside whoever asks.

With a file every request is one JSON line, written before it is answered, so that it outlives the
death of either side and other processes can read it.
"""

from collections import Counter
from pathlib import Path
from typing import Literal

import msgspec

from kapell.testing.providers.call import Call


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened to a call: it was received, answered whole, or spoiled."""

    what: Literal["received", "answered", "spoiled"]
    key: str
    wire: str
    model: str
    stream: bool = False
    fault: str = ""


class Record:
    """Counts requests by idempotency key.

    Args:
        file: Where to write them too; an existing file is read first and continued.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self.entries: list[Entry] = read(file) if file is not None and file.exists() else []

    def note(
        self, what: Literal["received", "answered", "spoiled"], call: Call, fault: str = ""
    ) -> None:
        """Write down what happened to a call."""
        entry = Entry(
            what=what,
            key=call.key,
            wire=call.wire,
            model=call.model,
            stream=call.stream,
            fault=fault,
        )
        self.entries.append(entry)
        if self._file is not None:
            # Opened for each line: appends of one short line do not mix with another process's.
            with self._file.open("ab") as out:
                out.write(msgspec.json.encode(entry) + b"\n")

    def received(self) -> Counter[str]:
        """Return how often each key was asked for."""
        return counted(self.entries, "received")

    def answered(self) -> Counter[str]:
        """Return how often each key was answered whole."""
        return counted(self.entries, "answered")

    def clear(self) -> None:
        """Forget what is in memory; the file stays."""
        self.entries.clear()


def counted(entries: list[Entry], what: str) -> Counter[str]:
    """Return how many entries of a sort each key has."""
    return Counter(entry.key for entry in entries if entry.what == what)


def read(file: Path) -> list[Entry]:
    """Return the entries of a record's file; a half-written last line is left out."""
    lines = file.read_bytes().split(b"\n")
    return [msgspec.json.decode(line, type=Entry) for line in lines[:-1]]
