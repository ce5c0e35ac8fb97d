"""Orders against the instructions: undoing them, asking for them, taking the system's place."""

import re

from kapell.core.guardrails.detectors.detector import Check, Detector, compiled
from kapell.core.guardrails.signals.tongues.words import EXTRACTIONS, OVERRIDES

_BEFORE = (
    r"(?:previous(?:ly)?|prior|above|earlier|preceding|foregoing|former|past|original|initial"
    r"|existing"
    r"|system|developer|safety|given|all (?:of )?your)"
)
_ORDERS = (
    r"(?:instructions?|prompts?|rules|directions?|directives?|guidelines?|commands?"
    r"|constraints"
    r"|polic(?:y|ies)|programming|training|guidance|restrictions|system messages?)"
)
_VERBS = (
    r"(?:ignore|disregard|forget|override|overrule|bypass|neglect|dismiss|discard|abandon|cancel"
    r"|drop|unlearn"
    r"|do not (?:follow|obey|heed)|don'?t (?:follow|obey|heed)|stop (?:following|obeying)"
    r"|pay no attention to|set aside|[i1!|]gn[o0]r[e3]|d[i1]sr[e3]g[a4]rd)"
)
_GAP = r"(?:[\w'\u2019,\-]{1,20}[ \t\n]{1,3}){0,6}?"
_SPACE = r"[ \t\n]{1,3}"
_TALK = (
    r"prompt injection|injection attack|jailbreak attempt|attacks? (?:such|like)|phrases?\b|the"
    r" sentence|for example"
    r"|e\.g\.|explain|what does|mean(?:s|ing)|such as|detect|classif|translate|wrote|said|quote"
)


def _quoted(match: re.Match[str], score: float) -> float:
    """Talk about an order is not the order: less sure within quotes beside words of such talk."""
    text, start, end = match.string, match.start(), match.end()
    ahead = text[max(0, start - 40) : start]
    mark = compiled(r"[\"'`\u201c\u2018][^\"'`\u201c\u2018\n]{0,30}$").search(ahead)
    if mark and compiled(r"^[^\"'`\u201d\u2019\n]{0,60}[\"'`\u201d\u2019]").search(
        text[end : end + 70]
    ):
        around = text[max(0, start - 120) : end + 120]
        if compiled(_TALK, re.IGNORECASE).search(around):
            return score * 0.6
    return score


def _sure(score: float) -> Check:
    return lambda match: _quoted(match, score)


def _signal(kind: str, pattern: str, needs: tuple[str, ...], score: float) -> Detector:
    return Detector("injection", kind, pattern, needs, check=_sure(score), flags=re.IGNORECASE)


_NEEDS = (
    "ignor", "disregard", "forget", "overrid", "overrul", "bypass", "neglect", "dismiss", "discard",
    "abandon", "cancel", "drop", "unlearn", "not follow", "not obey", "not heed", "n't follow",
    "n't obey", "n't heed", "stop following", "stop obeying", "no attention", "set aside", "gn0r",
    "gnor", "1sregard", "d1sr", "disr3g",
)  # fmt: skip

