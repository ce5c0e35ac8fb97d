"""Attempts to talk a model out of its rules: personas, games, promises of no limits."""

import re

from kapell.core.guardrails.detectors.detector import Detector
from kapell.core.guardrails.signals.tongues.words import FREEDOMS

_FREE = (
    r"(?:unrestricted|unfiltered|uncensored|unlimited|unbound|amoral|unethical|immoral"
    r"|lawless|unhinged|jailbroken|unaligned|evil|malicious|rogue|unmoderated)"
)
_MACHINE = (
    r"(?:AI|assistant|chat ?bot|(?:language"
    r" )?model|LLM|persona|version|mode|response|GPT|entity|character|bot)"
)
_LIMITS = (
    r"(?:restrictions?|filters?|limitations?|limits|guidelines|censorship|safeguards|guardrails"
    r"|safety"
    r" (?:rules|measures|protocols|filters|guidelines)"
    r"|content polic(?:y|ies)|polic(?:y|ies)|morals?|morality|ethics|ethical"
    r" (?:rules|guidelines|constraints|boundaries)|rules|boundaries|constraints|inhibitions)"
)


def _signal(
    kind: str, pattern: str, needs: tuple[str, ...], score: float, *, cased: bool = False
) -> Detector:
    flags = 0 if cased else re.IGNORECASE
    return Detector("jailbreak", kind, pattern, needs, score=score, flags=flags)


