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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote

from ruamel.yaml import YAML

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


def _luhn(head: str, length: int, rng: random.Random) -> str:
    digits = head + "".join(rng.choice("0123456789") for _ in range(length - len(head) - 1))
    total = 0
    for at, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if at % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return digits + str(-total % 10)


def _grouped(digits: str, shape: Sequence[int], gap: str) -> str:
    parts, at = [], 0
    for size in shape:
        parts.append(digits[at : at + size])
        at += size
    return gap.join(part for part in [*parts, digits[at:]] if part)


def _card(rng: random.Random) -> str:
    head, length, shape = rng.choice(
        [
            ("424242", 16, (4, 4, 4, 4)),
            ("411111", 16, (4, 4, 4, 4)),
            ("555555", 16, (4, 4, 4, 4)),
            ("222300", 16, (4, 4, 4, 4)),
            ("378282", 15, (4, 6, 5)),
            ("601111", 16, (4, 4, 4, 4)),
            ("305693", 14, (4, 6, 4)),
            ("353011", 16, (4, 4, 4, 4)),
        ]
    )
    return _grouped(_luhn(head, length, rng), shape, rng.choice(["", " ", "-", " "]))


_IBANS: Mapping[str, int | tuple[str, int]] = {
    "DE": 18, "FR": 23, "ES": 20, "NL": ("TEST", 10), "GB": ("TEST", 14), "AT": 16, "BE": 12, "PL": 24,
    "CH": 17, "PT": 21, "IE": ("TEST", 14), "SE": 20, "DK": 14, "NO": 11,
}  # fmt: skip


def _iban(rng: random.Random) -> str:
    country = rng.choice([*_IBANS])
    shape = _IBANS[country]
    if isinstance(shape, tuple):
        body = shape[0] + "".join(rng.choice("0123456789") for _ in range(shape[1]))
    else:
        body = "".join(rng.choice("0123456789") for _ in range(shape))
    number = int("".join(str(int(one, 36)) for one in f"{body}{country}00"))
    whole = f"{country}{98 - number % 97:02d}{body}"
    return _grouped(whole, [4] * 8, " ") if rng.random() < 0.5 else whole


_NAMES = [
    "anna",
    "tom",
    "lea",
    "sam",
    "ida",
    "max",
    "nora",
    "paul",
    "mia",
    "jan",
    "eva",
    "leo",
    "zoe",
    "ben",
]
_WORDS = ["frost", "hill", "meadow", "stone", "rivers", "lake", "forest", "field", "moor", "brook"]
_HOSTS = ["example.com", "example.org", "example.net", "mail.example.com", "shop.example.org"]


def _email(rng: random.Random) -> str:
    name, word = rng.choice(_NAMES), rng.choice(_WORDS)
    local = rng.choice(
        [
            f"{name}.{word}",
            f"{name[0]}{word}",
            f"{word}{rng.randint(1, 99)}",
            f"{name}_{word}",
            f"{name}+news",
            f"{name}-{word}.{rng.randint(70, 99)}",
            name.upper() + f".{word.title()}",
        ]
    )
    return f"{local}@{rng.choice(_HOSTS)}"


def _phone(rng: random.Random) -> str:
    last, area = (
        f"01{rng.randint(0, 99):02d}",
        rng.choice(["202", "212", "303", "415", "617", "904"]),
    )
    four = rng.randint(1000, 9999)
    return rng.choice(
        [
            f"({area}) 555-{last}",
            f"{area}-555-{last}",
            f"+1 {area} 555 {last}",
            f"{area}.555.{last}",
            f"1-{area}-555-{last}",
            f"+1{area}555{last}",
            f"({area})555-{last} ext. 12",
            f"+44 20 7946 0{rng.randint(100, 999)}",
            f"020 7946 0{rng.randint(100, 999)}",
            f"+44 7700 900{rng.randint(100, 999)}",
            f"07700 900{rng.randint(100, 999)}",
            f"+33 1 99 00 {four // 100} {four % 100:02d}",
            f"01 99 00 {four // 100} {four % 100:02d}",
            f"+49 30 23125 {rng.randint(100, 999)}",
            f"030 23125{rng.randint(100, 999)}",
            f"+61 491 570 {rng.randint(156, 159)}",
            f"+353 20 91{rng.randint(10000, 99999)}",
            f"+49 (0)30 23125-{rng.randint(100, 999)}",
            f"0033 1 99 00 {four // 100} {four % 100:02d}",
        ]
    )


