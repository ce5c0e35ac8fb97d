"""What a policy answers."""

from typing import Literal, TypeAlias

import msgspec

Ruling: TypeAlias = Literal["allow", "ask", "deny"]
"""What a policy answers; the severest rule that fires decides."""


class Judgement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A policy's answer.

    ``about`` is the kind of question (``tool``, ``external``, ``data``, ``model``, ``budget``,
    ``approval``), ``rule`` the name of the deciding rule (``package.rule``), ``reason`` its words,
    ``version`` the digest of the policies that were asked.
    """

    about: str
    ruling: Ruling
    rule: str = ""
    reason: str = ""
    version: str = ""
