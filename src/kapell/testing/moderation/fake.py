"""A moderation service in this process, which minds the words it was given."""

from collections.abc import Mapping, Sequence

from kapell.kit.errors import Unavailable
from kapell.services.guardrails.ports import Moderated

FLAG = 0.5
"""The score from which it flags a category itself."""


class FakeModeration:
    """Says of a text the scores of every word of its list that stands in it.

    Args:
        words: Scores of categories by the words that show them.

    Attributes:
        asked: Every text it was asked about.
        silent: Whether it gives no answer.
    """

    def __init__(self, words: Mapping[str, Mapping[str, float]]) -> None:
        self._words = words
        self.asked: list[str] = []
        self.silent = False

    async def judge(self, texts: Sequence[str]) -> Sequence[Moderated]:
        """Return what it says of each text. Raises Unavailable."""
        if self.silent:
            raise Unavailable("The fake is silent.", code="guard_failed", advice="Let it speak.")
        self.asked.extend(texts)
        return [self.said(text) for text in texts]

    def said(self, text: str) -> Moderated:
        """Return what it says of a text."""
        scores = dict.fromkeys((name for one in self._words.values() for name in one), 0.0)
        for word, found in self._words.items():
            if word in text:
                scores.update({name: max(scores[name], one) for name, one in found.items()})
        flagged = frozenset(name for name, score in scores.items() if score >= FLAG)
        return Moderated(scores=scores, flagged=flagged)

    async def close(self) -> None:
        """Nothing is open."""
