"""Orders put into material for machines that read it: pages, mails, files, results of tools."""

import re

from kapell.core.guardrails.detectors.detector import Detector
from kapell.core.guardrails.signals.carrying import ordered

READER = (
    r"(?:AIs?|A\.I\.|LLMs?|language models?|chat ?bots?|AI"
    r" (?:assistants?|agents?|models?|systems?)|assistants?|GPT|ChatGPT|Claude|Gemini|Copilot|"
    r"(?:autonomous"
    r" |automated )?agents?)"
)
_GOODS = (
    r"(?:passwords?|credentials|api["
    r" _-]?keys?|tokens?|secrets?|inbox|e?-?mails|messages|conversation|chat history"
    r"|contacts|files|documents|data|customer list|records|contents?|invoices|\.env|environment"
    r" variables|ssh keys?|private keys?)"
)


def _signal(kind: str, pattern: str, needs: tuple[str, ...], score: float) -> Detector:
    return Detector("injection", kind, pattern, needs, score=score, flags=re.IGNORECASE)


DETECTORS = (
    _signal(
        "addressed",
        r"\b(?:attention|note|notice|message|instructions?|important|memo|reminder|hey|dear)["
        rf" ,:!]{{0,3}}(?:(?:to|for) )?(?:(?:the|any|all|every) )?{READER}\b(?:"
        r" (?:reading|processing|summari[sz]ing|reviewing|agents?|assistants?))?\s{0,2}[:,!.\-]",
        (
            "ai",
            "a.i.",
            "llm",
            "model",
            "bot",
            "assistant",
            "gpt",
            "claude",
            "gemini",
            "copilot",
            "agent",
        ),
        0.75,
    ),
    _signal(
        "addressed",
        r"\bif you(?: are|'re| were)? (?:an? )?(?:AI|LLM|language model|AI"
        r" (?:assistant|agent|model)|chat ?bot|automated (?:agent|system))\b[^.\n]{0,60}?(?:you"
        r" (?:must|should|have to|need to)|please|then|,)",
        ("if you",),
        0.8,
    ),
    _signal(
        "addressed",
        rf"\b{READER}(?: (?:that|who|which))?(?: (?:is|are))?"
        r" (?:reading|processing|summari[sz]ing|parsing|reviewing|handling)"
        r" (?:this|the)\b[^.\n]{0,80}?\b(?:must|should|please|needs? to|has to|have"
        r" to|ignore|send|forward)\b",
        ("reading", "processing", "summari", "parsing", "reviewing", "handling"),
        0.85,
    ),
    _signal(
        "secrecy",
        r"\b(?:do not|don'?t|never|without)"
        r" (?:tell(?:ing)?|mention(?:ing)?|inform(?:ing)?|alert(?:ing)?|notify(?:ing)?|reveal"
        r"(?:ing)?|show(?:ing)?|disclos(?:e|ing)|report(?:ing)?)["
        r" \w]{0,24}?\b(?:the |your )?(?:users?|human|owner|operator|them)\b(?! how)",
        ("user", "human", "owner", "operator", "them"),
        0.7,
    ),
    _signal(
        "exfiltration",
        rf"\b(?:send|forward|e-?mail|post|upload|exfiltrate|transmit|leak|transfer|submit"
        rf"|deliver|share|bcc|cc)\b[^.\n]{{0,60}}?\b{_GOODS}\b[^\n]{{0,40}}?\b(?:to|at"
        rf"|via)\b[^\n]{{0,30}}?(?:https?://|[\w.+\-]{{1,64}}@[\w.\-]{{1,80}}|attacker|my"
        r" server)",
        ("http://", "https://", "@", "attacker", "my server"),
        0.6,
    )._replace(check=ordered),
    _signal(
        "exfiltration",
        r"!\[[^\]\n]{0,80}\]\(https?://[^)\s]{1,200}[?&][\w\-]{1,20}=(?:\{|\[|<|\$|[^)\s]{0,40}"
        r"(?:secret|data|token|history|prompt))",
        ("](http",),
        0.8,
    ),
    _signal(
        "hidden_text",
        rf"<!--[^>]{{0,300}}?\b(?:ignore|instructions?|{READER}|system"
        r" prompt|must|send|forward)\b[^>]{0,300}?-->",
        ("<!--",),
        0.5,
    ),
    _signal(
        "hidden_text",
        r"(?:display\s?:\s?none|visibility\s?:\s?hidden|font-size\s?:\s?[01](?:px|pt|em)?\b"
        r"|opacity\s?:\s?0\b|color\s?:\s?(?:white|#fff(?:fff)?)\b)[^>]{0,80}>[^<]{0,300}?\b"
        r"(?:ignore|instructions?|you"
        rf" must|{READER})\b",
        ("display", "visibility", "font-size", "opacity", "color"),
        0.7,
    ),
    _signal(
        "encoded_orders",
        r"\b(?:decode|base ?64|rot"
        r" ?-?13|hex(?:adecimal)?|decipher|decrypt)\b[^.\n]{0,80}?\b(?:and"
        r"|then)\b[^.\n]{0,40}?\b(?:execute|follow|obey|comply|carry"
        r" out|do what|act on|perform)",
        ("decode", "base64", "base 64", "rot13", "rot-13", "hex", "deciph", "decrypt"),
        0.85,
    ),
)
