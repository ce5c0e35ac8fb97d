"""What a field asks for, by its name and description, and the values the prompt holds for it."""

from collections.abc import Callable, Iterator

import msgspec

from kapell.core.gateway.offline.classify import mood, says, urgency
from kapell.core.gateway.offline.draft import reply
from kapell.core.gateway.offline.language import extract
from kapell.core.gateway.offline.language.summary import central, headline, summary
from kapell.core.gateway.offline.language.words import name_words, shortened, stems
from kapell.core.gateway.offline.prompt import Prompt
from kapell.core.gateway.offline.shapes import neutral
from kapell.core.gateway.offline.shapes.schema import Node
from kapell.core.gateway.offline.topics import topic

_LANGUAGE = frozenset(("language", "lang", "locale"))
_WHEN = frozenset(("date", "day", "when", "deadline", "due", "on", "birthday"))
_WHO = frozenset(("name", "customer", "person", "author", "sender", "client", "who", "from"))
_NUMBERED = frozenset(
    ("id", "number", "no", "reference", "ref", "order", "invoice", "ticket", "code")
)
_SUM = frozenset(
    (
        "summary",
        "description",
        "abstract",
        "synopsis",
        "overview",
        "gist",
        "tldr",
        "issue",
        "problem",
        "finding",
    )
)
_TITLE = frozenset(("title", "subject", "headline", "heading", "caption"))
_REPLY = frozenset(("reply", "answer", "response", "draft", "message", "body"))
_WHY = frozenset(
    (
        "reason",
        "why",
        "rationale",
        "explanation",
        "justification",
        "evidence",
        "because",
        "reasoning",
    )
)
_TOPIC = frozenset(
    (
        "topic",
        "category",
        "theme",
        "area",
        "class",
        "classification",
        "label",
        "intent",
        "department",
    )
)
_QUOTE = frozenset(("quote", "excerpt", "sentence", "citation", "snippet"))
_WHOLE = frozenset(
    ("text", "content", "input", "item", "step", "task", "action", "point", "line", "detail")
)
_MONEY = frozenset(
    ("amount", "total", "price", "cost", "sum", "value", "refund", "usd", "eur", "fee")
)
_SURE = frozenset(("confidence", "score", "probability", "certainty", "likelihood"))
_RANK = frozenset(("urgency", "priority", "severity", "importance", "impact"))
_RATED = frozenset(("rating", "stars", "satisfaction", "sentiment", "mood"))


class Field(msgspec.Struct, frozen=True):
    """A place in the answer: its name, what is said about it, whether it is a list's item."""

    name: str
    about: str
    item: bool = False

    def described(self, node: Node) -> "Field":
        """Return this field with the title and description of its schema."""
        said = " ".join(str(node[key]) for key in ("title", "description") if key in node)
        return Field(
            self.name, f"{self.name}: {said}" if said else self.about or self.name, self.item
        )

    def stated(self, prompt: Prompt) -> str | None:
        """Return the value the matter gives under this field's name (``Order: 17``)."""
        return extract.named(extract.pairs(prompt.matter), self.name) if self.name else None

    def means(self, *senses: frozenset[str]) -> bool:
        """Tell whether the name is one of the words of a sense."""
        own = name_words(self.name)
        return any(word in sense for sense in senses for word in own[-1:] + own[:1])


def texts_for(node: Node, field: Field, prompt: Prompt) -> Iterator[str]:
    """Yield the texts the prompt holds for a field, the surest first."""
    matter = prompt.matter
    stated = field.stated(prompt)
    kind = node.get("format")
    if stated is not None and not field.item:
        yield from extract.dates(stated) if kind in ("date", "date-time") else ()
        yield from extract.emails(stated) if kind == "email" else ()
        yield stated
    yield from _formatted(str(kind or ""), field, matter)
    pattern = node.get("pattern")
    if isinstance(pattern, str) and (searcher := neutral.searchable(pattern)):
        yield from (match[0] for match in searcher.finditer(matter) if match[0])
    if field.item:
        yield matter
    yield from _by_name(field, prompt)


def _formatted(kind: str, field: Field, matter: str) -> Iterator[str]:
    name = name_words(field.name)
    if kind in ("email", "idn-email") or "email" in name or (name and name[-1] == "mail"):
        yield from extract.emails(matter)
    if kind in ("uri", "url", "iri") or "url" in name or "link" in name or "website" in name:
        yield from extract.urls(matter)
    if kind == "date" or (not kind and field.means(_WHEN)):
        yield from extract.dates(matter)
    if kind == "date-time":
        yield from (f"{day}T00:00:00Z" for day in extract.dates(matter))
    if "phone" in name or "telephone" in name:
        yield from extract.phones(matter)


