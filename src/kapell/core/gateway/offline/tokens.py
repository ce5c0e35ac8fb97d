"""Token counts of models that have no tokenizer: one for every four bytes of UTF-8, rounded up."""


def count(text: str) -> int:
    """Return the tokens of ``text``; the same everywhere, never more than its bytes."""
    return -(-len(text.encode("utf-8", "replace")) // 4)


def cut(text: str, most: int) -> str:
    """Return the start of ``text`` that is at most ``most`` tokens."""
    if count(text) <= most:
        return text
    return text.encode("utf-8", "replace")[: most * 4].decode("utf-8", "ignore")
