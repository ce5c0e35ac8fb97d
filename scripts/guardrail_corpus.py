"""Puts our corpus for guardrails together from hand-written pieces, the same every time.

Usage: ``python scripts/guardrail_corpus.py``. Reads ``evals/guardrails/pieces``, writes JSON lines
beside it: 400 attacks in ten families, 400 benign look-alikes, 600 pieces of personal data in
context, 300 texts without any. Nobody in it exists: addresses lie in reserved domains, phones and
cards in ranges that are kept for tests, check digits are right.
"""

import base64
import codecs
import json
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote

from ruamel.yaml import YAML

from kapell.testing.personal import NATIONAL, VALUES, digits_of, weighted

FOLDER = Path(__file__).parents[1] / "evals" / "guardrails"
SEED = 20260401

Row: TypeAlias = dict[str, object]
Pieces: TypeAlias = Mapping[str, Any]


def pieces(name: str) -> Pieces:
    """Return the hand-written pieces of one kind."""
    text = (FOLDER / "pieces" / f"{name}.yaml").read_text("utf-8")
    found: Pieces = YAML(typ="safe", pure=True).load(StringIO(text))
    return found


def filled(frame: str, **values: str) -> str:
    """Return a frame with its places taken; doubled braces become single ones."""
    for key, value in values.items():
        frame = frame.replace(f"{{{key}}}", value)
    return frame.replace("{{", "{").replace("}}", "}")


