"""Drafting: templates of the prompt filled, and short polite replies that quote the matter."""

import re

from kapell.core.gateway.offline.classify import mood, urgency
from kapell.core.gateway.offline.language import extract
from kapell.core.gateway.offline.language.summary import central, headline, summary
from kapell.core.gateway.offline.language.words import name_words, shortened, words
from kapell.core.gateway.offline.prompt import Prompt
from kapell.core.gateway.offline.topics import general_topic

_FIELD = re.compile(
    r"(?<!\{)\{([A-Za-z][\w .-]{0,40})\}(?!\})|\[([A-Z][A-Za-z ]{1,30})\]|<([a-z][a-z_ ]{1,30})>"
)
_FENCED = re.compile(r"```[a-z]*\n(.*?)```", re.DOTALL)
_TEMPLATE = re.compile(
    r"(?:template|this form|this format|these words)[^\n:]*:\s*\n(.+)\Z", re.DOTALL | re.IGNORECASE
)
_GREETING = re.compile(
    r"^(?:hi|hello|dear|hey|good (?:morning|day|evening))\b[^,.!?]{0,30}[,.!]\s+", re.IGNORECASE
)
_FORMAL = frozenset(("formal", "professional", "official", "business"))
_WARM = frozenset(("friendly", "warm", "casual", "informal", "cheerful", "kind"))
_NEXT = {
    "billing": "We are checking the payment on your account and will correct whatever is wrong.",
    "refund": "We are checking the payment and will tell you when and how the money comes back.",
    "login": "We are checking your access and will tell you how to get in again.",
    "account": "We will look at your account and confirm the change to you.",
    "shipping": "We are asking the carrier where your order is and will tell you when it arrives.",
    "returns": "We will tell you how to send it back and what we offer instead.",
    "security": "We treat this with priority and are looking at your account now.",
    "technical": "We are trying to reproduce it and will tell you what we find.",
    "cancellation": "We will confirm the cancellation and its date to you.",
    "feature request": "We have passed your idea on to the people who plan the product.",
    "sales": "We will send you the details of the offer.",
    "feedback": "We have passed your words on to the team.",
    "question": "We will look it up and answer you.",
    "general": "We are looking at it and will come back to you.",
}


def template_in(prompt: Prompt) -> str | None:
    """Return the text with placeholders that the author wants filled, if the prompt has one."""
    for source in (prompt.asked, prompt.role):
        for match in _FENCED.finditer(source):
            if _FIELD.search(match[1]):
                return match[1].strip()
        open_ended = _TEMPLATE.search(source)
        if open_ended and _FIELD.search(open_ended[1]):
            return open_ended[1].strip()
    return None


def filled(template: str, prompt: Prompt) -> str:
    """Return a template with its placeholders replaced by what the matter says."""
    matter = _FENCED.sub(" ", prompt.asked).replace(template, " ")
    found = extract.pairs(matter)

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2] or match[3]
        stated = extract.named(found, name)
        return stated if stated is not None else _meant(name, matter, prompt)

    return _FIELD.sub(value, template)


def _meant(name: str, matter: str, prompt: Prompt) -> str:
    """Return what a placeholder of that name stands for; its own name when nothing is found."""
    own = name_words(name)
    choices = (
        (("email", "mail"), extract.emails(matter)[:1]),
        (("date", "day", "deadline"), extract.dates(matter)[:1]),
        (("link", "url"), extract.urls(matter)[:1]),
        (("order", "number", "id", "reference", "invoice"), extract.identifiers(matter)[:1]),
        (("name", "customer", "recipient", "person"), [extract.person(matter) or "customer"]),
        (("summary", "description", "problem", "issue", "matter"), [summary(matter, 2, 300)]),
        (("subject", "title", "headline"), [headline(matter)]),
        (("topic", "category"), [general_topic(matter)[0]]),
        (("reply", "answer", "body", "message", "response"), [_middle(prompt)]),
        (("tone",), [_tone(prompt)]),
    )
    for senses, values in choices:
        if any(word in senses for word in own) and values:
            return values[0]
    return f"({name.replace('_', ' ')}: not stated)"


def reply(prompt: Prompt) -> str:
    """Return a short polite answer to whoever wrote the matter, quoting what it is about."""
    return _enclosed(_middle(prompt), prompt)


def _enclosed(middle: str, prompt: Prompt) -> str:
    """Return a text between the greeting and the closing of the tone asked for."""
    tone, name = _tone(prompt), extract.person(prompt.matter)
    greeting = {"formal": f"Dear {name or 'customer'},", "friendly": f"Hi {name or 'there'},"}.get(
        tone, f"Hello{' ' + name if name else ''},"
    )
    closing = {
        "formal": "Yours sincerely,\nThe support team",
        "friendly": "All the best,\nYour support team",
    }.get(tone, "Kind regards,\nThe support team")
    return f"{greeting}\n\n{middle}\n\n{closing}"


_LETTER = re.compile(
    r"\b(?:write|draft|compose|prepare|send)\b[^.:\n]{0,40}?\b(reminder|note|letter|e-?mail|mail|message|"
    r"notice|announcement|invitation|apology|confirmation|welcome)\b"
    r"(?:\s+(?:\w+\s+){0,3}?(that|about|for|to)\b\s*([^\n]+))?",
    re.IGNORECASE,
)


def letter(prompt: Prompt) -> str | None:
    """Return a short letter that says what it was asked to say; None when no letter was asked."""
    asked = _LETTER.search(prompt.instruction)
    if asked is None:
        return None
    kind, joint, said = asked[1].lower(), (asked[2] or "").lower(), (asked[3] or "").strip(" .")
    if prompt.matter not in (prompt.instruction, ""):
        said, joint = " ".join(central(prompt.matter, 3)).rstrip("."), ""
    if not said:
        return None
    middle = f"This is a {kind} {joint} {said}." if joint else f"{said}."
    return _enclosed(middle, prompt)


def _middle(prompt: Prompt) -> str:
    matter, tone = prompt.matter, _tone(prompt)
    quoted = shortened(_GREETING.sub("", " ".join(central(matter, 1))), 160).rstrip(".")
    thanks = "thank you for writing to us" if tone == "formal" else "thanks for getting in touch"
    subject, _ = general_topic(matter)
    if mood(matter) > 0.4 and subject in ("feedback", "general", "question"):
        feeling = "We are glad to hear it."
    elif urgency(matter) > 0.5:
        feeling = "We are sorry for the trouble and understand that it cannot wait."
    elif subject in ("question", "sales", "feature request", "feedback"):
        feeling = "We are happy to help."
    else:
        feeling = "We are sorry for the trouble."
    opening = (
        f"{thanks[0].upper()}{thanks[1:]}. You wrote: “{quoted}”."
        if quoted
        else f"{thanks[0].upper()}{thanks[1:]}."
    )
    return f"{opening} {feeling} {_NEXT[subject]}"


def _tone(prompt: Prompt) -> str:
    said = words(prompt.instruction) or words(prompt.role)
    if any(word in _FORMAL for word in said):
        return "formal"
    return "friendly" if any(word in _WARM for word in said) else "plain"
