"""What watchers hear of answers while they come: never half of what is taken out of them."""

from collections import OrderedDict
from collections.abc import Mapping

from kapell.core.gateway.calls import ModelRequest
from kapell.core.guardrails.findings import Finding
from kapell.core.guardrails.profiles import Profile, action_of, ends
from kapell.core.guardrails.pseudonyms import Restoring
from kapell.core.guardrails.streaming import Stream
from kapell.services.gateway.ports import OnDelta

_MOST = 1000
"""Answers that are heard at a time; of more, the ends are not told before they are whole."""


class Hearings:
    """The answers that are under way in this process, and who hears them."""

    def __init__(self) -> None:
        self._open: OrderedDict[int, tuple[ModelRequest, _Hearing]] = OrderedDict()

    def listener(
        self,
        request: ModelRequest,
        profile: Profile,
        table: Mapping[str, str],
        on_delta: OnDelta,
        *,
        waits: bool = False,
    ) -> OnDelta:
        """Return who hears the pieces of an answer; ``table`` has the values of names in it.

        With ``waits`` nothing is told before the answer is whole, whatever the profile says.
        """
        hearing = _Hearing(profile, table, on_delta, waits or ends(profile))
        # The request is kept along, so that no other gets its address.
        self._open[id(request)] = (request, hearing)
        if len(self._open) > _MOST:
            self._open.popitem(last=False)
        return hearing.hear

    def end(self, request: ModelRequest) -> None:
        """Tell what was held back: the answer is whole, and may be shown."""
        found = self._open.pop(id(request), None)
        if found is not None:
            found[1].end()

    def drop(self, request: ModelRequest) -> None:
        """Tell nothing more of an answer."""
        found = self._open.pop(id(request), None)
        if found is not None:
            found[1].drop()


class _Hearing:
    """One answer on its way."""

    def __init__(
        self, profile: Profile, table: Mapping[str, str], on_delta: OnDelta, waits: bool
    ) -> None:
        self._profile = profile
        self._table = table
        self._tell: OnDelta | None = on_delta
        self._stream = self._new()
        self._restoring = Restoring(table)
        self._waits = waits
        self._kept: list[str] = []

    def hear(self, piece: str) -> None:
        """Take a piece; an empty one says that the answer begins anew."""
        if self._tell is None:
            return
        if piece and self._waits:
            self._kept.append(piece)
        elif piece:
            self._told(self._restoring.feed(self._stream.feed(piece)))
        else:
            self._stream, self._restoring = self._new(), Restoring(self._table)
            self._kept.clear()
            self._tell("")

    def end(self) -> None:
        """Tell the rest."""
        rest = self._stream.feed("".join(self._kept)) if self._kept else ""
        rest += self._stream.end()
        self._told(self._restoring.feed(rest) + self._restoring.end())
        self._tell = None

    def drop(self) -> None:
        """Say that what was told is void, and tell nothing more."""
        if self._tell is not None:
            self._tell("")
        self._tell = None

    def _told(self, text: str) -> None:
        if text and self._tell is not None:
            self._tell(text)

    def _new(self) -> Stream:
        return Stream(self._profile.rules, wanted=self._wanted)

    def _wanted(self, finding: Finding) -> bool:
        return action_of(finding, self._profile, "answer") == "redact"
