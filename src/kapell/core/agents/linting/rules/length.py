"""Is there enough of a prompt to go by, and not more than a model heeds?"""

from collections import Counter
from collections.abc import Iterator

from kapell.core.agents.linting.subject import Found, Subject
from kapell.core.agents.linting.tuning import Tuning

_WORTH_COUNTING = 30


def long(subject: Subject, tuning: Tuning) -> Iterator[Found]:
    """Find prompts longer than the workspace allows."""
    size = len(subject.prompt.text)
    if size > tuning.longest:
        yield Found(
            subject.prompt.beginning,
            f"The instructions have {size:,} characters; {tuning.longest:,} are allowed.",
            "Move what is needed now and then into a skill, or into files the agent reads.",
        )


def short(subject: Subject, tuning: Tuning) -> Iterator[Found]:
    """Find prompts too short to say what, how and in which form."""
    size = len(subject.prompt.text.strip())
    if 0 < size < tuning.shortest:
        yield Found(
            subject.prompt.beginning,
            f"The instructions have {size} characters: too few to say what to do and how.",
            "Say who the agent is, how it works, what it must not do, and what its answer is like.",
        )


def repeated(subject: Subject, tuning: Tuning) -> Iterator[Found]:
    """Find sentences that stand there twice."""
    said = [one for one in subject.prompt.sentences if len(one.text) >= _WORTH_COUNTING]
    counts = Counter(one.text.casefold() for one in said)
    told: set[str] = set()
    for one in said:
        key = one.text.casefold()
        if key in told:
            yield Found(
                subject.prompt.place(one.line, one.column),
                "This sentence stands there already.",
                "Leave one of the two: repeating a rule does not make it stronger.",
            )
        if counts[key] > 1:
            told.add(key)
