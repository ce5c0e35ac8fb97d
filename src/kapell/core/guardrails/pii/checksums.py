"""Check digits of cards, accounts and identity numbers."""

_VERHOEFF = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
_SHIFTS = (
    "0123456789", "1576283094", "5803796142", "8916043527",
    "9453126870", "4286573901", "2793806415", "7046913258",
)  # fmt: skip

_VALUES = bytes.maketrans(b"0123456789", bytes(range(10)))
_TWICE = bytes.maketrans(bytes(range(10)), bytes((0, 2, 4, 6, 8, 1, 3, 5, 7, 9)))


def luhn(digits: str) -> bool:
    """Tell whether digits pass Luhn's check, as cards do."""
    # Hostile texts have a candidate at every digit: sums of bytes cost a tenth of a loop.
    values = digits.encode().translate(_VALUES)[::-1]
    return (sum(values[::2]) + sum(values[1::2].translate(_TWICE))) % 10 == 0


def mod97(text: str) -> int:
    """Return the rest of a text by 97, letters being 10 to 35, as accounts (ISO 7064) count."""
    return int("".join(str(int(character, 36)) for character in text)) % 97


def verhoeff(digits: str) -> bool:
    """Tell whether digits pass Verhoeff's check, as India's identity numbers do."""
    check = 0
    for at, digit in enumerate(reversed(digits)):
        check = int(_VERHOEFF[check][int(_SHIFTS[at % 8][int(digit)])])
    return check == 0


def mod11_10(digits: str) -> bool:
    """Tell whether digits pass ISO 7064 MOD 11,10, as Germany's tax numbers do."""
    product = 10
    for digit in digits[:-1]:
        rest = (int(digit) + product) % 10 or 10
        product = rest * 2 % 11
    return (11 - product) % 10 == int(digits[-1])


def weighted(digits: str, weights: tuple[int, ...]) -> int:
    """Return the sum of digits times their weights."""
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))
