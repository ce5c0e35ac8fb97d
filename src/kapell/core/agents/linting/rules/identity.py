"""Does the prompt say who the agent is, and its file what it is for?"""

import re
from collections.abc import Iterator

from kapell.core.agents.linting.lexicon import lexicon
from kapell.core.agents.linting.rules.language import told
from kapell.core.agents.linting.subject import Found, Subject
from kapell.core.agents.linting.tuning import Tuning

_LEAD = 4
_WHO = re.compile(
    r"\b(you are|you're|your (?:role|task|job|goal|mission|work|purpose)|act as|as an? [a-z]+[ ,]"
    r"|you (?:[a-z]+ly )?(?:will |must |should |only )?[a-z]{3,}|i want you to"
    r"|the (?:agent|assistant))\b",
    re.IGNORECASE,
)
_TASKS = lexicon(
    "answer analyse analyze assess audit break build check choose classify collect compare",
    "compose convert coordinate copy create debug decide deploy describe design determine",
    "develop document draft edit estimate evaluate examine explain extract fetch find fix",
    "format generate give grade help identify implement improve index inspect investigate judge",
    "list maintain manage merge monitor optimise optimize order organise organize parse plan",
    "prepare produce propose rank rate read report research review rewrite route run score",
    "search select sort split summarise summarize supervise test track translate triage turn",
    "validate verify watch write",
)


def role(subject: Subject, tuning: Tuning) -> Iterator[Found]:
    """Find prompts that do not say who the agent is or what it does."""
    if not subject.role or not subject.prompt.text.strip():
        return
    lead = subject.prompt.sentences[:_LEAD]
    said = " ".join(one.text for one in lead)
    first = [re.sub(r"\W", "", one.text.split(" ", 1)[0]).lower() for one in lead]
    if _WHO.search(said) or any(word in _TASKS for word in first):
        return
    if told(subject.prompt.prose, "en"):
        return  # how other languages say it, we do not know
    yield Found(
        subject.prompt.beginning,
        "The instructions do not say who the agent is and what it does.",
        "Begin with one sentence such as `You review database migrations for risks.`",
    )


def description(subject: Subject, tuning: Tuning) -> Iterator[Found]:
    """Find agents without a description: nobody can choose them for it."""
    if subject.role and not subject.description.strip():
        yield Found(
            subject.at("name"),
            "The agent has no description, so nothing can choose it by what it is for.",
            "Add `description:` with one sentence.",
        )
