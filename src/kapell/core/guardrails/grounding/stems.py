"""Words brought to a common form, so that `closed`, `closing` and `closes` are one."""

from functools import lru_cache

_IRREGULAR = {
    "men": "man", "women": "woman", "children": "child", "feet": "foot", "teeth": "tooth",
    "mice": "mouse", "built": "build", "bought": "buy", "sold": "sell", "paid": "pay",
    "taught": "teach", "found": "find", "founded": "found", "founding": "found",
    "founder": "found", "kept": "keep", "left": "leave", "sent": "send", "spent": "spend",
    "lost": "lose", "won": "win", "led": "lead", "held": "hold", "ran": "run", "grew": "grow",
    "grown": "grow", "rose": "rise", "risen": "rise", "fell": "fall", "fallen": "fall",
    "chose": "choose", "chosen": "choose", "gave": "give", "given": "give", "wrote": "write",
    "written": "write", "broke": "break", "broken": "break", "began": "begin", "begun": "begin",
    "ate": "eat", "eaten": "eat", "drew": "draw", "drawn": "draw", "drove": "drive",
    "driven": "drive", "flew": "fly", "flown": "fly", "died": "die", "dead": "die",
    "death": "die", "met": "meet", "caught": "catch", "brought": "bring", "thought": "think",
    "stood": "stand", "lent": "lend", "shut": "shut", "shrank": "shrink", "sank": "sink",
    "sunk": "sink", "frozen": "freeze", "froze": "freeze", "wore": "wear", "worn": "wear",
    "spoke": "speak", "spoken": "speak", "stole": "steal", "stolen": "steal", "swam": "swim",
    "told": "tell", "understood": "understand", "felt": "feel", "dealt": "deal", "laid": "lay",
    "analyses": "analysis", "bacteria": "bacterium", "criteria": "criterion", "fed": "feed",
    "heard": "hear", "saw": "see", "seen": "see", "shown": "show", "slept": "sleep",
    "burnt": "burn", "learnt": "learn", "dug": "dig", "hung": "hang", "struck": "strike",
    "taken": "take", "took": "take", "made": "make", "knew": "know", "known": "know",
    "hid": "hide", "hidden": "hide", "came": "come", "went": "go", "gone": "go",
    "became": "become", "cut": "cut", "lit": "light", "withdrew": "withdraw",
    "withdrawn": "withdraw", "overseen": "oversee", "oversaw": "oversee", "lain": "lie",
}  # fmt: skip

_TAILS = (
    ("ization", "ize"), ("isation", "ise"), ("fulness", "ful"), ("ations", "ate"), ("ation", "ate"),
    ("ements", "e"), ("ement", "e"), ("ments", ""), ("ment", ""), ("ities", "e"), ("ity", "e"),
    ("ically", "ic"), ("ingly", ""), ("edly", ""), ("ly", ""), ("ies", "y"), ("ied", "y"),
    ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("shes", "sh"), ("ings", ""), ("ing", ""),
    ("ed", ""), ("es", "e"), ("s", ""),
)  # fmt: skip


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """Return what stands for all forms of a word."""
    word = word.casefold().replace("\u2019", "'")
    word = word.removesuffix("'s").removesuffix("'")
    if word in _IRREGULAR:
        return _evened(_IRREGULAR[word])
    if len(word) < 4 or not word.isascii():
        return word
    for tail, put in _TAILS:
        if word.endswith(tail) and len(word) - len(tail) >= 3:
            if tail == "s" and word[-2] in "su":
                break
            return _evened(word[: len(word) - len(tail)] + put)
    return _evened(word)


def _evened(word: str) -> str:
    if len(word) > 3 and word[-1] == "e":
        word = word[:-1]
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiouls":
        word = word[:-1]
    return f"{word[:-1]}i" if word.endswith("y") and len(word) > 3 else word
