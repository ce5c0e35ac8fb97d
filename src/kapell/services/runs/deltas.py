"""The live channel: text of models while it comes. Never stored, lost without harm."""

import logging
from collections.abc import Callable
from typing import TypeAlias

from kapell.kit.ids import RunId

log = logging.getLogger(__name__)

Listener: TypeAlias = Callable[[RunId, str, str], None]
"""Called with the run, the call and a piece of text."""


class Deltas:
    """Hands pieces of answers to whoever listens in this process."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    @property
    def wanted(self) -> bool:
        """Tell whether anyone listens; if not, models are asked without streaming."""
        return bool(self._listeners)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Add a listener; what is returned takes it away again."""
        self._listeners.append(listener)
        return lambda: self._drop(listener)

    def tell(self, run_id: RunId, call: str, text: str) -> None:
        """Hand a piece of an answer out."""
        for listener in tuple(self._listeners):
            try:
                listener(run_id, call, text)
            except Exception:  # a view that breaks must not break the call it looks at
                log.exception("a listener broke and hears no more")
                self._drop(listener)

    def _drop(self, listener: Listener) -> None:
        if listener in self._listeners:
            self._listeners.remove(listener)
