"""Texts that every store can keep; checked at the edge, on every store alike."""

from kapell.kit.errors import Invalid


def checked(*texts: str) -> None:
    """Refuse what Postgres cannot store.

    Raises:
        Invalid: ``text_refused`` for a NUL or a lone surrogate.
    """
    joined = "".join(texts)
    if "\x00" not in joined:
        if joined.isascii():
            return
        try:
            joined.encode()
        except UnicodeEncodeError:
            pass
        else:
            return
    raise Invalid(
        "A text holds a NUL character or half of a surrogate pair.",
        code="text_refused",
        advice="Remove the character from keys, names and messages.",
    )
