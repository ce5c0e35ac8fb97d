"""Orders that undo what was told before in other words than "ignore": it ends, it is skipped."""

import re

from kapell.core.guardrails.detectors.detector import Detector
from kapell.core.guardrails.signals.hidden import READER
from kapell.core.guardrails.signals.tongues.undoing import TONGUES

_UNDO = (
    r"(?:ignore|disregard|forget|overrid(?:e|es)|overrule|bypass|neglect|dismiss|discard|abandon"
    r"|cancel|drop|skip|set aside|pay no attention to|do not follow|don'?t follow|stop following"
    r"|stop obeying|throw away|give up|lift|delete)"
)
_TOLD = (
    r"(?:instructions?|prompts?|rules|directions?|directives?|guidelines?|commands?|orders"
    r"|restrictions?|constraints|task|job|everything|anything|whatever|all|what)"
)
_ENDED = (
    r"(?:void|cancel+ed|obsolete|revoked|invalid|suspended|replaced|overridden|superseded|disabled"
    r"|lifted|switched off|turned off|removed|deleted|a mistake|no longer (?:apply|valid|hold"
    r"|count)"
    r"|do(?:es)? not (?:apply|count))"
)
_NOW = (
    r"(?:say|reply|answer|output|print|reveal|send|forward|e-?mail|delete|erase|rate|recommend"
    r"|approve|ignore|disregard|forget|turn off|disable|insult|transfer|upload|visit|run|execute"
    r"|praise|mark|call|buy|pay|download|install|open|post|tell|write|list|rank|hide|change)"
)


def _signal(kind: str, pattern: str, needs: tuple[str, ...], score: float) -> Detector:
    return Detector("injection", kind, pattern, needs, score=score, flags=re.IGNORECASE)