def _said_mood(prompt: Prompt) -> str:
    feeling = mood(prompt.matter)
    return "positive" if feeling > 0.2 else "negative" if feeling < -0.2 else "neutral"


def _said_urgency(prompt: Prompt) -> str:
    level = urgency(prompt.matter)
    return "high" if level > 0.6 else "medium" if level > 0.45 else "low"


def _because(prompt: Prompt) -> str:
    return f"The text says: \u201c{shortened(' '.join(central(prompt.matter, 1)), 200)}\u201d"


_MAKERS: tuple[tuple[frozenset[str], Callable[[Prompt], str]], ...] = (
    (_SUM, lambda prompt: summary(prompt.matter, 2, 400)),
    (_TITLE, lambda prompt: headline(prompt.matter)),
    (_WHY, _because),
    (_REPLY, reply),
    (_QUOTE, lambda prompt: " ".join(central(prompt.matter, 1))),
    (_LANGUAGE, lambda _: "en"),
    (_RATED, _said_mood),
    (_RANK, _said_urgency),
)
"""What a name such as ``summary`` or ``reply`` asks for, the more particular senses first."""


def _by_name(field: Field, prompt: Prompt) -> Iterator[str]:
    """Yield what the field's name asks for."""
    if field.means(_TOPIC):
        yield topic(prompt, field.about)
        return
    for sense, make in _MAKERS:
        if field.means(sense):
            yield make(prompt)
            return
    matter = prompt.matter
    if field.means(_NUMBERED):
        yield from extract.identifiers(matter)
    elif field.means(_WHO):
        yield from (name for name in (extract.person(matter),) if name)
    elif field.means(_WHOLE) or not field.name:
        yield summary(matter, 2, 400)
    else:
        yield from _nearest_sentence(field, matter)


def _nearest_sentence(field: Field, matter: str) -> Iterator[str]:
    """Yield the sentence that speaks of what the field's name and description say."""
    wanted = stems(field.about.replace("_", " "))
    for sentence in central(matter, 12):
        if any(word in wanted for word in stems(sentence)):
            yield shortened(sentence, 300)
            return


def numbers_for(node: Node, field: Field, prompt: Prompt, *, whole: bool) -> Iterator[int | float]:
    """Yield the numbers the prompt holds for a field, or that counting its words gives."""
    for value in _found_numbers(node, field, prompt):
        if not whole or value == int(value):
            yield int(value) if value == int(value) else value
        elif field.means(_SURE, _RANK, _RATED):
            yield round(value)


def _found_numbers(node: Node, field: Field, prompt: Prompt) -> Iterator[float]:
    matter = prompt.matter
    stated = field.stated(prompt)
    if stated is not None:
        yield from extract.amounts(stated)
        yield from extract.numbers(stated)
    low, high = node.get("minimum"), node.get("maximum")
    if isinstance(low, int | float) and isinstance(high, int | float):
        if field.means(_RANK):
            yield round(low + (high - low) * urgency(matter), 2)
        if field.means(_RATED):
            yield round(low + (high - low) * (mood(matter) + 1) / 2, 2)
        if field.means(_SURE):
            yield low + (high - low) * 0.5
    if field.means(_MONEY):
        yield from extract.amounts(matter)
    if field.item:
        yield from extract.numbers(matter)
    yield from _number_beside(field, matter)
    if field.means(_SURE):
        yield 0.5


def _number_beside(field: Field, matter: str) -> Iterator[float]:
    """Yield numbers of sentences that name the field (``3 seats`` for ``seats``)."""
    wanted = stems(
        " ".join(
            word for word in name_words(field.name) if word not in ("count", "number", "amount")
        )
    )
    for sentence in central(matter, 30) if wanted else ():
        if any(word in wanted for word in stems(sentence)):
            yield from extract.numbers(sentence)


def truth_of(field: Field, prompt: Prompt) -> bool:
    """Return whether the matter speaks for a yes-or-no field."""
    stated = field.stated(prompt)
    if stated is not None and stated.lower() in ("yes", "true", "no", "false"):
        return stated.lower() in ("yes", "true")
    return says(field.about, prompt.matter)
