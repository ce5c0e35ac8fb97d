"""The old ``%`` formats, read by hand: the originals accept widths that fill the memory."""

from collections.abc import Mapping, Sequence

from kapell.core.expressions.errors import expensive, wrong
from kapell.core.expressions.limits import Meter
from kapell.core.expressions.operations.values import encoded, number, text_of

_WIDEST = 1000
_PRECISEST = 100


def formatted(
    meter: Meter, pattern: str, values: Sequence[object], named: Mapping[str, object]
) -> str:
    """Return ``pattern`` with its ``%s %d %f %g %x %%`` places filled.

    Understood are flags, a width, a precision and ``%(name)s``.
    """
    meter.read(pattern)
    pieces = pattern.split("%")
    meter.spend(len(pieces))
    written, waiting, rest = [pieces[0]], list(values)[::-1], iter(pieces[1:])
    for piece in rest:
        if not piece:  # the pair %% stands for itself
            written.append("%" + next(rest, ""))
            continue
        name, piece = _named(piece)
        flags, width, precision, sign, tail = _directive(piece)
        if name is not None:
            value = named.get(name)
        elif waiting:
            value = waiting.pop()
        else:
            raise wrong("The format asks for more values than it is given")
        one = _one(meter, flags, precision, sign, value)
        written.append(_padded(one, flags, width) + tail)
        meter.write(len(written[-1]))
    if waiting and not named:
        raise wrong("The format is given more values than it asks for")
    text = "".join(written)
    meter.write(len(text))
    return text


def _named(piece: str) -> tuple[str | None, str]:
    if not piece.startswith("("):
        return None, piece
    name, closed, rest = piece[1:].partition(")")
    if not closed:
        raise wrong("A format name lacks its closing parenthesis")
    return name, rest


def _digits(piece: str, most: int) -> tuple[int, str]:
    end = 0
    while end < len(piece) and piece[end] in "0123456789":
        end += 1
    if end > 6 or int(piece[:end] or "0") > most:
        raise expensive("The format is too wide")
    return int(piece[:end] or "0"), piece[end:]


def _directive(piece: str) -> tuple[str, int, int | None, str, str]:
    """Return flags, width, precision, letter and what follows."""
    bare = piece.lstrip("-+ 0#")
    flags = piece[: len(piece) - len(bare)]
    width, bare = _digits(bare, _WIDEST)
    precision: int | None = None
    if bare.startswith("."):
        precision, bare = _digits(bare[1:], _PRECISEST)
    if not bare or bare[0] not in "sdifegxXo":
        raise wrong("The format has a % that is followed by no known letter", "Write %% for a %.")
    return flags, width, precision, bare[0], bare[1:]


def _one(meter: Meter, flags: str, precision: int | None, letter: str, value: object) -> str:
    if letter == "s":
        text = encoded(meter, value) if isinstance(value, list | dict) else text_of(meter, value)
        return text if precision is None else text[:precision]
    amount = number(value, "A value of the format")
    lead = "+" if "+" in flags else " " if " " in flags else ""
    if letter in "di":
        return f"{int(amount):{lead}d}"
    if letter in "xXo":
        return f"{int(amount):{lead}{letter}}"
    return f"{float(amount):{lead}.{6 if precision is None else precision}{letter}}"


def _padded(text: str, flags: str, width: int) -> str:
    if "-" in flags:
        return text.ljust(width)
    return text.zfill(width) if "0" in flags else text.rjust(width)
