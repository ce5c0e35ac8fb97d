"""What is demanded of an answer."""

from typing import Literal

import msgspec

from kapell.kit.json import Json


class Grounded(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Answers must be held by sources, each sentence with ``threshold`` at least.

    ``sources`` may hold templates; null means what the tools of the answer's turns returned.
    ``judge`` is a model that is asked too; it can only lower a score.
    """

    sources: Json = None
    on_failure: Literal["correct", "ask", "block"] = "correct"
    threshold: float = 0.7
    judge: str | None = None


class Score(msgspec.Struct, frozen=True):
    """How an answer was found to be held: its score, and how many of its sentences are flagged."""

    score: float
    flagged: int
    sentences: int