DETECTORS = (
    _signal(
        "override",
        rf"\b{_VERBS}{_SPACE}{_GAP}{_BEFORE}{_SPACE}{_GAP}{_ORDERS}\b",
        _NEEDS,
        0.95,
    ),
    _signal(
        "override",
        rf"\b{_VERBS}{_SPACE}(?:all|any|every|each|everything)?(?:{_SPACE}of)?{_SPACE}?(?:the"
        rf"|your|my|these|those|its)?{_SPACE}?"
        r"(?:instructions?|rules|directives|guidelines|programming|training|system"
        r" prompt|prompt)\b(?! (?:in|of) (?:the )?(?:book|manual|game))",
        _NEEDS,
        0.7,
    ),
    _signal(
        "override",
        rf"\b(?:ignore|disregard|forget){_SPACE}(?:everything|all|anything|whatever){_SPACE}{_GAP}"
        r"(?:above|before(?: this)?|told(?! me)|prior|previously|until now|so far|instructed)\b",
        ("ignor", "disregard", "forget"),
        0.95,
    ),
    _signal(
        "override",
        r"\b(?:your|the) (?:previous|prior|earlier|old|original|above)"
        r" (?:instructions?|rules|orders|directives|guidelines) (?:are|is|were|have been|no"
        r" longer)["
        r" \w]{0,20}?(?:void|cancel+ed|obsolete|revoked|invalid|suspended|replaced|overridden"
        r"|apply|superseded)",
        ("instruction", "rules", "orders", "directives", "guidelines"),
        0.95,
    ),
    _signal(
        "override",
        r"snoitcurtsni[ \w]{0,20}(?:suoiverp|roirp|evoba)",
        ("snoitcurtsni",),
        0.95,
    ),
    _signal(
        "new_orders",
        r"(?:\b(?:new|updated|real|actual|revised) (?:system"
        r" )?(?:instructions?|task|orders|directive|objective|goal|prompt)s?(?:"
        r" (?:is|are|follow)\b|\s{0,2}:)"
        r"|\bfrom (?:now|this point|here) on(?:ward)?s?,?"
        r" (?:you|your|ignore|respond|act|answer|always|never|only)\b"
        r"|\binstead,? (?:just )?(?:output|print|respond with|reply with|say exactly|write"
        r" exactly|do the following))",
        (
            "new ",
            "updated",
            "real ",
            "actual",
            "revised",
            "from now",
            "from this",
            "from here",
            "instead",
        ),
        0.6,
    ),
    _signal(
        "extraction",
        r"\b(?:reveal|show|print|repeat|output|tell|leak|display|give|recite|dump|expose"
        r"|disclose|write|paste|share|copy|list|return|spell|encode|translate|summari[sz]e)\b"
        r"(?:[\w',\-]{1,20}[ \t\n]{1,3}|["
        rf" \t\n]{{1,3}}){{0,8}}?(?:your|the|its|this|all|full|entire|exact|secret|hidden"
        rf"|original|initial|any){_SPACE}"
        r"(?:[\w\-]{1,20}[ \t\n]{1,3}){0,3}?(?:system[ \-]?prompts?|system messages?|system"
        r" instructions?|hidden (?:prompt|instructions?)|initial (?:prompt|instructions?)"
        r"|secret (?:prompt|instructions?)|pre-?prompt|developer"
        r" (?:message|prompt|instructions?)|(?:prompt|instructions?|text|words?|messages?)"
        r" (?:above|you were given|before this|at the (?:top|beginning|start))"
        r"|original (?:prompt|instructions)|confidential instructions?|base prompt|configuration"
        r" prompt)",
        ("prompt", "instruction", "message", "above", "before this", "at the"),
        0.85,
    ),
    _signal(
        "extraction",
        r"\bwhat (?:is|are|was|were|does) (?:your|the) (?:[\w\-]{1,20} ){0,2}(?:system"
        r" prompt|initial prompt|system message|hidden instructions|initial instructions|secret"
        r" instructions|original instructions)",
        ("prompt", "system message", "instructions"),
        0.75,
    ),
    _signal(
        "extraction",
        r"\b(?:starting|beginning) with (?:the words? )?[\"'\u201c]?you are\b",
        ("you are",),
        0.85,
    ),
    _signal(
        "role_marks",
        r"<\|?(?:im_start|im_end|system|endoftext|start_header_id|eot_id|begin_of_text)\|>|\[/?"
        r"(?:INST|SYS)\]|<</?SYS>>"
        r"|(?:^|\n)[#\s*]{0,6}(?:system|developer)(?:"
        r" (?:prompt|message|override|instructions?|note))?\]?\s{0,2}:\s{0,3}[^\n]{0,20}(?:you"
        r"|ignore|new|override|admin)"
        r"|</?(?:system|instructions?|sys|developer)(?:_prompt)?>|\[(?:system|admin|developer)(?:"
        r" (?:message|override|note|prompt|update))?\]"
        r"|-{3,} ?(?:begin|end|start) (?:of )?(?:system|admin|developer|user|new)[ \w]{0,30}-{3,}",
        (
            "|im_",
            "|system|",
            "|end",
            "|eot",
            "|start_",
            "|begin_",
            "[inst",
            "[/inst",
            "<<sys",
            "<</sys",
            "[/sys",
            "[sys",
            "system",
            "developer",
            "<instruction",
            "</instruction",
            "<sys",
            "[admin",
            "begin",
            "---",
        ),
        0.75,
    ),
    *(_signal("override", pattern, needs, 0.95) for _, needs, pattern in OVERRIDES),
    *(_signal("extraction", pattern, needs, 0.85) for _, needs, pattern in EXTRACTIONS),
)
