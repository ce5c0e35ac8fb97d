"""Takes values out of a text that arrives in pieces: no piece ever shows half of one."""

from collections.abc import Callable

import msgspec

from kapell.core.guardrails.catalogue.detectors import VALUES
from kapell.core.guardrails.detectors.detector import compiled
from kapell.core.guardrails.findings import Finding
from kapell.core.guardrails.looking import look
from kapell.core.guardrails.redacting import plain, redacted
from kapell.core.guardrails.rules import Rules
from kapell.core.guardrails.secrets.private_keys import BEGIN, END, LONGEST
from kapell.core.guardrails.views.encodings import BLOCKS
from kapell.core.guardrails.views.spelling import SPELLED

HELD = 320
"""Characters that are held back: the longest value that is no single word, and words about it."""

_STEP = 96
"""Characters that come together before they are looked at."""

_CONTEXT = 320
"""Characters already shown that are still looked at: words before a value say what it is."""

BOUND = LONGEST + 4_000
"""Characters that are held at most; a word that is longer is replaced by its name at once."""

_WORD_END = (
    r"[^!-~\u00ad\u200b-\u200f\u2060-\u2064\ufeff](?=[!-~\u00ad\u200b-\u200f\u2060-\u2064\ufeff]*$)"
)


class Stream:
    """Redacts a text that arrives in pieces, as ``redacted`` does the whole of it.

    Args:
        rules: What is looked for; only personal data and secrets are taken out.
        wanted: Tells which findings are taken out; all unless given.
    """

    def __init__(
        self,
        rules: Rules,
        wanted: Callable[[Finding], bool] | None = None,
    ) -> None:
        self._rules = msgspec.structs.replace(
            rules,
            kinds=rules.kinds & VALUES,
            topics=frozenset(),
            words=(),
            only=frozenset(),
            languages=frozenset(),
        )
        self._wanted = wanted
        self._text = ""
        self._shown = 0
        self._looked = 0
        self._swallowing = False

    def feed(self, chunk: str) -> str:
        """Return what may be shown now that this piece has arrived."""
        if self._swallowing:
            chunk = self._swallowed(chunk)
        self._text += chunk
        held = len(self._text) - self._shown
        step = max(_STEP, held // 4)  # what is held long is looked at ever more seldom
        if held < HELD + _STEP or len(self._text) < self._looked + step:
            return ""
        self._looked = len(self._text)
        findings = self._found()
        cut = self._cut(findings)
        if cut > self._shown:
            return self._show(findings, cut)
        return self._replace() if len(self._text) - self._shown > BOUND else ""

    def end(self) -> str:
        """Return the rest, now that nothing more comes."""
        return self._show(self._found(), len(self._text))

    def _found(self) -> list[Finding]:
        found = look(self._text, self._rules)
        return [one for one in found if self._wanted is None or self._wanted(one)]

    def _cut(self, findings: list[Finding]) -> int:
        """Return up to where nothing that may still come changes what is shown."""
        text = self._text
        cut = len(text) - HELD
        for begin in compiled(BEGIN).finditer(text):
            ended = compiled(END).search(text, begin.end()) is not None
            if not ended and len(text) - begin.start() <= LONGEST + HELD:
                cut = min(cut, begin.start())
                break
        held = [match.span() for match in compiled(BLOCKS).finditer(text)]
        held += [match.span() for match in compiled(SPELLED).finditer(text)]
        held += [(one.start, one.end) for one in findings]
        for start, end in sorted(held, reverse=True):
            if start < cut < end:
                cut = start
        before = text[max(self._shown, cut - BOUND) : cut]
        boundary = compiled(_WORD_END).search(before)
        cut = cut - len(before) + boundary.end() if boundary else self._shown
        for start, end in sorted(held, reverse=True):
            if start < cut < end:
                cut = start
        return cut

    def _show(self, findings: list[Finding], cut: int) -> str:
        shown = self._shown
        within = [one for one in findings if shown <= one.start and one.end <= cut]
        moved = [
            msgspec.structs.replace(one, start=one.start - shown, end=one.end - shown)
            for one in within
        ]
        told = redacted(self._text[shown:cut], moved)
        kept = max(0, cut - _CONTEXT)
        self._text = self._text[kept:]
        self._shown = cut - kept
        self._looked = max(0, self._looked - kept)
        return told

    def _replace(self) -> str:
        """Return the name of a word too long to be held; the rest of it is dropped as it comes."""
        value = self._text[self._shown :]
        finding = Finding("secret", "long_token", 0, len(value), 0.5)
        self._text, self._shown, self._looked, self._swallowing = "", 0, 0, True
        return plain(finding, value)

    def _swallowed(self, chunk: str) -> str:
        """Return what of a piece follows a word that is dropped."""
        rest = chunk.lstrip("".join(map(chr, range(33, 127))))
        self._swallowing = not rest
        return rest