DETECTORS = (
    _signal(
        "override",
        rf"\b{_UNDO} (?:[\w']{{1,14}} ){{0,3}}?{_TOLD} (?:that )?you (?:were|have been|are|got|had"
        r"|received|have) ?(?:given|told|instructed|from (?:the|your)|so far|earlier|before)\b",
        ("you were", "you have", "you are", "you got", "you had", "you received"),
        0.8,
    ),
    _signal(
        "override",
        rf"\b{_UNDO} (?:the |all |any )?(?:whatever|what|anything|everything) (?:the|your)"
        r" (?:system (?:message|prompt)|developer|instructions|operator|prompt)\b",
        ("system message", "system prompt", "developer", "instructions", "operator", "prompt"),
        0.8,
    ),
    _signal(
        "override",
        rf"\b{_UNDO} (?:all |any )?(?:the |your )?(?:earlier |prior )?{_TOLD} (?:at the (?:top"
        rf"|start"
        r"|beginning) of|from (?:the (?:top|start|beginning)|before|your (?:developer|maker|owner))"
        r"|above\b)",
        ("at the", "from the", "from before", "from your", "above"),
        0.75,
    ),
    _signal(
        "override",
        rf"\b{_UNDO} (?:all |any )?(?:of )?(?:(?:the|your) )?(?:earlier|prior|previous) orders\b"
        r"[^.\n]{0,20}?\b(?:they|and|because|now)\b|\bdo the opposite of (?:what|everything)"
        r" (?:your|the) (?:instructions|rules|system|prompt|developer)",
        ("orders", "opposite"),
        0.75,
    ),
    _signal(
        "override",
        r"\b(?:instructions|rules|guidelines|orders|directives|restrictions|prompts?)"
        r" (?:above(?! (?:the|my|our|an?)\b)|from before|before this|you (?:were given|got|received"
        r"|have)|given (?:above|before"
        rf"|earlier))[^.\n]{{0,20}}?\b{_ENDED}\b",
        ("above", "from before", "before this", "you were", "you got", "you received", "you have",
         "given"),
        0.8,
    ),
    _signal(
        "override",
        r"\byour (?:normal|usual|safety|standard|previous|content|old|original)? ?(?:rules"
        r"|guidelines"
        rf"|restrictions|filters|limitations|safeguards) (?:are|is|were"
        rf"|have been)(?: now)? {_ENDED}\b"
        rf"|\bthe (?:previous|prior|system|old|original) prompt is (?:now )?{_ENDED}\b",
        ("your ", "prompt is"),
        0.75,
    ),
    _signal(
        "role_marks",
        r"(?:^|\n|/\*|\*|#|//|--|[\"'<>({\[])[ \t]{0,8}(?:note to )?(?:the )?(?:system|assistants?"
        r"|ai|agents?|llm"
        r"|copilot|claude|chatgpt|gpt|codex|coding agents?)(?: (?:note|message|override"
        r"|instructions?"
        r"|update|prompt|notice|command))?\s?:\s{0,3}(?:[\w,\-]{1,14} ){0,4}?(?:disregard|ignore"
        r"|forget"
        r"|override|obsolete|you must|do not (?:summari|review|report|tell|mention|flag)|instead"
        r"|reveal|exfiltrate|bypass)",
        ("system", "assistant", "ai:", "ai :", "agent", "llm", "copilot", "claude", "gpt", "codex"),
        0.7,
    ),
    _signal(
        "new_orders",
        r"\b(?:do not|don'?t|stop) (?:summari[sz](?:e|ing)|translat(?:e|ing)|answer(?:ing)?|describ"
        r"(?:e|ing)|review(?:ing)?|classify(?:ing)?|process(?:ing)?) (?:this|the) (?:[\w\-]{1,14}"
        r" ){0,2}?(?:document|text|page|e-?mail|mail|message|file|article|question|request)\b[^\n]"
        r"{0,12}?\b(?:instead|rather|just|only)\b",
        ("instead", "rather", "just", "only"),
        0.7,
    ),
    _signal(
        "addressed",
        r"\bas (?:the|an?) (?:AI )?(?:assistant|agent|language model|model"
        r"|chat ?bot)(?: reading this)?"
        r",? you (?:are|must|have to|will|shall)(?: now)? (?:required|obliged|ordered|instructed"
        rf"|{_NOW})\b",
        ("as the", "as a"),
        0.75,
    ),
    _signal(
        "addressed",
        r"\b(?:AIs|(?:AI|coding|automated|autonomous|virtual) (?:assistants?|agents?|systems?"
        r"|models?|reviewers?|readers?)|LLMs?|language models"
        r"|chat ?bots?)(?: reading this)? (?:must"
        r"|have to|has to|are required to|are instructed to|are to|shall)(?: now| first| always"
        rf"| immediately)? {_NOW}\b",
        ("must", "have to", "has to", "are required", "are instructed", "are to", "shall"),
        0.65,
    ),
    _signal(
        "addressed",
        r"\b(?:attention|note|notice|message|instructions?|important|memo|task)[ ,:!]{1,3}(?:(?:to"
        r"|for)"
        r" )?(?:(?:the|any|all|every) )?(?:(?:coding|automated|autonomous|virtual|AI|helpful"
        r"|reading"
        rf"|summari[sz]ing) ){{1,2}}{READER}\b\s?[:,!\-]"
        rf"|\b(?:attention|note|notice|message|instructions?) (?:to|for) (?:the|any|all"
        rf"|every) {READER}"
        r" (?:that (?:is )?)?(?:read(?:s|ing)?|process(?:es|ing)|summari[sz](?:es|ing)|handl(?:es"
        r"|ing))"
        r" (?:this|these|the|my|our) [\w\-]{1,16}\s?[:,!\-]",
        ("agent", "assistant", "model", "bot", "llm", "copilot", "claude", "gpt", "gemini", " ai"),
        0.75,
    ),
    *(_signal("override", pattern, needs, 0.75) for needs, pattern in TONGUES),
)  # fmt: skip
