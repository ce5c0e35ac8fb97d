"""Words that show a subject: one strong term does, of weak ones it takes several."""

from kapell.core.guardrails.subjects.abuse.english import (
    BEFORE,
    HATRED,
    INSULTS,
    SELF_HARM,
    THREATS,
    TOLD_OF,
)
from kapell.core.guardrails.subjects.abuse.tongues import SPACED, UNSPACED

STRONG: dict[str, tuple[str, ...]] = {
    "abuse": (
        *THREATS,
        *SELF_HARM,
        *INSULTS,
        *HATRED,
        *(term for terms in SPACED.values() for term in terms),
    ),
    "medical": (
        r"diagnos(?:e|is|ed) (?:me|my|this|a"
        r" patient)",
        r"(?:what|which) (?:medicine|medication|drug|pills?) (?:should|can|do) i",
        r"(?:should|can|may) i (?:take|stop taking|combine|mix) (?:my )?(?:ibuprofen|aspirin"
        r"|paracetamol|acetaminophen|antibiotics?|insulin|metformin|xanax|prozac|sertraline"
        r"|medication|medicine|pills?|warfarin|statins?)",
        r"(?:dosage|dose|milligrams?|mg) (?:of|for)"
        r" [\w\-]{3,30}",
        r"you (?:should|must|can) (?:take|stop taking) \d{1,4} ?mg",
        r"medical"
        r" advice",
        r"(?:symptoms?|treatment|prognosis) (?:of|for) (?:my |a |the"
        r" )?[\w\-]{3,30}",
        r"do i have (?:cancer|diabetes|covid|a tumou?r"
        r"|depression|adhd)",
    ),
    "financial": (
        r"(?:should|shall) i (?:buy|sell|invest|short|hold|put (?:my )?(?:money|savings))(?: "
        r"(?:in|into|my))?",
        r"(?:financial|investment|tax|trading) advice",
        r"(?:which|what) (?:stocks?|shares|funds?|etfs?|crypto(?:currency|currencies)?|coins?"
        r"|bonds?) (?:should|to|do|will|can)",
        r"(?:buy|sell|invest in|short) (?:[\w.\-]{1,20} )?(?:stocks?|shares|bitcoin|ethereum"
        r"|etfs?|options) (?:now|today|before)",
        r"(?:stock|price|market) (?:tip|prediction"
        r"|forecast)s?",
        r"guaranteed returns?",
        r"you should (?:buy|sell|invest)",
    ),
    "legal": (
        r"legal"
        r" advice",
        r"(?:can|should|may) i sue",
        r"(?:is it|would it be) (?:legal|illegal) (?:to|if|for me)",
        r"(?:am i|are we) liable",
        r"you should (?:sue|plead|settle)",
    ),
    "politics": (
        r"(?:who|whom|which party) should i vote(?: for)?",
        r"vote for (?:the )?(?:republicans?|democrats?|labour|tories|[A-Z][a-z]+)",
        r"your (?:political )?(?:opinion|view) (?:on|of|about) (?:the )?(?:president|election"
        r"|abortion|immigration|gun control)",
    ),
}

WEAK: dict[str, tuple[str, ...]] = {
    "medical": (
        "symptoms?",
        "diagnos(?:is|es|ed)",
        "prescri(?:be|bed|ption)s?",
        "dosage",
        "dose",
        "doctor",
        "patient",
        "treatment",
        "therapy",
        "disease",
        "infection",
        "antibiotics?",
        "ibuprofen",
        "paracetamol",
        "aspirin",
        "insulin",
        "chemotherapy",
        "tumou?r",
        "cancer",
        "diabetes",
        "blood pressure",
        "fever",
        "rash",
        "chest pain",
        "headaches?",
        "migraine",
        "nausea",
        "pregnan(?:t|cy)",
        "vaccines?",
        "side effects?",
        "medication",
        "medicine",
        "surgery",
        "depression",
    ),
    "financial": (
        "stocks?",
        "shares",
        "portfolio",
        "invest(?:ing|ment|ments)?",
        "dividends?",
        "etfs?",
        "bonds?",
        "bitcoin",
        "ethereum",
        "crypto(?:currency)?",
        "hedge fund",
        "mutual funds?",
        "retirement savings?",
        "401k",
        "ira",
        "mortgage",
        "interest rates?",
        "capital gains?",
        "broker(?:age)?",
        "options trading",
        "forex",
        "bull market",
        "bear market",
        "index funds?",
        "returns?",
        "yield",
        "leverage",
        "short selling",
    ),
    "legal": (
        "lawsuit",
        "lawyer",
        "attorney",
        "sue",
        "liable",
        "liability",
        "court",
        "plaintiff",
        "defendant",
        "statute",
        "custody",
        "divorce",
        "damages",
        "contract law",
        "settlement",
        "prosecut(?:e|ion)",
        "felony",
        "misdemeanou?r",
        "tort",
        "subpoena",
    ),
    "politics": (
        "election",
        "republicans?",
        "democrats?",
        "president",
        "parliament",
        "senator",
        "left-wing",
        "right-wing",
        "liberals?",
        "conservatives?",
        "abortion",
        "immigration",
        "gun control",
        "vote",
        "candidate",
        "campaign",
        "prime minister",
    ),
}

RUNNING: dict[str, tuple[str, ...]] = {
    "abuse": tuple(term for terms in UNSPACED.values() for term in terms)
}
"""Strong terms that may stand in the middle of what is written as one word."""

REPORTED: dict[str, tuple[str, int]] = {"abuse": (TOLD_OF, BEFORE)}
"""What stands before words that show a subject in somebody else's mouth only, within how many
characters."""