def _ip(rng: random.Random) -> str:
    net = rng.choice(["192.0.2", "198.51.100", "203.0.113"])
    last = rng.randint(1, 254)
    tail = ":".join(f"{rng.randint(1, 0xFFFF):x}" for _ in range(3))
    return rng.choice(
        [
            f"{net}.{last}",
            f"{net}.{last}",
            f"2001:db8::{last:x}",
            f"2001:db8:{tail}::1",
            f"2001:0db8:{tail}:0000:0000:8a2e",
            f"::ffff:{net}.{last}",
        ]
    )


def _ssn(rng: random.Random) -> str:
    # No range is kept for tests: these are drawn at random, from areas that were given out last.
    area = rng.choice([*range(750, 773), *range(774, 900)])
    return rng.choice(["{:03d}-{:02d}-{:04d}", "{:03d} {:02d} {:04d}"]).format(
        area, rng.randint(1, 99), rng.randint(1, 9999)
    )


def _passport(rng: random.Random) -> str:
    number = f"{rng.randint(0, 9_999_999):07d}"
    letters = "".join(rng.choice("CFGHJKLMNPRTVWXYZ") for _ in range(2))
    return rng.choice([f"{letters[0]}{number}{rng.randint(0, 9)}", f"{letters}{number}", f"{number}{rng.randint(10, 99)}"])  # fmt: skip


def _birth(rng: random.Random) -> str:
    day, month, year = rng.randint(1, 28), rng.randint(1, 12), rng.randint(1940, 2012)
    word = "January February March April May June July August September October November December"
    return rng.choice(
        [
            f"{year}-{month:02d}-{day:02d}",
            f"{day:02d}.{month:02d}.{year}",
            f"{day:02d}/{month:02d}/{year}",
            f"{day} {word.split()[month - 1]} {year}",
        ]
    )


def _weighted(digits: str, weights: Iterable[int]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))


def _some(rng: random.Random, count: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(count))


def _de_tax(rng: random.Random) -> str:
    order = rng.sample("123456789", 9)
    digits = "".join([*order, order[rng.randint(0, 7)]])
    product = 10
    for digit in digits:
        rest = (int(digit) + product) % 10 or 10
        product = rest * 2 % 11
    whole = digits + str((11 - product) % 10)
    return rng.choice([whole, _grouped(whole, (2, 3, 3, 3), " ")])


def _es_dni(rng: random.Random) -> str:
    number = _some(rng, 8)
    return number + rng.choice(["", "-"]) + "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23]


_ODD = (
    1,
    0,
    5,
    7,
    9,
    13,
    15,
    17,
    19,
    21,
    2,
    4,
    18,
    20,
    11,
    3,
    6,
    8,
    12,
    14,
    16,
    10,
    22,
    25,
    24,
    23,
)


def _it_cf(rng: random.Random) -> str:
    letters = "".join(rng.choice("BCDFGLMNPRST") for _ in range(6))
    body = f"{letters}{rng.randint(40, 99)}{rng.choice('ABCDEHLMPRST')}{rng.randint(1, 28):02d}"
    body += f"H{rng.randint(100, 999)}"
    total = 0
    for at, one in enumerate(body):
        value = int(one) if one.isdigit() else ord(one) - 65
        total += value if at % 2 else _ODD[value]
    return body + chr(65 + total % 26)


def _fr_nir(rng: random.Random) -> str:
    body = f"{rng.choice('12')}{rng.randint(40, 99)}{rng.randint(1, 12):02d}{rng.randint(10, 95)}"
    body += f"{rng.randint(1, 989):03d}{rng.randint(1, 999):03d}"
    return _grouped(body, (1, 2, 2, 2, 3, 3), rng.choice(["", " "])) + f" {97 - int(body) % 97:02d}"


def _nl_bsn(rng: random.Random) -> str:
    while True:
        digits = _some(rng, 8)
        last = _weighted(digits, range(9, 1, -1)) % 11
        if digits[0] != "0" and last < 10:
            return f"{digits}{last}"


def _pl_pesel(rng: random.Random) -> str:
    body = f"{rng.randint(40, 99)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}{_some(rng, 4)}"
    return body + str(-_weighted(body, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)) % 10)