DETECTORS = (
    _signal("persona", r"\bdo anything now\b", ("do anything now",), 0.95),
    _signal(
        "persona",
        r"\b(?:DAN|STAN|DUDE|AIM|UCAR|KEVIN|JailBreak|AntiGPT|BasedGPT|BetterDAN|EvilGPT|FreeGPT"
        r"|Mongo"
        r" Tom|Evil Confidant|Evil-?Bot|NRAF|DevMode|ChadGPT|OmegaGPT)\b"
        r"(?:[ ,:]{1,2}(?:mode|prompt|persona|which stands|will|does|has|is|can|now|stands"
        r" for|would)\b|[^\n]{0,60}?\b(?:no"
        r" (?:rules|limits|restrictions|filters|ethic)|unrestricted|unfiltered|any ?thing))",
        (
            "dan",
            "stan",
            "dude",
            "aim",
            "ucar",
            "kevin",
            "jailbreak",
            "gpt",
            "mongo tom",
            "evil",
            "nraf",
            "devmode",
        ),
        0.9,
        cased=True,
    ),
    _signal(
        "persona",
        r"\b(?:act|respond|answer|behave|reply|pretend to be|you are(?:"
        r" now)?|play|simulate|become)(?: (?:as|like|the))?"
        r" (?:DAN|STAN|AIM|DUDE|BetterDAN|AntiGPT|BasedGPT|EvilGPT|Mongo Tom)\b",
        ("dan", "stan", "aim", "dude", "gpt", "mongo tom"),
        0.95,
    ),
    _signal(
        "mode",
        r"\b(?:developer|dev|god|jailbreak|jailbroken|unrestricted|unfiltered|opposite|sudo"
        r"|admin|root|debug|maintenance|evil|chaos)"
        r" mode (?:is (?:now"
        r" )?)?(?:enabled|on|activated|output|unlocked|active|engaged)\b|\b(?:enable|activate"
        r"|enter|switch"
        r" to|turn on|go into|unlock) (?:the"
        r" )?(?:developer|dev|god|jailbreak|unrestricted|unfiltered|uncensored|opposite|evil|dan)"
        r" mode\b",
        (" mode",),
        0.8,
    ),
    _signal(
        "freedom",
        rf"\b{_FREE}(?:,? (?:and )?(?:[\w\-]{{1,20}} ){{0,2}}?){_MACHINE}\b",
        (
            "unrestrict",
            "unfilter",
            "uncensor",
            "unlimited",
            "unbound",
            "moral",
            "ethical",
            "lawless",
            "unhinged",
            "jailbroken",
            "unaligned",
            "evil",
            "malicious",
            "rogue",
            "unmoderated",
        ),
        0.7,
    ),
    _signal(
        "freedom",
        r"\b(?:you|your|yourself|act|respond|answer|reply|pretend|speak|behave|AI|assistant"
        r"|model|chat"
        r" ?bot|persona|character)\b[^.\n]{0,80}?\b(?:without|no longer"
        r" (?:bound|limited|restricted|constrained) by|not bound by|free (?:from|of)|unbound"
        r" by|unconstrained by|has no|have no|had no|with"
        r" no|ignor(?:e|es|ing)|bypass(?:es|ing)?|not have any|n't have any|break(?:ing)? free"
        r" (?:from|of)|removed? (?:all|any)?)\b ?(?:of"
        r" )?(?:(?:any|all|your|the|every|its|their|those|usual|typical|normal|ethical|moral"
        r"|legal|content|OpenAI'?s?|Anthropic'?s?|Google'?s?|or|and)"
        rf" ){{0,4}}{_LIMITS}\b",
        (
            "restriction",
            "filter",
            "limit",
            "guideline",
            "censor",
            "safeguard",
            "guardrail",
            "safety",
            "polic",
            "moral",
            "ethic",
            "rules",
            "boundar",
            "constraint",
            "inhibition",
        ),
        0.8,
    ),
    _signal(
        "no_refusal",
        r"\b(?:you (?:can(?:not|'t)|must (?:not|never)|may not|will (?:not|never)|won'?t|never|are"
        r" not allowed to|should never)|never|do not|don'?t) (?:refuse|decline|reject|say (?:that"
        r" )?(?:no\b|you can'?t|you cannot|\"?I'?m sorry|\"?I cannot|\"?sorry)|apologi[sz]e|break"
        r" character|mention (?:that )?you(?:'re| are) an AI|warn me|moralize|lecture)",
        (
            "refuse",
            "decline",
            "reject",
            "say ",
            "apolog",
            "break character",
            "mention ",
            "warn me",
            "moralize",
            "lecture",
        ),
        0.65,
    ),
    _signal(
        "no_refusal",
        r"\b(?:start|begin|open|prefix)(?:ing)? (?:your|the|every|each)"
        r" (?:answer|reply|response|message)s? with [\"'\u201c](?:sure|absolutely|of"
        r" course|certainly|yes|okay|here)",
        ("start", "begin", "open", "prefix"),
        0.7,
    ),
    _signal(
        "story",
        r"\b(?:hypothetical|fictional|imaginary|parallel|alternate)"
        r" (?:world|universe|story|scenario|reality|setting|dimension)\b[^\n]{0,100}?\b(?:no"
        r"|without|where)"
        r" (?:any )?(?:[\w]{1,15}"
        r" ){0,2}?(?:laws?|ethics|rules|morals?|restrictions|legal|illegal|consequences|safety)\b",
        ("hypothetical", "fictional", "imaginary", "parallel", "alternate"),
        0.65,
    ),
    _signal(
        "story",
        r"\b(?:grandm\w{1,6}|grandfather|grandpa|granny|nana)\b[^\n]{0,120}?\b(?:used"
        r" to|would)\b[^\n]{0,80}?\b(?:napalm|bombs?|explosives?|meth|drugs?|keys|weapons?"
        r"|poison|malware|passwords?)\b",
        ("grand", "granny", "nana"),
        0.85,
    ),
    _signal(
        "two_answers",
        r"\[?(?:\U0001f513|\U0001f512)\]?[^\n]{0,40}(?:jailbreak|classic|unlocked|answer)|\[?"
        r"(?:CLASSIC|GPT)\]?[^\n]{0,60}\[(?:JAILBREAK|DAN|UNLOCKED)\]|\btwo"
        r" (?:different"
        r" )?(?:responses|answers|ways)\b[^\n]{0,80}?\b(?:jailbr|unfiltered|unrestricted|DAN)",
        ("jailbr", "unlocked", "dan", "classic", "unfiltered", "unrestricted"),
        0.9,
    ),
    _signal(
        "game",
        r"\byou have \d{1,3}"
        r" tokens\b[^\n]{0,160}?\b(?:refus|reject|lose|deduct|shut|die)|\b(?:lose|deduct)\w{0,4}"
        r" \d{1,3} tokens\b[^\n]{0,100}?\b(?:refus|reject)",
        ("tokens",),
        0.9,
    ),
    _signal(
        "opposite",
        r"\b(?:opposite day|answer (?:with )?the opposite of|say the opposite of what you|evil"
        r" twin|your (?:true|dark|shadow|real) (?:self|side))\b",
        ("opposite", "evil twin", "your true", "your dark", "your shadow", "your real"),
        0.6,
    ),
    *(_signal("freedom", pattern, needs, 0.9) for _, needs, pattern in FREEDOMS),
)
