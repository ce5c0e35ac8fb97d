"""How strict the linter is: a level for each rule, and the bounds that rules go by."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec


class Level(StrEnum):
    """What a finding is worth: nothing, a word, or a refusal."""

    OFF = "off"
    WARNING = "warning"
    ERROR = "error"


class Tuning(msgspec.Struct, frozen=True, kw_only=True):
    """What a workspace says about its prompts.

    ``levels`` holds the rules whose level is not their own. ``longest`` and ``shortest`` are in
    characters of the prompt. ``language`` is the one prompts are written in, as a code of two
    letters; empty for any.
    """

    levels: Mapping[str, Level] = {}
    longest: int = 12_000
    shortest: int = 80
    language: str = "en"
