"""A run on a terminal: the tree of its steps, drawn anew while it goes."""

import time
from collections.abc import Sequence
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from kapell.cli.surroundings import Surroundings
from kapell.cli.watching.rows import Row, rows_of
from kapell.core.events.envelope import Event
from kapell.kit.clock import span_text
from kapell.kit.ids import RunId
from kapell.kit.money import text as money
from kapell.projections.timeline import waiting_text
from kapell.projections.tree import RunView

_NARROW = 60
"""Columns of a terminal below which tokens, cost and notes are left out."""
_TAIL = 200
"""Characters of the newest model text that are shown while it is written."""


class LiveTree:
    """Draws a run until it is closed; what stands then stays on the screen."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._console = Console(no_color=not surroundings.color, highlight=False)
        self._view: RunView | None = None
        self._text: tuple[str, str] = ("", "")
        self._live = Live(console=self._console, refresh_per_second=8, get_renderable=self._drawn)

    def __enter__(self) -> "LiveTree":
        """Begin to draw."""
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Draw for the last time."""
        self._text = ("", "")
        self._live.refresh()
        self._live.stop()

    def __call__(self, view: RunView, events: Sequence[Event]) -> None:
        """Take the run as it is now; the next drawing shows it."""
        del events
        self._view = view

    def hear(self, run_id: RunId, call: str, text: str) -> None:
        """Take a piece of a model's answer while it is written; an empty one begins it anew."""
        del run_id
        before = self._text[1] if self._text[0] == call and text else ""
        self._text = (call, (before + text)[-_TAIL:])

    def _drawn(self) -> Group:
        if self._view is None:
            return Group(Text("starting", style="dim"))
        now = time.time()
        parts: list[Text | Table] = [
            _head(self._view, now),
            _table(rows_of(self._view, now), self._console.height, self._console.width),
        ]
        call, text = self._text
        if text and not self._view.ended:
            last = " ".join(text.split())
            parts.append(Text(f"  {call}: {last}", style="dim", overflow="ellipsis", no_wrap=True))
        return Group(*parts)


def _head(view: RunView, now: float) -> Text:
    until = view.ended_at or now
    said = f"{view.workflow}  {view.run_id}  {view.status.value}"
    if view.waiting is not None:
        said += f" for {waiting_text(view.waiting)}"
    sums = f"{span_text(until - view.created_at)}  {view.tokens:,} tokens  {money(view.usd)}"
    return Text.assemble((said, "bold"), f"  {sums}", overflow="ellipsis", no_wrap=True)


def _table(rows: Sequence[Row], height: int, width: int) -> Table:
    table = Table.grid(padding=(0, 2))
    shown = _fitting(rows, max(4, height - 4))
    names = [
        Text.assemble("  " * (row.depth + 1), (f"{row.sign} ", row.color), row.label)
        for row in shown
    ]
    # Where there is little room, names and how far they are matter most.
    narrow = width < _NARROW
    figures = [_figures(row, narrow=narrow) for row in shown]
    longest = max((name.cell_len for name in names), default=0)
    table.add_column(no_wrap=True, min_width=min(longest, width * 2 // 3))
    for column in zip(*figures, strict=True):
        table.add_column(justify="right", no_wrap=True, min_width=max(map(len, column)))
    table.add_column(overflow="ellipsis", no_wrap=True)
    for row, name, cells in zip(shown, names, figures, strict=True):
        table.add_row(name, *cells, Text("" if narrow else row.note, style="dim"))
    if len(shown) < len(rows):
        table.add_row(Text(f"  … {len(rows) - len(shown)} more steps", style="dim"))
    return table


def _figures(row: Row, *, narrow: bool) -> tuple[str, ...]:
    figures = (row.progress, row.time)
    return figures if narrow else (*figures, row.tokens, row.cost)


def _fitting(rows: Sequence[Row], room: int) -> Sequence[Row]:
    """Return what fits the screen: outer steps stay longest, then the newest inner ones."""
    if len(rows) <= room:
        return rows
    outer = [row for row in rows if row.depth == 0]
    return outer[-room:]
