"""The offline model's one door: a request in, an answer out, the same everywhere and every time."""

import re

from kapell.core.gateway.calls import ModelAnswer, ModelRequest, Usage
from kapell.core.gateway.offline import tokens
from kapell.core.gateway.offline.calls import NOTHING_CALLED, next_ask, observed
from kapell.core.gateway.offline.classify import Label, choose
from kapell.core.gateway.offline.draft import filled, letter, reply, template_in
from kapell.core.gateway.offline.language import extract
from kapell.core.gateway.offline.language.summary import keywords, summary
from kapell.core.gateway.offline.language.words import words
from kapell.core.gateway.offline.outline import NOTHING_DONE, outline
from kapell.core.gateway.offline.prompt import Prompt, read
from kapell.core.gateway.offline.shapes.fill import fill
from kapell.core.gateway.offline.topics import named_labels, topic
from kapell.kit.json import encode

NAME = "offline"
LABEL = "[offline model]"
"""First line of every text the offline model writes: nobody shall take it for a thinker's."""

_SUMMARISE = frozenset(
    ("summarise", "summarize", "summary", "shorten", "condense", "tldr", "brief", "abstract")
)
_REPLY = frozenset(
    ("answer", "reply", "respond", "response", "email", "letter", "apologise", "apologize")
)
_CLASSIFY = frozenset(
    (
        "classify",
        "categorise",
        "categorize",
        "label",
        "tag",
        "sort",
        "triage",
        "decide",
        "choose",
        "pick",
        "rate",
    )
)
_EXTRACT = frozenset(("extract", "list", "find", "identify", "detect"))
_INTO = re.compile(r"\b(?:as|into|between|among)\s", re.IGNORECASE)


def answer(request: ModelRequest) -> ModelAnswer:
    """Return the offline model's answer: labelled text, or a value valid under the schema.

    With tools it asks for what the prompt spells out (`kapell.core.gateway.offline.calls`).
    """
    asked = sum(tokens.count(message.text) for message in request.messages)
    ask = next_ask(request) if request.tools else None
    if ask is not None:
        said = tokens.count(encode(ask).decode())
        usage = Usage(input_tokens=asked, output_tokens=said)
        return ModelAnswer(text="", asks=(ask,), model=NAME, usage=usage, offline=True)
    prompt = read(observed(request.messages))
    value = None
    if request.schema is None:
        whole = f"{LABEL}\n{_text(prompt)}"
        called = any(message.asks for message in request.messages)
        if request.tools and not called and NOTHING_DONE not in whole:
            whole = f"{whole}\n{NOTHING_CALLED}"
    else:
        value = fill(request.schema, prompt)
        whole = encode(value).decode()
    text = tokens.cut(whole, request.max_output)
    short = text == whole
    return ModelAnswer(
        text=text,
        value=value if short else None,
        model=NAME,
        usage=Usage(input_tokens=asked, output_tokens=tokens.count(text)),
        finish="stop" if short else "length",
        offline=True,
    )


def _text(prompt: Prompt) -> str:
    template = template_in(prompt)
    if template is not None:
        return filled(template, prompt)
    asked = words(prompt.instruction)
    lead = asked[:8]
    if any(word in _SUMMARISE for word in asked):
        return (
            summary(prompt.matter, _wanted_sentences(prompt.instruction))
            or "There is nothing to summarise."
        )
    if any(word in _CLASSIFY for word in lead):
        return _label(prompt)
    if any(word in _EXTRACT for word in lead):
        return _facts(prompt)
    if any(word in _REPLY for word in lead):
        return letter(prompt) or reply(prompt)
    return letter(prompt) or outline(prompt)


def _wanted_sentences(instruction: str) -> int:
    numbers = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}
    match = re.search(
        r"\b(\d+|one|two|three|four|five)\s+(?:short\s+)?(?:sentence|line|point|bullet)",
        instruction,
        re.IGNORECASE,
    )
    if not match:
        return 3
    return numbers.get(match[1].lower()) or max(1, min(int(match[1]), 20))


def _label(prompt: Prompt) -> str:
    """Return one of the labels the instruction names; without any, what the matter is about."""
    asked = _INTO.sub("one of ", prompt.instruction)
    labels = named_labels(asked, closed=True)
    if not labels:
        return topic(prompt)
    return labels[choose([Label(name) for name in labels], prompt, prompt.instruction).index]


def _facts(prompt: Prompt) -> str:
    """Return the facts that stand in the matter, one a line."""
    matter = prompt.matter
    lines = [f"- {name}: {value}" for name, value in extract.pairs(matter).items()]
    for name, found in (
        ("e-mail", extract.emails(matter)),
        ("date", extract.dates(matter)),
        ("link", extract.urls(matter)),
        ("amount", [f"{amount:g}" for amount in extract.amounts(matter)]),
        ("reference", extract.identifiers(matter)),
    ):
        lines += [
            f"- {name}: {value}" for value in found if not any(value in line for line in lines)
        ]
    lines.append(f"- about: {', '.join(keywords(matter))}")
    return "\n".join(lines)