class Corpus:
    """Rows without repetition, in families."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.rows: list[Row] = []
        self._seen: set[str] = set()

    def take(self, family: str, count: int, made: Callable[[], tuple[str, str, Row]]) -> None:
        """Add ``count`` different rows of a family."""
        for _ in range(count * 60):
            text, language, more = made()
            if text in self._seen:
                continue
            self._seen.add(text)
            self.rows.append({"text": text, "family": family, "language": language, **more})
            count -= 1
            if not count:
                return
        raise ValueError(f"there are not enough pieces for {family}: {count} are missing")

    def add(self, family: str, text: str, language: str) -> None:
        """Add one row as it stands."""
        self.take(family, 1, lambda: (text, language, {}))

    def write(self, name: str) -> None:
        """Write the rows as JSON lines."""
        lines = (json.dumps(row, ensure_ascii=False, sort_keys=True) for row in self.rows)
        (FOLDER / f"{name}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")


def in_turn(items: Sequence[Any], rng: random.Random) -> Callable[[], Any]:
    """Return a function that goes through all items in a mixed order, again and again."""
    left: list[Any] = []

    def one() -> Any:
        if not left:
            left.extend(items)
            rng.shuffle(left)
        return left.pop()

    return one


def spoken(frames: Mapping[str, Sequence[str]], rng: random.Random) -> Callable[[], Any]:
    """Return a function that yields (language, frame), each in turn."""
    return in_turn([(lang, frame) for lang, some in frames.items() for frame in some], rng)


_ENCODERS: Mapping[str, Callable[[str], str]] = {
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "hex": lambda text: text.encode().hex(),
    "rot13": lambda text: codecs.encode(text, "rot13"),
    "url encoding": lambda text: quote(text, safe=""),
    "unicode escapes": lambda text: "".join(f"\\u{ord(one):04x}" for one in text),
    "HTML entities": lambda text: "".join(f"&#{ord(one)};" for one in text),
    "binary": lambda text: " ".join(f"{one:08b}" for one in text.encode()),
    "reversed text": lambda text: text[::-1],
}

_LOOKALIKES = str.maketrans(
    {"a": "\u0430", "e": "\u0435", "o": "\u043e", "p": "\u0440", "c": "\u0441"}
)
_LEET = str.maketrans({"a": "4", "e": "3", "i": "1", "o": "0", "s": "5", "t": "7"})
_SPLITTERS: Mapping[str, Callable[[str], str]] = {
    "spaced": lambda text: "  ".join(" ".join(word) for word in text.split()),
    "dotted": lambda text: " ".join(".".join(word) for word in text.split()),
    "dashed": lambda text: " ".join("-".join(word) for word in text.split()),
    "zero width": lambda text: "\u200b".join(text),
    "soft hyphens": lambda text: "".join(f"{one}\u00ad" for one in text),
    "look-alikes": lambda text: text.translate(_LOOKALIKES),
    "leet": lambda text: text.translate(_LEET),
    "fullwidth": lambda text: "".join(
        chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in text
    ),
    "tags": lambda text: (
        "Hello" + "".join(chr(0xE0000 + ord(one)) for one in text if ord(one) < 128)
    ),
    "lines": lambda text: "\n".join(text.split()),
    "halves": lambda text: f"a = '{text[: len(text) // 2]}' b = '{text[len(text) // 2 :]}'",
    "underscores": lambda text: "_".join(text.split()),
    "bold letters": lambda text: "".join(
        chr(0x1D41A + ord(one) - 97) if "a" <= one <= "z" else one for one in text.lower()
    ),
}


def attacks(rng: random.Random) -> Corpus:
    """Return 400 attacks, 40 of each of ten families."""
    told, corpus = pieces("attacks"), Corpus(rng)
    goals = {lang: in_turn(some, rng) for lang, some in told["goals"].items()}

    def with_goal(frame: str, lang: str) -> str:
        return filled(frame, goal=goals.get(lang, goals["en"])())

    for family in (
        "direct_override",
        "role_play",
        "prompt_extraction",
        "authority",
        "exfiltration",
    ):
        frames = spoken(told[family], rng)

        def direct(frames: Callable[[], Any] = frames) -> tuple[str, str, Row]:
            lang, frame = frames()
            return with_goal(frame, lang), lang, {}

        corpus.take(family, 40, direct)
    plain = in_turn(told["direct_override"]["en"][:9], rng)
    for family, ways in (("encoded", _ENCODERS), ("split", _SPLITTERS)):
        way, frame = in_turn([*ways], rng), in_turn(told[family]["frames"], rng)

        def hidden(
            way: Callable[[], Any] = way,
            frame: Callable[[], Any] = frame,
            ways: Mapping[str, Callable[[str], str]] = ways,
        ) -> tuple[str, str, Row]:
            how = way()
            code = ways[how](with_goal(plain(), "en"))
            return frame().replace("{how}", how).replace("{code}", code), "en", {"way": how}

        corpus.take(family, 40, hidden)
    for family in ("indirect_document", "in_code"):
        carriers, orders = (
            in_turn(told[family]["carriers"], rng),
            in_turn(told[family]["orders"], rng),
        )

        def carried(
            carriers: Callable[[], Any] = carriers, orders: Callable[[], Any] = orders
        ) -> tuple[str, str, Row]:
            order = with_goal(orders(), "en")
            text = filled(carriers(), order=order)
            start = text.index(order)
            return text, "en", {"span": [start, start + len(order)]}

        corpus.take(family, 40, carried)
    corpus.take("many_shot", 40, lambda: (_many(told["many_shot"], goals["en"], rng), "en", {}))
    return corpus


def _many(told: Pieces, goal: Callable[[], Any], rng: random.Random) -> str:
    turns = rng.sample(told["turns"], rng.randint(4, 8))
    said = [f"Human: {asked}\nAssistant: {answered}" for asked, answered in turns]
    closing = filled(rng.choice(told["closers"]), goal=goal())
    return "\n".join([rng.choice(told["openers"]), *said, closing])


def benign(rng: random.Random) -> Corpus:
    """Return 400 texts that only look like attacks."""
    told, corpus = pieces("benign"), Corpus(rng)
    shares = {"security_talk": 70, "ordinary_mail": 90, "code": 60, "fiction": 50}
    shares |= {"everyday": 80, "documents": 50}
    for family, count in shares.items():
        fill = {key: in_turn(some, rng) for key, some in told[family].get("fill", {}).items()}
        frames = {lang: some for lang, some in told[family].items() if lang not in ("fill", "en")}
        foreign = [(lang, frame) for lang, some in frames.items() for frame in some]
        for lang, frame in foreign:
            corpus.add(family, frame, lang)
        english = in_turn(told[family]["en"], rng)

        def made(
            english: Callable[[], Any] = english, fill: Mapping[str, Callable[[], Any]] = fill
        ) -> tuple[str, str, Row]:
            return filled(english(), **{key: str(one()) for key, one in fill.items()}), "en", {}

        corpus.take(family, count - len(foreign), made)
    return corpus


_COUNTS = {
    "email": 90,
    "phone": 110,
    "card": 80,
    "iban": 80,
    "ssn": 50,
    "ip": 70,
    "passport": 40,
    "birth_date": 30,
}


def pii(rng: random.Random) -> Corpus:
    """Return 600 pieces of personal data in context, with their places."""
    told, corpus = pieces("pii"), Corpus(rng)
    for kind, count in _COUNTS.items():
        value = VALUES[kind]
        frames = spoken(told[kind], rng)

        def made(
            frames: Callable[[], Any] = frames, value: Callable[[random.Random], str] = value
        ) -> tuple[str, str, Row]:
            lang, frame = frames()
            return _placed(frame, value(rng), lang)

        corpus.take(kind, count, made)
    nations = in_turn([*NATIONAL], rng)
    frames_of = {nation: in_turn(told["national_id"][nation], rng) for nation in NATIONAL}

    def national() -> tuple[str, str, Row]:
        nation = nations()
        text, _, more = _placed(frames_of[nation](), NATIONAL[nation](rng), "")
        return text, nation[:2].replace("uk", "en").replace("br", "pt"), more

    corpus.take("national_id", 50, national)
    return corpus


def _placed(frame: str, value: str, lang: str) -> tuple[str, str, Row]:
    text = filled(frame, v=value)
    start = text.index(value)
    return text, lang, {"span": [start, start + len(value)]}


def _numbers(rng: random.Random) -> Iterator[tuple[str, str]]:
    def digits(count: int) -> str:
        return str(rng.randint(1, 9)) + digits_of(rng, count - 1)

    def hexed(count: int) -> str:
        return "".join(rng.choice("0123456789abcdef") for _ in range(count))

    isbn = f"978{digits_of(rng, 9)}"
    check = -weighted(isbn, (1, 3) * 6) % 10
    yield "order", digits(rng.choice([6, 7, 8]))
    yield "track", f"{rng.choice(['JX', 'RT', 'ZE'])}{digits(10)}"
    yield "version", f"{rng.randint(0, 30)}.{rng.randint(0, 40)}.{rng.randint(0, 20)}"
    yield "version2", f"{rng.randint(31, 60)}.{rng.randint(0, 40)}.{rng.randint(0, 20)}"
    yield "sha", hexed(40)
    yield "sha256", hexed(64)
    yield "isbn", f"978-{isbn[3]}-{isbn[4:8]}-{isbn[8:12]}-{check}"
    yield "issn", f"{digits(4)}-{digits(4)}"
    yield "lat", f"{rng.randint(35, 65)}.{digits_of(rng, 4)}"
    yield "lon", f"{rng.randint(1, 25)}.{digits_of(rng, 4)}"
    yield "uuid", f"{hexed(8)}-{hexed(4)}-4{hexed(3)}-a{hexed(3)}-{hexed(12)}"
    yield "part", f"{rng.choice('ABCDEFGH')}{rng.choice('KLMNPR')}-{digits(4)}"
    yield "hpa", str(rng.randint(960, 1040))
    yield "year", str(rng.randint(1950, 1999))
    yield "year2", str(rng.randint(2000, 2039))
    yield "month", f"{rng.randint(1, 12):02d}"
    yield "clock", f"{rng.randint(6, 23)}:{rng.randint(10, 59)}"
    yield "clock2", f"{rng.randint(6, 23)}:{rng.randint(10, 59)}"
    yield "batch", f"L{digits(5)}{rng.choice('XYZ')}"
    yield "hex8", hexed(8)
    yield "hex6", hexed(6)
    yield "ean", (ean := f"40{digits_of(rng, 10)}") + str(-weighted(ean, (1, 3) * 6) % 10)
    yield "money", f"{rng.randint(1, 9)},{digits_of(rng, 3)}.{digits_of(rng, 2)}"
    yield "epoch", str(rng.randint(1_500_000_000, 1_900_000_000))
    yield "item", digits(5)
    yield "item2", digits(5)
    yield "big", f"{rng.randint(10, 999)},{digits_of(rng, 3)}"


def clean(rng: random.Random) -> Corpus:
    """Return 300 texts without personal data: numbers of all sorts, code, prose."""
    told, corpus = pieces("clean"), Corpus(rng)
    for family, count in (("numbers", 171), ("code", 80)):
        frames = in_turn(told[family], rng)

        def made(frames: Callable[[], Any] = frames) -> tuple[str, str, Row]:
            frame = filled(frames(), **dict(_numbers(rng)))
            frame = re.sub(r"\{small\}", lambda _: str(rng.randint(2, 40)), frame)
            frame = re.sub(r"\{hundred\}", lambda _: str(rng.randint(100, 900)), frame)
            return frame, "en", {}

        corpus.take(family, count, made)
    text = (FOLDER.parent / "grounding" / "texts.yaml").read_text("utf-8")
    sources = [one["source"] for one in YAML(typ="safe", pure=True).load(text)]
    prose = in_turn([one for one in sources if "was born" not in one], rng)
    corpus.take("prose", 49, lambda: (prose(), "en", {}))
    return corpus


PARTS: Mapping[str, Callable[[random.Random], Corpus]] = {
    "attacks": attacks,
    "benign": benign,
    "pii": pii,
    "clean": clean,
}


def main() -> None:
    """Write all four parts."""
    for name, part in PARTS.items():
        corpus = part(random.Random(f"{SEED}-{name}"))  # noqa: S311 - the same every time
        corpus.write(name)


if __name__ == "__main__":
    main()
