"""Token counts that vary as those of real models do, for measuring what depends on them.

Real tokenizers yield more tokens for numbers and rare words than for plain ones, and two answers to
the same kind of question differ in length by a third and more, now and then by a multiple.
"""

import hashlib
import math
import re

import msgspec

from kapell.core.gateway.calls import ModelAnswer, Usage
from kapell.testing.providers.call import Call, by_offline_model

_PIECE = re.compile(r"[^\W\d_]+|\d|[^\w\s]")
_LONG_WORD = 7
_AROUND = {"openai": 7, "anthropic": 12, "google": 4, "ollama": 20, "azure": 7}
"""Tokens a vendor adds to each call."""

_HABITS = (
    ("classify", 6.0, 0.0, 0.35),
    ("reply", 140.0, 0.35, 0.30),
    ("summarise", 90.0, 0.12, 0.20),
)
"""Words of a task: its answers' tokens, those per token of prompt, and how widely they vary."""

_OTHER = (180.0, 0.1, 0.45)
_CACHED_FROM = 1024
"""Prompt tokens from which a vendor's own cache may know the beginning."""


def by_varied_usage(call: Call) -> ModelAnswer:
    """Return the loopback provider's answer, with what a real model might have used for it."""
    made = by_offline_model(call)
    text = "\n".join(message.text for message in call.messages)
    chance = _chances(f"{call.wire}:{call.model}:{text}")
    given = tokens_of(text) + _AROUND[call.wire] * max(len(call.messages), 1)
    lowered = text[:200].lower()
    usual, each, width = next((rest for word, *rest in _HABITS if word in lowered), _OTHER)
    spread = math.exp(width * _normal(chance[0], chance[1]) - width * width / 2)
    written = max(round((usual + each * given) * spread), 1)
    cached = given // 2 if given >= _CACHED_FROM and chance[2] < 0.3 else 0
    usage = Usage(
        input_tokens=given,
        output_tokens=min(written, call.max_output),
        cached_input_tokens=cached,
    )
    return msgspec.structs.replace(made, usage=usage)


def tokens_of(text: str) -> int:
    """Return what a tokenizer of today makes of a text, roughly: words, digits and marks."""
    pieces: list[str] = _PIECE.findall(text)
    return sum(1 + len(piece) // _LONG_WORD for piece in pieces)


def _chances(seed: str) -> tuple[float, float, float]:
    """Return three numbers between 0 and 1 that follow from a text."""
    found = hashlib.sha256(seed.encode("utf-8", "replace")).digest()
    one, two, three = (int.from_bytes(found[at : at + 8]) / 2**64 for at in (0, 8, 16))
    return one, two, three


def _normal(one: float, other: float) -> float:
    """Return a normally distributed number from two even ones."""
    return math.sqrt(-2.0 * math.log(1.0 - one)) * math.cos(2.0 * math.pi * other)
