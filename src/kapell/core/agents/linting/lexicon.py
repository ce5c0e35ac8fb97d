"""Words of the rules, written one after the other."""


def lexicon(*lines: str) -> frozenset[str]:
    """Return the words of some lines of text."""
    return frozenset(word for line in lines for word in line.split())
