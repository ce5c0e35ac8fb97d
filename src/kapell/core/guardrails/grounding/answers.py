"""Answers held against their sources: quotes, citations, every sentence."""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache

import msgspec

from kapell.core.guardrails.grounding.holding import CAPS, Flaw, Library, Support, support
from kapell.core.guardrails.grounding.sources import Source, Span, sentences
from kapell.core.guardrails.grounding.statements import Statement, statement_of

THRESHOLD = 0.7
"""Sentences that score less are flagged, unless an author says another."""

MOST = 100_000
"""Characters of an answer that are looked at; a longer one is not held by anything."""


class Scored(msgspec.Struct, frozen=True):
    """A sentence of an answer, ``answer[start:end]``, with its score from 0 to 1."""

    text: str
    start: int
    end: int
    score: float
    flaws: tuple[Flaw, ...] = ()


class Grounding(msgspec.Struct, frozen=True):
    """How well an answer is held: its score is that of its worst sentence."""

    score: float
    sentences: tuple[Scored, ...]
    threshold: float = THRESHOLD

    @property
    def flagged(self) -> tuple[Scored, ...]:
        """Return the sentences under the threshold, in order."""
        return tuple(one for one in self.sentences if one.score < self.threshold)


def ground(answer: str, sources: Sequence[Source], threshold: float = THRESHOLD) -> Grounding:
    """Return how well each sentence of an answer is held by the sources.

    Sentences that claim nothing (questions, greetings, `I do not know`) score 1 and excuse no
    other sentence.
    """
    if len(answer) > MOST:
        whole = Scored(answer[:200], 0, len(answer), 0.0, ("words",))
        return Grounding(0.0, (whole,), threshold)
    library = Library(sources)
    flat = [_flat(source.text) for source in sources]
    held = [
        _held(part, sources, flat, library)
        for sentence in sentences(answer)
        for part in _parts(sentence)
    ]
    return Grounding(min((one.score for one in held), default=1.0), tuple(held), threshold)


@cache
def _ignorance() -> re.Pattern[str]:
    return re.compile(
        r"(?:(?:unfortunately|sorry|however|but)[,\s]{1,3})?"
        r"(?:i|we)\s(?:do\snot|don['\u2019]t|cannot|can['\u2019]t|could\snot|couldn['\u2019]t|am\snot\sable\sto|am\snot|'m\snot)\s"
        r"(?:know|say|tell|find|answer|determine|sure|certain)\b[^,;:]{0,120}"
        r"|(?:the\s)?(?:sources?|documents?|texts?|context|passages?)\s(?:do(?:es)?\snot|don['\u2019]t|doesn['\u2019]t)\s"
        r"(?:say|tell|mention|state|contain|give|answer)\b[^,;:]{0,120}"
        r"|(?:(?:that|this|it)\sis\s)?(?:not\s(?:known|stated|mentioned)|unknown)\b[^,;:]{0,60}",
        re.IGNORECASE,
    )


@cache
def _turns() -> re.Pattern[str]:
    return re.compile(r",\s(?=(?:but|though|although|and|yet|however)\b)|\s(?=but\b)|[:,]\s")


@cache
def _idle() -> re.Pattern[str]:
    return re.compile(
        r"(?:yes|no|sure|certainly|of\scourse|hello|hi|thanks|thank\syou|here\s(?:is|are)\b[^.]{0,60}"
        r"|in\s(?:short|summary)|i\shope\sthis\shelps|let\sme\sknow[^.]{0,60}|sources?|summary|answer)[.!:,]?",
        re.IGNORECASE,
    )


def _parts(sentence: Span) -> list[Span]:
    """Return a sentence; what follows a confession of not knowing is a claim of its own."""
    match = _ignorance().match(sentence.text)
    if match is None:
        return [sentence]
    turn = _turns().search(sentence.text)
    if turn is None or not sentence.text[turn.end() :].strip(" .!"):
        return [sentence]
    end = sentence.start + turn.end()
    parts = [Span(sentence.text[: turn.start()], sentence.start, sentence.start + turn.start())]
    return [*parts, Span(sentence.text[turn.end() :], end, sentence.end)]


