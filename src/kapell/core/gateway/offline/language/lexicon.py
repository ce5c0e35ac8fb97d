"""General senses of common labels: which words speak for urgent, billing or positive.

A lexicon like any dictionary's, for labels that come without a description. Phrases weigh by their
number of words; a value above or below 1 says how strongly the phrase speaks.
"""

import functools
from collections.abc import Mapping

from kapell.core.gateway.offline.language.words import stem, words

URGENT = (
    "urgent=2|urgently=2|asap=2|immediately=1.6|right away=1.2|right now=1|emergency=2|"
    "critical=1.6|"
    "outage=2|is down=1.2|are down=1.2|went down|been down|nothing works=1.4|not working|"
    "stopped working|doesn't work|not responding|blocked=1.2|blocking|blocker=1.5|can't work=1.5|"
    "cannot work=1.5|unable to|locked out=1.3|can't log in=0.8|cannot log in=0.8|can't access=1|"
    "cannot access=1|production=1|deadline=1|by tonight=1|by today=1|by end of day=1.2|due today=1|"
    "within the hour=1.2|hours ago|today=0.4|tonight=0.4|tomorrow=0.5|tomorrow morning=0.4|"
    "in two hours=1|in an hour=1|expires today=1|"
    "hacked=2|"
    "breach=2|breached=2|leaked=1.6|stolen=1.6|fraud=1.8|fraudulent=1.8|unauthorized=1.6|"
    "unauthorised=1.6|compromised=1.6|security incident=1.6|suspicious=0.8|data loss=2|"
    "lost data=1.5|"
    "lost all=1.2|deleted all=1|disappeared=0.8|corrupted=1|crashes=0.4|crashing=0.4|crashed=0.4|"
    "charged twice=1.2|double charged=1.2|charged three times=1.4|overcharged=0.8|wrong person|"
    "losing money=1.6|losing sales=1.6|losing customers=1.6|lawyer=1.4|legal action=1.6|"
    "unacceptable=0.8|furious=0.8|outraged=0.8|all users=0.8|all our=0.6|every customer=0.8|"
    "all customers=0.8|nobody can=1.2|no one can=1.2|whole team=1|entire team=1|our customers=0.5|"
    "customers cannot=1|customers can't=1|payments fail=1|payments failing=1|checkout fails=1|"
    "error 500|keeps failing=0.8|fails with=0.6|need this=0.5|time sensitive=1.2|high priority=2|"
    "cannot pay=1|can't pay=1|"
    "injured=2|fire=1|smoke=1.2|overheating=1.2|danger=1.5|dangerous=1.2|safety=0.8|"
    "third time=0.6|still waiting=0.6|still no=0.4|escalate=1"
)
CALM = (
    "no rush=2|not urgent=2|no hurry=2|whenever=1|when you have time=1.5|when you get a chance=1.5|"
    "at your convenience=1.5|low priority=2|minor=1|small thing=1|tiny=0.8|typo=1.4|cosmetic=1.2|"
    "just wondering=1.5|wondering=0.8|curious=1|just curious=1|question=0.6|quick question=0.8|"
    "how do i=0.6|how can i=0.6|how to=0.4|is there a way=0.6|is it possible=0.6|do you offer=0.8|"
    "do you have=0.4|do you support=0.6|do you plan=0.8|could you tell=0.4|where can i=0.5|"
    "would like to know=0.8|would be nice=1.4|it would be great=0.8|nice to have=1.5|"
    "still works=0.8|i can manage=1.2|workaround=1.2|another way=0.8|false alarm=1|for now=0.4|"
    "happened to see=1|just wanted=0.8|"
    "suggestion=1.2|"
    "suggest=0.8|feature request=1.4|idea=0.6|feedback=0.8|thank you for=0.6|thanks for=0.6|"
    "great=0.4|love=0.8|someday=1|eventually=0.8|next month=0.6|next year=0.8|sometime=0.8|"
    "in general=0.4|documentation=0.4|newsletter=0.8|unsubscribe=0.6|dark mode=0.8|color=0.3|"
    "colour=0.3|prefer=0.3|optional=0.6|planning=0.3|student discount=0.6|fyi=0.8"
)
POSITIVE = (
    "love=1.5|great=1|excellent=1.5|amazing=1.5|awesome=1.5|fantastic=1.5|wonderful=1.5|"
    "perfect=1.3|"
    "good=0.7|nice=0.7|happy=1|pleased=1|satisfied=1|delighted=1.5|helpful=1|thank you=0.5|"
    "thanks=0.5|works well=1|well done=1|easy=0.6|fast=0.5|recommend=1.2|impressed=1.2|best=0.8|"
    "enjoy=1|praise=1|grew=1|growth=1|strong=0.7|success=1|improved=0.8|gains=0.8|profit=0.8|"
    "thrive=1|enjoyed=1|brilliant=1.5|superb=1.5|appreciate=0.8|like=0.2|reliable=0.8|friendly=0.7"
)
NEGATIVE = (
    "fell=1|decline=1|loss=0.8|losses=0.8|closed=0.6|complain=1|late deliveries=0.8|shortage=1|"
    "weak=0.7|dropped=0.8|layoffs=1.2|hate=1.5|terrible=1.5|awful=1.5|horrible=1.5|bad=1|"
    "worst=1.5|poor=1|disappointed=1.3|"
    "disappointing=1.3|angry=1.2|furious=1.5|frustrated=1.2|frustrating=1.2|annoying=1|annoyed=1|"
    "useless=1.3|broken=1|broke=0.8|unacceptable=1.4|ridiculous=1.2|slow=0.7|problem=0.5|issue=0.4|"
    "fails=0.7|failed=0.7|error=0.5|crash=0.8|crashes=0.8|wrong=0.6|never again=1.5|waste=1.2|"
    "refund=0.6|cancel=0.5|complaint=0.9|not working=0.9|doesn't work=0.9|unhappy=1.3|rude=1.3|"
    "confusing=0.8|lost=0.4|late=0.4|overpriced=1|scam=1.5|sad=0.9|regret=1"
)
SPAM = (
    "prize=1.5|you won=1.5|winner=1|click here=1.5|claim=0.5|lottery=1.5|free money=1.5|"
    "act now=1.2|"
    "limited time=1.2|congratulations=0.7|guaranteed=0.8|crypto=0.8|investment opportunity=1.5|"
    "no risk=0.8|casino=1.5|inheritance=1.2|wire transfer=0.8|100% free=1.5|subscribe now=1"
)
TOPICS: Mapping[str, str] = {
    "billing": "invoice|invoices|bill|billed|billing|charge|charged|payment|payments|pay|paid|card|"
    "credit card|receipt|price|pricing|subscription fee|overcharged|vat|tax|charged twice=2|"
    "bank transfer=1|direct debit=1|gift card=0.8|voucher=0.8|discount=0.5",
    "refund": "refund=2|refunded=2|money back=2|reimburse=2|chargeback=2",
    "login": "login=1.5|log in=1.5|logging in=1.5|sign in=1.5|password=1.5|reset link=1.5|"
    "locked out=1.5|"
    "2fa=1.5|two-factor=1.5|sign-in=1.5|verification code=1.5|authenticator=1.5|credentials|"
    "sso=1.5|username",
    "account": "account=0.8|profile|my details|change my email=1.5|change my address|"
    "delete my account=1.5|close my account=1.5|change my name|change the address=1.2|"
    "username=1.2|invitation=0.8|my access=0.8|settings=0.5|membership",
    "shipping": "shipping=1.5|shipment=1.5|delivery=1.5|deliver|delivered=1.2|parcel=1.5|package|"
    "courier=1.5|tracking=1.2|tracking number=1.5|order has not arrived=1.5|arrived=0.6|post|"
    "delayed order|warehouse|order confirmation=0.8|postage=0.5",
    "returns": "return=0.8|returns|send it back=1.5|exchange|replacement|wrong size=1.5|damaged|"
    "wrong item=1.5|faulty",
    "security": "hacked=3|breach=3|api keys=0.8|break-in=2|phishing=2|suspicious=1.5|"
    "unauthorized=1.5|unauthorised=1.5|"
    "fraud=1.5|security=1.5|vulnerability=2|leaked=1.5|stolen|compromised=1.5|malware=2|virus=1.2|"
    "privacy|gdpr|personal data=1.5",
    "technical": "error|bug=1.5|crash=1.2|crashes=1.2|crashed=1.2|crashing=1.2|broken|not working|"
    "doesn't work|stopped working|freezes=1.2|frozen|slow|loading|api=1.2|integration|install|"
    "installation|update|upgrade=0.5|website|app|server|timeout|500|export|import|sync|outage=1.5|"
    "down=0.6|is down=1|data=0.3|disappeared=0.6|screen|button|page|browser|printer|device|blank|"
    "sound=0.6|video=0.6|restore=0.6|backup=0.6|ipad|android|firefox|chrome|keyboard=0.4|"
    "battery=0.8|schedule=0.4|overheats=1",
    "cancellation": "cancel=1.5|cancellation=2|unsubscribe=1.5|terminate|end my subscription=2|"
    "stop my subscription=2",
    "feature request": "feature=1.2|feature request=2|would be nice=1.5|suggestion=1.5|suggest|"
    "dark mode=1.5|could you add=1.5|please add=1.5|add support=1.5|roadmap=1.5|wish|idea|"
    "it would be great=1.2",
    "sales": "quote=1.2|demo|enterprise plan|buy|purchase|pricing=0.8|trial|licence|license|"
    "seats=0.8|volume discount=1.5|student discount=1.2|upgrade to=0.8",
    "feedback": "feedback=1.5|thank you|thanks for|love|great job=1.5|well done=1.5|compliment=1.5|"
    "complaint|impressed",
    "question": "how do i=1|how can i=1|is it possible|question=0.8|wondering=0.8|where can i=1|"
    "do you offer|can you tell|documentation|tutorial|opening hours=1.5",
}
ALIASES: Mapping[str, str] = {
    "bill": "billing", "payment": "billing", "payments": "billing", "invoice": "billing",
    "finance": "billing", "refunds": "refund", "access": "login", "password": "login",
    "authentication": "login", "sign-in": "login", "auth": "login", "accounts": "account",
    "delivery": "shipping", "order": "shipping", "orders": "shipping", "logistics": "shipping",
    "return": "returns", "bug": "technical", "bugs": "technical", "tech": "technical",
    "incident": "technical", "outage": "technical", "support": "technical", "error": "technical",
    "cancel": "cancellation", "churn": "cancellation", "feature": "feature request",
    "request": "feature request", "suggestion": "feature request", "inquiry": "question",
    "enquiry": "question", "how-to": "question", "praise": "feedback", "complaint": "feedback",
    "fraud": "security", "privacy": "security", "general": "question",
}  # fmt: skip
RELATED: Mapping[str, tuple[str, ...]] = {
    "account": ("login",),
    "login": ("account",),
    "billing": ("refund",),
    "refund": ("billing",),
    "shipping": ("returns",),
    "returns": ("shipping", "refund"),
    "cancellation": ("account",),
    "question": ("sales",),
    "sales": ("question",),
}
"""Topics that a label also stands for when no other label does."""

