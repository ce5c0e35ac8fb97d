"""What complexity is told by: weights, thresholds and words, with the values that ship.

A workspace tunes them by a file; what the file does not say stays as it is here.
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, TypeAlias, get_args

import msgspec
from msgspec import Meta

from kapell.core.definitions.authored import Authored, doc
from kapell.core.definitions.nearest import hint
from kapell.core.definitions.problems import Problems
from kapell.core.definitions.reading import read
from kapell.core.definitions.shaping import shape
from kapell.core.gateway.complexity.lexicon import WORDS

Class: TypeAlias = Literal["simple", "reasoning", "code", "long"]
"""What a prompt can be; ``long`` is one whose length decides over everything else."""

CLASSES: tuple[Class, ...] = get_args(Class)

WEIGHTS: Mapping[str, float] = {
    "code_block": 1.5,
    "code_marks": 0.5,
    "code_strong": 0.7,
    "code_weak": 0.3,
    "making": 0.4,
    "reasoning_strong": 0.6,
    "reasoning_weak": 0.3,
    "simple": -0.4,
    "numbers": 0.1,
    "sentences": 0.1,
    "words": 0.008,
    "clauses": 0.06,
}
"""Points for each finding of a feature, times how often it was found, up to its cap."""

CAPS: Mapping[str, int] = {
    "code_block": 1,
    "code_marks": 4,
    "code_strong": 3,
    "code_weak": 4,
    "making": 1,
    "reasoning_strong": 4,
    "reasoning_weak": 4,
    "simple": 2,
    "numbers": 6,
    "sentences": 5,
    "words": 60,
    "clauses": 6,
}
"""How often a feature counts at most, so that one habit of writing does not decide alone."""


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What is decided by. ``long`` in tokens, ``code`` and ``reasoning`` in points."""

    long: int = 2000
    code: float = 1.0
    reasoning: float = 1.0
    weights: Mapping[str, float] = msgspec.field(default_factory=lambda: WEIGHTS)
    caps: Mapping[str, int] = msgspec.field(default_factory=lambda: CAPS)
    words: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=lambda: WORDS)


DEFAULT = Rules()


class RulesForm(Authored, kw_only=True):
    """A file that tunes what prompts are told apart by."""

    called: ClassVar[str] = "the complexity rules"

    long: Annotated[
        Annotated[int, Meta(ge=1)] | None, doc("Tokens from which a prompt is `long`.")
    ] = None
    code: Annotated[float | None, doc("Points from which a prompt is `code`.")] = None
    reasoning: Annotated[float | None, doc("Points from which a prompt is `reasoning`.")] = None
    weights: Annotated[
        dict[str, float] | None, doc("Points of a feature, in place of the built-in ones.")
    ] = None
    words: Annotated[
        dict[str, list[str]] | None, doc("Words of a signal, besides the built-in ones.")
    ] = None


def read_rules(data: bytes, file: str) -> Rules:
    """Return the rules of a file.

    Raises:
        DefinitionInvalid: With everything that is wrong, each with its place.
    """
    problems = Problems()
    rules = rules_of(shape(read(data, file), RulesForm, problems), problems)
    problems.raise_errors()
    return rules


def rules_of(form: RulesForm, problems: Problems) -> Rules:
    """Return the rules that were written; what is wrong is noted."""
    for key, known in (("weights", WEIGHTS), ("words", WORDS)):
        for name, (key_node, _) in form.value(key).entries.items() if form.given(key) else ():
            if name not in known:
                message = f"`{name}` is no feature that prompts are told apart by."
                problems.error("unknown_key", message, key_node.place, hint(name, known))
    problems.raise_errors()
    own = form.words or {}
    return Rules(
        long=DEFAULT.long if form.long is None else form.long,
        code=DEFAULT.code if form.code is None else form.code,
        reasoning=DEFAULT.reasoning if form.reasoning is None else form.reasoning,
        weights={**WEIGHTS, **(form.weights or {})},
        words={name: (*words, *map(_entry, own.get(name, ()))) for name, words in WORDS.items()},
    )


def _entry(word: str) -> str:
    return "·".join(word.lower().split())
