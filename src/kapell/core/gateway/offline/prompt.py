"""What a prompt asks and what it is about: the instruction apart from the matter."""

import re
from collections.abc import Sequence

import msgspec

from kapell.core.gateway.calls import Message
from kapell.core.gateway.offline.language.words import listed, words
from kapell.core.guardrails.spotlight import bare, without_material

VERBS = listed(
    "answer reply respond draft write compose classify categorise categorize sort label tag triage "
    "summarise summarize shorten condense extract list find read rate score decide judge review "
    "check analyse analyze translate rewrite polish improve describe explain plan propose design "
    "create build make prepare fill complete give return tell identify detect determine evaluate "
    "compare choose pick select suggest generate produce turn convert report outline test deploy "
    "implement fix question help merge combine"
)
_HEAD = re.compile(r"\A\s*([^\n]{2,300}?):(?:[ \t]+|[ \t]*\n+)(\S.*)\Z", re.DOTALL)
_FENCE = re.compile(r"```[a-z]*\n(.*?)```", re.DOTALL)
_TAGS = ("text", "document", "ticket", "input", "data", "content")
_ARROWS = ("->", "=>", "\u2192")
_BLOCK_EXAMPLE = re.compile(
    r"^(?:input|text|ticket|q|question|message):[ ]?(.+)\n"
    r"(?:output|label|answer|a|class|category|urgency|topic|sentiment):[ ]?(.{1,80})$",
    re.MULTILINE | re.IGNORECASE,
)
_MARKS = " \t-*•\"'\u201c\u201d."
_LONGEST_EXAMPLE = 300


class Example(msgspec.Struct, frozen=True):
    """A text the author classified, to go by."""

    text: str
    label: str


class Prompt(msgspec.Struct, frozen=True, kw_only=True):
    """A call's messages as the offline model reads them.

    ``matter`` is what the answer is about, ``instruction`` what to do with it, ``role`` what the
    agent is told once for all calls, ``asked`` the user's words whole.
    """

    role: str
    instruction: str
    matter: str
    examples: tuple[Example, ...] = ()
    asked: str = ""

    @property
    def guidance(self) -> str:
        """Return everything that is not the matter."""
        return f"{self.role}\n{self.instruction}"


def read(messages: Sequence[Message]) -> Prompt:
    """Return the parts of a call: the first user message asks, corrections after it add nothing."""
    role = "\n".join(message.text for message in messages if message.role == "system")
    asked = [bare(message.text) for message in messages if message.role == "user"]
    spoken = any(message.role == "assistant" for message in messages)
    text = (asked[0] if spoken else "\n\n".join(asked)) if asked else ""
    examples, _ = _examples(role)
    own, rest = _examples(text)
    instruction, matter = _split(rest)
    return Prompt(
        role=role,
        instruction=instruction,
        matter=matter,
        examples=(*examples, *own),
        asked=text,
    )


def outside(text: str) -> str:
    """Return a text with what stands in fences and tags blanked, every place as it was."""
    blank = _FENCE.sub(lambda found: " " * len(found[0]), without_material(text))
    for tag in _TAGS:
        pattern = re.compile(f"<{tag}>.*?</{tag}>", re.DOTALL)
        blank = pattern.sub(lambda found: " " * len(found[0]), blank)
    return blank


def _examples(text: str) -> tuple[list[Example], str]:
    """Return the examples of a text (``"words" -> label``), and the text without them."""
    found = [Example(match[1].strip(), match[2].strip()) for match in _BLOCK_EXAMPLE.finditer(text)]
    kept: list[str] = []
    for line in _BLOCK_EXAMPLE.sub("", text).split("\n"):
        arrow = next((one for one in _ARROWS if one in line), "")
        left, _, right = line.partition(arrow) if arrow else (line, "", "")
        said, label = left.strip(_MARKS), right.strip(_MARKS)
        if arrow and 3 <= len(said) <= _LONGEST_EXAMPLE and 0 < len(label) <= 80:
            found.append(Example(said, label))
        else:
            kept.append(line)
    return found, "\n".join(kept)


def _split(text: str) -> tuple[str, str]:
    """Return instruction and matter; a text that instructs nothing is matter altogether."""
    text = text.strip()
    fences = _FENCE.findall(text)
    outside = _FENCE.sub(" ", text).strip()
    for tag in _TAGS:
        before, opened, rest = outside.partition(f"<{tag}>")
        inside, closed, after = rest.partition(f"</{tag}>")
        if opened and closed:
            fences.append(inside)
            outside = f"{before} {after}".strip()
    if fences and outside:
        return outside, "\n\n".join(fence.strip() for fence in fences)
    head = _HEAD.match(text)
    if head and _instructs(head[1]):
        return head[1].strip(), head[2].strip()
    paragraphs = re.split(r"\n\s*\n", text)
    if len(paragraphs) > 1 and _instructs(paragraphs[0]):
        return paragraphs[0].strip(), "\n\n".join(paragraphs[1:]).strip()
    if len(paragraphs) > 1 and _instructs(paragraphs[-1]) and not _instructs(paragraphs[0]):
        return paragraphs[-1].strip(), "\n\n".join(paragraphs[:-1]).strip()
    if _instructs(text) and len(paragraphs) == 1:
        return text, text
    return "", text


def _instructs(text: str) -> bool:
    """Tell whether a text begins by asking for something."""
    return any(word in VERBS for word in words(text)[:6])