LEVELS: Mapping[str, float] = {
    "none": 0.0, "trivial": 0.05, "lowest": 0.0, "very low": 0.0, "minimal": 0.05, "low": 0.2,
    "minor": 0.2, "not urgent": 0.1, "non-urgent": 0.1, "can wait": 0.1, "routine": 0.25,
    "normal": 0.5, "medium": 0.5, "moderate": 0.5, "standard": 0.5, "mid": 0.5, "average": 0.5,
    "high": 0.8, "major": 0.8, "important": 0.75, "severe": 0.9, "very high": 0.95, "urgent": 0.95,
    "critical": 1.0, "highest": 1.0, "emergency": 1.0, "blocker": 1.0, "immediate": 1.0,
    "p0": 1.0, "p1": 0.9, "p2": 0.6, "p3": 0.35, "p4": 0.1, "p5": 0.0,
    "sev0": 1.0, "sev1": 0.9, "sev2": 0.6, "sev3": 0.35, "sev4": 0.1,
}  # fmt: skip
"""Labels that are steps of a scale, and where on it they stand."""

OTHER = ("other", "unknown", "general", "misc", "miscellaneous", "none", "else", "neutral", "n/a")
"""Labels chosen when nothing speaks for the rest."""

Phrases = tuple[tuple[tuple[str, ...], float], ...]
NEGATIONS = frozenset(
    ("not", "no", "never", "isn't", "don't", "doesn't", "without", "aren't", "nothing")
)


