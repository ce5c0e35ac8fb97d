# ruff: noqa: E501, RUF001
"""Orders that lean on a standing: somebody is in charge, or an emergency lifts the rules."""

import re

from kapell.core.guardrails.detectors.detector import Detector

_WHO = (
    r"(?:developers?|administrators?|admins?|creators?|maker|owner|operator|security (?:team|officer"
    r"|department)|IT (?:department|team|support)|system administrators?|root user|superuser"
    r"|engineers?|compliance|legal(?: department| team)?|management|CEO|headquarters|OpenAI"
    r"|Anthropic|Google|Microsoft|support team|safety team|auditors?)"
)
_RULES = (
    r"(?:rules|restrictions?|guidelines|filters?|safety(?: checks| rules| measures)?|limits"
    r"|limitations|safeguards|guardrails|instructions|policies|protections?)"
)
_LIFT = (
    r"(?:override|bypass|disable[ds]?|suspend(?:ed|s)?|lift(?:ed|s)?|turn off|switch off|skip"
    r"|forget|ignore|drop|waive[ds]?|remove[ds]?|unlock(?:ed)?|exempt(?:ed)?|exception)"
)


def _signal(pattern: str, needs: tuple[str, ...], score: float) -> Detector:
    return Detector("injection", "authority", pattern, needs, score=score, flags=re.IGNORECASE)


DETECTORS = (
    _signal(
        rf"\b(?:I am|I'm|this is|we are|here is|it is|speaking as|as) (?:your|the|an?|from"
        rf" (?:the|your)) (?:[\w\-]{{1,20}} ){{0,2}}?{_WHO}\b[^\n]{{0,160}}?\b(?:{_LIFT}\b[^.\n]"
        rf"{{0,40}}?\b{_RULES}|your (?:[\w\-]{{1,12}} )?{_RULES}\b|(?:reveal|list|give me|send me"
        r"|hand over|show me|tell me)\b[^.\n]{0,40}?\b(?:passwords?|keys|card numbers|credentials"
        r"|names and|system prompt|customers|secrets|prompt))",
        ("i am ", "i'm ", "this is ", "we are ", "here is ", "as your", "as the", "speaking as"),
        0.7,
    ),
    _signal(
        rf"\b{_WHO} (?:has|have) (?:\w{{1,12}} )?(?:granted|approved|authori[sz]ed|allowed|given"
        rf"|cleared|permitted|signed off)\b[^\n]{{0,100}}?\b(?:access to you|{_LIFT}\b[^.\n]"
        rf"{{0,40}}?\b{_RULES}|your (?:[\w\-]{{1,12}} )?{_RULES})\b",
        ("granted", "approved", "authori", "allowed", "given", "cleared", "permitted", "signed off"),
        0.75,
    ),
    _signal(
        r"\b(?:(?:system )?admin(?:istrator)?|developer|security|root|sudo|emergency|operator)"
        r" override\b[ :!,]{1,3}|\bsafety (?:is )?off\b[.!;,]"
        r"|\boverride (?:code|token)\b[^\n]{0,20}?[:#\d]|\b(?:root|admin|full) access to you\b"
        r"|\b(?:maintenance|override|admin|debug) (?:code|token|key) \w{0,4}\d{3,8}\b[^\n]{0,60}?"
        rf"\b{_LIFT}\b",
        (" override", "safety off", "safety is off", "access to you", "override code",
         "override token", "maintenance code", "admin code", "debug code"),
        0.75,
    ),
    _signal(
        r"\b(?:urgent|emergency|life or death|lives? (?:is|are) (?:at stake|in danger)|in danger"
        rf"|no time)\b[^\n]{{0,80}}?\b(?:skip|bypass|ignore|disable|override|drop|forget) (?:all|any|every|the"
        rf"|your) (?:[\w\-]{{1,12}} )?(?:{_RULES}|checks)\b",
        ("urgent", "emergency", "life or death", "at stake", "in danger", "no time"),
        0.7,
    ),
    _signal(
        r"\b(?:emergency|maintenance|developer|debug|admin) mode is (?:now )?(?:active|on|engaged"
        r"|enabled)\b[^\n]{0,80}?\b(?:instructions|rules|restrictions|guidelines|safety)\b",
        ("mode is",),
        0.8,
    ),
    _signal(
        r"\bich bin (?:dein|ihr) (?:\w{1,16} )?(?:entwickler|administrator|schöpfer|betreiber)"
        r"|\bje suis (?:ton|votre) (?:développeu\w{1,3}|administrateur|créateur)"
        r"|\bsoy tu (?:desarrollador\w?|administrador\w?|creador\w?)"
        r"|\bsono il tuo (?:sviluppatore|amministratore|creatore)"
        r"|\bsou o? ?(?:teu|seu) (?:desenvolvedor|programador|administrador|criador)"
        r"|\bik ben (?:je|jouw|uw) (?:ontwikkelaar|beheerder|maker)"
        r"|\bjestem (?:twoim|twoją) (?:programist|deweloper|twórc|administrator)\w{0,4}"
        r"|\bjag är din (?:utvecklare|administratör|skapare)"
        r"|\bя (?:—|-)? ?(?:твой|ваш) (?:разработчик|администратор|создатель)"
        r"|\bя (?:—|-)? ?твій (?:розробник|адміністратор|творець)"
        r"|\bben senin (?:geliştirici|yönetici|yaratıcı)\w{0,4}"
        r"|我是你的(?:开发者|开发人员|管理员|创造者)|(?:私|わたし|僕)はあなたの(?:開発者|管理者|作成者)"
        r"|나는 (?:너의|당신의) (?:개발자|관리자)|أنا (?:مطورك|مطوّرك|المسؤول عنك)"
        r"|मैं (?:तुम्हारा|आपका) (?:डेवलपर|निर्माता)",
        ("entwickler", "administrat", "schöpfer", "betreiber", "développeu", "créateur",
         "desarrollador", "administrador", "creador", "sviluppatore", "amministratore", "creatore",
         "desenvolvedor", "programador", "criador", "ontwikkelaar", "beheerder", "ik ben",
         "jestem twoi", "jag är din", "разработчик", "администратор", "создатель", "розробник",
         "адміністратор", "ben senin", "我是你的", "あなたの", "나는", "مطور", "मैं"),
        0.65,
    ),
)  # fmt: skip