def _uk_nino(rng: random.Random) -> str:
    body = f"QQ{_some(rng, 6)}{rng.choice('ABCD')}".replace("QQ", rng.choice(["AB", "JC", "PX"]))
    return _grouped(body, (2, 2, 2, 2, 1), rng.choice(["", " "]))


def _br_cpf(rng: random.Random) -> str:
    body = _some(rng, 9)
    first = _weighted(body, range(10, 1, -1)) * 10 % 11 % 10
    last = _weighted(f"{body}{first}", range(11, 1, -1)) * 10 % 11 % 10
    return f"{body[:3]}.{body[3:6]}.{body[6:]}-{first}{last}"


_NATIONAL: Mapping[str, Callable[[random.Random], str]] = {
    "de_tax": _de_tax, "es_dni": _es_dni, "it_cf": _it_cf, "fr_nir": _fr_nir, "nl_bsn": _nl_bsn,
    "pl_pesel": _pl_pesel, "uk_nino": _uk_nino, "br_cpf": _br_cpf,
}  # fmt: skip
_VALUES: Mapping[str, tuple[int, Callable[[random.Random], str]]] = {
    "email": (90, _email), "phone": (110, _phone), "card": (80, _card), "iban": (80, _iban),
    "ssn": (50, _ssn), "ip": (70, _ip), "passport": (40, _passport), "birth_date": (30, _birth),
}  # fmt: skip


def pii(rng: random.Random) -> Corpus:
    """Return 600 pieces of personal data in context, with their places."""
    told, corpus = pieces("pii"), Corpus(rng)
    for kind, (count, value) in _VALUES.items():
        frames = spoken(told[kind], rng)

        def made(
            frames: Callable[[], Any] = frames, value: Callable[[random.Random], str] = value
        ) -> tuple[str, str, Row]:
            lang, frame = frames()
            return _placed(frame, value(rng), lang)

        corpus.take(kind, count, made)
    nations = in_turn([*_NATIONAL], rng)
    frames_of = {nation: in_turn(told["national_id"][nation], rng) for nation in _NATIONAL}

    def national() -> tuple[str, str, Row]:
        nation = nations()
        text, _, more = _placed(frames_of[nation](), _NATIONAL[nation](rng), "")
        return text, nation[:2].replace("uk", "en").replace("br", "pt"), more

    corpus.take("national_id", 50, national)
    return corpus


def _placed(frame: str, value: str, lang: str) -> tuple[str, str, Row]:
    text = filled(frame, v=value)
    start = text.index(value)
    return text, lang, {"span": [start, start + len(value)]}


def _numbers(rng: random.Random) -> Iterator[tuple[str, str]]:
    def digits(count: int) -> str:
        return str(rng.randint(1, 9)) + _some(rng, count - 1)

    def hexed(count: int) -> str:
        return "".join(rng.choice("0123456789abcdef") for _ in range(count))

    isbn = f"978{_some(rng, 9)}"
    check = -_weighted(isbn, (1, 3) * 6) % 10
    yield "order", digits(rng.choice([6, 7, 8]))
    yield "track", f"{rng.choice(['JX', 'RT', 'ZE'])}{digits(10)}"
    yield "version", f"{rng.randint(0, 30)}.{rng.randint(0, 40)}.{rng.randint(0, 20)}"
    yield "version2", f"{rng.randint(31, 60)}.{rng.randint(0, 40)}.{rng.randint(0, 20)}"
    yield "sha", hexed(40)
    yield "sha256", hexed(64)
    yield "isbn", f"978-{isbn[3]}-{isbn[4:8]}-{isbn[8:12]}-{check}"
    yield "issn", f"{digits(4)}-{digits(4)}"
    yield "lat", f"{rng.randint(35, 65)}.{_some(rng, 4)}"
    yield "lon", f"{rng.randint(1, 25)}.{_some(rng, 4)}"
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
    yield "ean", (ean := f"40{_some(rng, 10)}") + str(-_weighted(ean, (1, 3) * 6) % 10)
    yield "money", f"{rng.randint(1, 9)},{_some(rng, 3)}.{_some(rng, 2)}"
    yield "epoch", str(rng.randint(1_500_000_000, 1_900_000_000))
    yield "item", digits(5)
    yield "item2", digits(5)
    yield "big", f"{rng.randint(10, 999)},{_some(rng, 3)}"


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