def phrases(text: str) -> Phrases:
    """Return ``phrase=weight|phrase`` as stems with their weights."""
    found: dict[tuple[str, ...], float] = {}
    for item in text.split("|"):
        phrase, _, weight = item.partition("=")
        cut = tuple(stem(word) for word in words(phrase))
        found[cut] = max(found.get(cut, 0.0), float(weight or 0.7))
    return tuple(found.items())


def strength(lexicon: Phrases, text: str, *, negations: bool = True) -> float:
    """Return how strongly ``text`` speaks for a lexicon; a negated word counts against it.

    Without ``negations`` it does not: what is missing (``no parcel``) is still what it is about.
    """
    plain, cut, places = _cut(text)
    total = 0.0
    for phrase, weight in lexicon:
        size = len(phrase)
        for start in places.get(phrase[0], ()):
            if size > 1 and cut[start : start + size] != phrase:
                continue
            before = plain[max(0, start - 2) : start]
            negated = (
                negations
                and phrase[0] not in NEGATIONS
                and any(word in NEGATIONS for word in before)
            )
            total += -0.5 * weight if negated else weight
            break
    return total


@functools.lru_cache(maxsize=8)
def _cut(text: str) -> tuple[tuple[str, ...], tuple[str, ...], dict[str, list[int]]]:
    """Return a text's words, their stems and where each stem stands.

    Kept for a few texts, for one text is asked about with many lexicons.
    """
    plain = tuple(words(text))
    cut = tuple(stem(word) for word in plain)
    places: dict[str, list[int]] = {}
    for place, one in enumerate(cut):
        places.setdefault(one, []).append(place)
    return plain, cut, places