def _held(part: Span, sources: Sequence[Source], flat: Sequence[str], library: Library) -> Scored:
    plain = _raised().sub(_lowered, part.text).strip().strip("*#->• ").strip()
    if plain.endswith("?") or _idle().fullmatch(plain) or _silent(plain):
        return Scored(part.text, part.start, part.end, 1.0)
    cited, unknown = _cited(part.text, sources)
    if unknown:
        return Scored(part.text, part.start, part.end, CAPS["citation"], ("citation",))
    said = statement_of(_uncited(plain))
    found = _quoted(part.text, flat, cited)
    result = _with_citation(said, library, cited)
    if found is not None and not found:
        flaws: tuple[Flaw, ...] = ("quote", *result.flaws)
        return Scored(part.text, part.start, part.end, CAPS["quote"], flaws)
    return Scored(part.text, part.start, part.end, result.score, result.flaws)


def _silent(text: str) -> bool:
    match = _ignorance().match(text)
    return match is not None and not text[match.end() :].strip(" .!")


def _with_citation(said: Statement, library: Library, cited: frozenset[int]) -> Support:
    """Return the support by the sources that are cited; what others hold is cited wrongly."""
    if not cited:
        return support(said, library)
    own = support(said, library, cited)
    if own.score >= THRESHOLD:
        return own
    if support(said, library).score >= THRESHOLD:
        return Support(min(own.score, CAPS["citation"]), ("citation", *own.flaws))
    return own


@cache
def _marks() -> re.Pattern[str]:
    return re.compile(r"\s?\[(\d{1,3}(?:\s?[,;\u2013-]\s?\d{1,3}){0,10})\]")


def _uncited(text: str) -> str:
    return _marks().sub("", text)


def _cited(text: str, sources: Sequence[Source]) -> tuple[frozenset[int], bool]:
    """Return the sources a sentence cites, and whether it cites one that is not there."""
    found: set[int] = set()
    unknown = False
    for match in _marks().finditer(text):
        for number in re.findall(r"\d+", match.group(1)):
            unknown = unknown or not 1 <= int(number) <= len(sources)
            found.add(int(number) - 1)
    for place, source in enumerate(sources):
        name = source.name.strip()
        if len(name) > 2 and (f"[{name}]" in text or f"({name})" in text):
            found.add(place)
    known = [f"{source.name}\n{source.text}".casefold() for source in sources]
    for match in _places().finditer(text):
        named = (match[1] or match[0]).strip().rstrip(".,;:!?'\")").casefold()
        unknown = unknown or not any(named in one for one in known)
    return frozenset(found), unknown


@cache
def _places() -> re.Pattern[str]:
    """Match an address, or the name of a file in square brackets."""
    return re.compile(r"https?://[^\s<>\[\]|]{3,500}|\[([\w./ -]{1,80}\.[a-zA-Z]{2,5})\]")


@cache
def _raised() -> re.Pattern[str]:
    """Match digits written high or low that stand for themselves, and are no power of a unit."""
    return re.compile(r"(?<![^\s(])[⁰¹²³⁴-⁹₀-₉]+")


def _lowered(found: re.Match[str]) -> str:
    return unicodedata.normalize("NFKC", found[0])


@cache
def _quotes() -> re.Pattern[str]:
    return re.compile(
        r"“([^“”]{3,2000})”|\"([^\"]{3,2000})\"|«([^«»]{3,2000})»|„([^„“”]{3,2000})[“”]"
        r"|\u2039([^\u2039\u203a]{3,2000})\u203a|「([^「」]{3,2000})」|『([^『』]{3,2000})』|\uff02([^\uff02]{3,2000})\uff02"
        r"|(?<!\w)\u2018([^\u2018\u2019]{3,2000})\u2019|(?<!\w)'([^'\n]{3,2000})'(?!\w)"
    )


def _quoted(text: str, flat: Sequence[str], cited: frozenset[int]) -> bool | None:
    """Tell whether every quote stands in the sources (in those cited, if any); None without one."""
    found: bool | None = None
    for match in _quotes().finditer(text):
        quote = next(group for group in match.groups() if group)
        pieces = [_flat(one) for one in re.split(r"\.\.\.|…|\[[^\]]{0,40}\]", quote)]
        pieces = [one for one in pieces if one]
        if sum(len(one.split()) for one in pieces) < 2:
            continue  # a single word in quotes is a name for something
        where = cited or frozenset(range(len(flat)))
        there = any(_in_order(pieces, flat[place]) for place in where if place < len(flat))
        found = there if found is None else found and there
    return found


def _in_order(pieces: Sequence[str], text: str) -> bool:
    at = 0
    for piece in pieces:
        at = text.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    return True


@cache
def _noise() -> re.Pattern[str]:
    return re.compile(r"[\W_]+")


def _flat(text: str) -> str:
    """Return a text as quotes are compared: its words and numbers alone, in small letters."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return _noise().sub(" ", plain).strip()
