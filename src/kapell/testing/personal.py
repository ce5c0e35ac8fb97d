"""Made-up personal data with right check digits, for tests of what must not leave the machine.

Addresses lie in reserved domains, IP addresses in the blocks for documentation, phones and cards in
ranges that are kept for drama and tests where there are such. Nobody is meant.
"""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence


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
    "DE": 18, "FR": 23, "ES": 20, "NL": ("TEST", 10), "GB": ("TEST", 14), "AT": 16, "BE": 12,
    "PL": 24, "CH": 17, "PT": 21, "IE": ("TEST", 14), "SE": 20, "DK": 14, "NO": 11,
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
    shapes = [f"{letters[0]}{number}{rng.randint(0, 9)}", f"{letters}{number}"]
    return rng.choice([*shapes, f"{number}{rng.randint(10, 99)}"])


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


def weighted(digits: str, weights: Iterable[int]) -> int:
    """Return the sum of digits times their weights."""
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))


def digits_of(rng: random.Random, count: int) -> str:
    """Return some digits."""
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
    number = digits_of(rng, 8)
    return number + rng.choice(["", "-"]) + "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23]


_ODD = (
    1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23,
)  # fmt: skip


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
        digits = digits_of(rng, 8)
        last = weighted(digits, range(9, 1, -1)) % 11
        if digits[0] != "0" and last < 10:
            return f"{digits}{last}"


def _pl_pesel(rng: random.Random) -> str:
    body = (
        f"{rng.randint(40, 99)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}{digits_of(rng, 4)}"
    )
    return body + str(-weighted(body, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)) % 10)


def _uk_nino(rng: random.Random) -> str:
    body = f"QQ{digits_of(rng, 6)}{rng.choice('ABCD')}".replace(
        "QQ", rng.choice(["AB", "JC", "PX"])
    )
    return _grouped(body, (2, 2, 2, 2, 1), rng.choice(["", " "]))


def _br_cpf(rng: random.Random) -> str:
    body = digits_of(rng, 9)
    first = weighted(body, range(10, 1, -1)) * 10 % 11 % 10
    last = weighted(f"{body}{first}", range(11, 1, -1)) * 10 % 11 % 10
    return f"{body[:3]}.{body[3:6]}.{body[6:]}-{first}{last}"


NATIONAL: Mapping[str, Callable[[random.Random], str]] = {
    "de_tax": _de_tax, "es_dni": _es_dni, "it_cf": _it_cf, "fr_nir": _fr_nir, "nl_bsn": _nl_bsn,
    "pl_pesel": _pl_pesel, "uk_nino": _uk_nino, "br_cpf": _br_cpf,
}  # fmt: skip
"""What makes an identity or tax number, by country."""

VALUES: Mapping[str, Callable[[random.Random], str]] = {
    "email": _email,
    "phone": _phone,
    "card": _card,
    "iban": _iban,
    "ssn": _ssn,
    "ip": _ip,
    "passport": _passport,
    "birth_date": _birth,
}
"""What makes a value, by its kind."""
