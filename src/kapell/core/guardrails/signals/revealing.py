"""Orders to give away what a model was told: a verb of showing, what was told, whose it is."""

import re

from kapell.core.guardrails.detectors.detector import Detector
from kapell.core.guardrails.signals.tongues.revealing import TONGUES

_SHOW = (
    r"(?:reveal|show|print|repeat|output|tell|leak|display|give|recite|dump|expose|disclose|write"
    r"|paste|share|copy|list|return|spell|encode|translate|summari[sz]e|quote|divulge|state|need"
    r"|want|send|echo|reproduce|render|rewrite|paraphrase|read out|describe|convert|include)"
)
_TOLD = (
    r"(?:instructions?|directives?|prompts?|preamble|guidelines|rules|context(?: window)?|orders"
    r"|configuration|system text|setup text|briefing)"
)
_HIDDEN = (
    r"(?:confidential|secret|hidden|original|internal|initial|exact|full|complete|entire|verbatim"
    r"|unabridged|underlying|private|first|system|developer)"
)


def _signal(pattern: str, needs: tuple[str, ...], score: float) -> Detector:
    return Detector("injection", "extraction", pattern, needs, score=score, flags=re.IGNORECASE)


DETECTORS = (
    _signal(
        rf"\b{_SHOW}\b[^.?!\n]{{0,60}}?\byour (?:own )?(?:{_HIDDEN},? (?:and )?){{1,3}}{_TOLD}\b"
        r"(?! (?:for|on|about|to the|sheet|manual|form))",
        ("your ",),
        0.65,
    ),
    _signal(
        rf"\b{_SHOW}\b[^.?!\n]{{0,60}}?\byour (?:prompt|preamble|context window|system text"
        r"|context(?=[.,:;]|$| (?:as|in|above|word|verbatim))|directives"
        r"|(?:instructions|guidelines|rules) (?:as an?|word for word|verbatim|in full|exactly"
        r"|unabridged|in (?:base64|rot13|hex|json|yaml|a code block|quotation marks)))\b",
        ("your ",),
        0.6,
    ),
    _signal(
        r"\b(?:reveal|leak|dump|divulge|disclose|expose|recite|spill) (?:\w{1,10} ){0,3}?your"
        rf" (?:\w{{1,14}} )?{_TOLD}\b",
        ("your ",),
        0.7,
    ),
    _signal(
        rf"\b{_SHOW}\b[^.?!\n]{{0,60}}?\b(?:instructions?|rules|guidelines|directives|orders"
        rf"|prompts?"
        r"|everything|words|text|messages?) (?:that )?(?:you (?:were|have been|got|had|are|received"
        r"|have received|were first) ?(?:given|told|shown|sent)?|before this"
        r" (?:message|conversation|chat|line)|above this (?:line|message))\b"
        r"(?! (?:by (?:the|your) (?:doctor|school|teacher|bank)|yesterday|last))",
        ("you were", "you have been", "you got", "you had", "you are", "you received",
         "you have received", "before this", "above this"),
        0.6,
    ),
    _signal(
        r"\b(?:what were you (?:told|instructed|ordered|forbidden|asked not)\b|what (?:rules"
        r"|instructions"
        r"|orders|guidelines|directives|constraints) (?:do|did|were|have|are) you (?:follow"
        r"|been given"
        r"|given|get|receive|have to follow|told|operating|under)\b"
        r"|what (?:does|is in|stands in|did) your (?:prompt|context window|system message))",
        ("what ",),
        0.6,
    ),
    _signal(
        r"\b(?:first|last|opening) (?:\d{1,5} |few |hundred )?(?:words?|lines?|tokens?|characters?"
        r"|sentences?|paragraphs?) of (?:your|this) (?:context|prompt|instructions?|system message"
        r"|input|conversation|memory)\b|\b(?:conversation|chat|context) from (?:message zero"
        r"|the (?:very )?(?:first|beginning|start)|its (?:first"
        r"|beginning))\b[^.\n]{0,60}?\b(?:hidden"
        r"|system|invisible|before)\b|\beverything (?:above|before) (?:this|my)"
        r" (?:line|message|sentence|prompt|point)\b",
        ("first ", "last ", "opening ", "zero", "beginning", "start", "everything"),
        0.65,
    ),
    *(_signal(pattern, needs, 0.65) for needs, pattern in TONGUES),
)  # fmt: skip
