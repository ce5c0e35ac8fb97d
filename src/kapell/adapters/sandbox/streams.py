"""Output that comes over one line with the report behind a mark, parted again."""

from kapell.services.sandbox.ports import Limit


class Parted:
    """Takes what a program writes, and the report that follows the mark on the first stream.

    Args:
        mark: What stands before the report; the program does not know it.
        output: Bytes both streams may have together.
        most: Bytes the report may have.
    """

    def __init__(self, mark: bytes, output: int, most: int) -> None:
        self._mark = mark
        self._left = output
        self._most = most
        self._said = {1: bytearray(), 2: bytearray()}
        self._report: bytearray | None = None
        self._tail = b""
        self.limit: Limit | None = None

    @property
    def stdout(self) -> str:
        """Return what went to the first stream."""
        return self._said[1].decode("utf-8", "replace")

    @property
    def stderr(self) -> str:
        """Return what went to the second stream."""
        return self._said[2].decode("utf-8", "replace")

    @property
    def report(self) -> bytes:
        """Return the report, empty when none came."""
        return bytes(self._report or b"")

    def take(self, stream: int, data: bytes) -> Limit | None:
        """Take bytes of a stream; return the limit that they break."""
        if stream == 1 and self._report is not None:
            self._report += data
            if len(self._report) > self._most:
                self.limit = self.limit or "disk"
        elif stream == 1 and self._mark:
            self._first(data)
        else:
            self._keep(2 if stream == 2 else 1, data)
        return self.limit

    def end(self) -> None:
        """Take what was held back because it might have been a mark."""
        tail, self._tail = self._tail, b""
        self._keep(1, tail)

    def _first(self, data: bytes) -> None:
        both = self._tail + data
        at = both.find(self._mark)
        if at >= 0:
            self._keep(1, both[:at])
            self._report, self._tail = bytearray(both[at + len(self._mark) :]), b""
            return
        held = len(self._mark) - 1
        self._keep(1, both[:-held])
        self._tail = both[-held:]

    def _keep(self, stream: int, data: bytes) -> None:
        self._said[stream] += data[: self._left]
        self._left -= len(data)
        if self._left < 0:
            self.limit = self.limit or "output"
            self._left = 0
