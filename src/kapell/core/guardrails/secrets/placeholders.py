"""What stands where a secret would: examples, variables, words of a form."""

import re

from kapell.core.guardrails.detectors.detector import compiled

_PLACEHOLDER = (
    r"^[$<{%\[(]|\$\{|\{\{|\.\.\.|\*{3}|[xX]{4}|^your|^my_?(?:pass|secret|key|token)|example|placeholder"
    r"|redacted|change_?me|dummy|sample|^(?:pass(?:word|wd|wort)?|pwd|secret|token|key|user(?:name)?|none"
    r"|null|nil|true|false|undefined|string|str|bytes|text|optional|required|secretstr)\d{0,3}$|^<|>$"
)


def placeholder(word: str) -> bool:
    """Tell whether a word only says where a secret goes."""
    return compiled(_PLACEHOLDER, re.IGNORECASE).search(word) is not None


def random(word: str) -> bool:
    """Tell whether a word looks drawn rather than written: digits among letters, few repeats."""
    digits = sum(map(str.isdigit, word))
    letters = sum(map(str.isalpha, word))
    return digits >= 2 and letters >= 2 and len(set(word)) * 3 >= min(len(word), 36)
