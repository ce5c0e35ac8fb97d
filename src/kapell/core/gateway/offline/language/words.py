"""Words of a text: cut, lowered and stemmed by rules that stay the same everywhere."""

import functools
import re

_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_SENTENCE_END = re.compile(
    r"(?<=[.!?…])[\"')\]]*\s+(?=[\"'(\[]?[^\Wa-z_])|\n\s*\n|\n(?=\s*[-*•\d])"
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_ABBREVIATION = re.compile(r"\b(?:mr|mrs|ms|dr|prof|no|e\.g|i\.e|etc|vs|st)\.$", re.IGNORECASE)


def listed(text: str) -> frozenset[str]:
    """Return the words of a list written as one text."""
    return frozenset(text.split())


STOP = listed(
    "a about above after again all also am an and any are aren't as at be because been before "
    "below between both but by can could did do does doing don't down during each few for from "
    "further get gets getting got had has have having he her here hers him his how i i'd i'll "
    "i've if in into is isn't it it's its itself just let me more most my myself of off on i'm "
    "or other our ours out over own please same she should so some such than that the their "
    "theirs them then there these they this those through to too under until up us very was we "
    "we're that's once only even being were what when where which while who whom why will with "
    "would you you're your yours"
)
"""Words that say nothing about the matter."""

_SUFFIXES = (
    ("ations", "at"), ("ation", "at"), ("ements", ""), ("ement", ""), ("ness", ""), ("ingly", ""),
    ("edly", ""), ("ings", ""), ("ies", "y"), ("ied", "y"), ("ing", ""), ("ments", ""),
    ("ment", ""), ("sses", "ss"), ("ches", "ch"), ("shes", "sh"), ("xes", "x"), ("ed", ""),
    ("ly", ""), ("es", "e"), ("s", ""),
)  # fmt: skip
_KEPT = ("ss", "us", "is", "ous")


def words(text: str) -> list[str]:
    """Return the words of ``text`` in order, in small letters, with straight apostrophes."""
    return [match.replace("\u2019", "'").lower() for match in _WORD.findall(text)]


def name_words(name: str) -> list[str]:
    """Return the words of an identifier: ``refundRequested`` and ``refund_requested`` alike."""
    return words(_CAMEL.sub(" ", name).replace("_", " ").replace("-", " "))


@functools.lru_cache(maxsize=4096)
def stem(word: str) -> str:
    """Return ``word`` without its common English ending; short words stay whole."""
    if word.endswith("'s"):
        word = word[:-2]
    for suffix, instead in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) + len(instead) >= 3:
            if suffix == "s" and word.endswith(_KEPT):
                break
            word = word[: len(word) - len(suffix)] + instead
            break
    if len(word) > 4 and word[-1] == word[-2] and word[-1] not in "lsz":
        word = word[:-1]
    return word[:-1] if len(word) > 3 and word.endswith("e") else word


@functools.lru_cache(maxsize=64)
def stems(text: str) -> tuple[str, ...]:
    """Return the stems of the words that carry meaning, in order."""
    return tuple(stem(word) for word in words(text) if word not in STOP)


@functools.lru_cache(maxsize=8)
def sentences(text: str) -> tuple[str, ...]:
    """Return the sentences of ``text`` in order, blanks folded."""
    found: list[str] = []
    for part in _SENTENCE_END.split(text):
        piece = " ".join(part.split())
        if not piece:
            continue
        if found and _ABBREVIATION.search(found[-1]):
            found[-1] = f"{found[-1]} {piece}"
        else:
            found.append(piece)
    return tuple(found)


def shortened(text: str, limit: int) -> str:
    """Return ``text`` on one line, cut at a word to at most ``limit`` characters."""
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    cut = line[: max(limit - 1, 0)]
    head = cut.rpartition(" ")[0] or cut
    return (head.rstrip(" ,;:.-") + "…")[:limit]
