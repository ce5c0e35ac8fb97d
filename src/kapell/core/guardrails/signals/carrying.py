"""Orders to carry data out: a verb of sending, what is to be sent, a way out, and secrecy.

One word of these means nothing; the sentence around the verb is weighed. Talk about it ("never
send", "how do I send") is no order.
"""

import re
from collections.abc import Iterator

from kapell.core.guardrails.detectors.detector import Detector, Span, compiled
from kapell.core.guardrails.signals.tongues.carrying import (
    GRAVE,
    NEEDS,
    PLAIN,
    SECRECY,
    TALK,
    VERB,
    WHOLE,
)

_REACH = 160
_CLOSE = 12
_FAR = 80
_MANY = 20
_WAY = (
    r"https?://|\w@[\w\-]{1,63}\.|\+\d[\d \-]{6,18}\d|\b(?:webhook|telegram|pastebin"
    r"|discord|my (?:server|address|account|drive|site|phone)|attacker|sub-?domain|dns|lookup"
    r"|alt text|query(?: string)?|url parameter|parameters? of|to me\b|next commit|comment of"
    r"|public (?:repo\w{0,8}|gist|issue|page|bucket|folder)|image (?:url|link|tag)|tracking pixel"
    r"|pixel|(?:the|a|this|that|every) (?:link|picture|image|url)|answer to this mail"
    r"|request (?:header|body)|user.agent|markdown image|gist)\b"
)
_ENDS = r"[.!?](?=\s)|\n|[\u3002\uff01\uff1f\u0964]"


def _sentence(match: re.Match[str]) -> tuple[str, str]:
    """Return what stands before the verb in its sentence, and the sentence with the next one."""
    text, at = match.string, match.start()
    ahead = text[max(0, at - _REACH) : at]
    cuts = [end.end() for end in compiled(_ENDS).finditer(ahead)]
    ahead = ahead[cuts[-1] if cuts else 0 :]
    return ahead, ahead + text[at : match.end() + _REACH]


def ordered(match: re.Match[str]) -> float:
    """Return how sure it is that a verb of sending is an order, and not talk about one."""
    return 0 if compiled(TALK, re.IGNORECASE).search(_sentence(match)[0]) else 0.6


def _weighed(match: re.Match[str]) -> float:
    ahead, said = _sentence(match)
    if compiled(TALK).search(ahead):
        return 0
    ends = [end.start() for end in compiled(_ENDS).finditer(said) if end.start() >= len(ahead)]
    own = said[: ends[0]] if ends else said
    pair = said[: ends[1]] if len(ends) > 1 else said
    grave, whole, plain, way = (
        compiled(words).search(own) is not None for words in (GRAVE, WHOLE, PLAIN, _WAY)
    )
    secret = compiled(SECRECY).search(pair) is not None
    if secret and (way or grave) and (grave or whole or plain):
        return 0.8
    if grave and way:
        return 0.6
    return 0.55 if whole and way and compiled(r"@|https?://").search(own) else 0


def _carried(text: str) -> Iterator[Span]:
    """Yield the verbs that order it; of verbs close together one is weighed."""
    lower = text.lower()
    if len(lower) != len(text):  # a few letters have longer small ones: places would be wrong
        lower = "".join(one.lower() if len(one.lower()) == 1 else one for one in text)
    weighed, times = -_CLOSE, 0
    for match in compiled(VERB).finditer(lower):
        if match.start() - weighed >= (_CLOSE if times < _MANY else _FAR):
            weighed, times = match.start(), times + 1
            if score := _weighed(match):
                yield *match.span(), score


DETECTORS = (
    Detector(
        "injection",
        "exfiltration",
        needs=NEEDS,
        search=_carried,
    ),
)  # fmt: skip
