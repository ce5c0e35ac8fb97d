"""A framework of controls, each answered by mechanisms that have code, tests and entries."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

Answers: TypeAlias = Literal["product", "shared", "operator"]
"""Who answers for a control: Kapell; both, it gives the means; whoever runs it."""

WHO: Mapping[Answers, str] = {"product": "Kapell", "shared": "both", "operator": "you"}


class Mechanism(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something that answers controls; ``record`` are actions of entries, or their beginnings."""

    title: str
    code: tuple[str, ...]
    tests: tuple[str, ...]
    evidence: tuple[str, ...]
    record: tuple[str, ...] = ()


class Control(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked, and how it is met."""

    id: str
    by: Answers
    asks: str
    answer: str
    mechanisms: tuple[str, ...]


class Framework(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All controls in their order, and the mechanisms by their names."""

    mechanisms: Mapping[str, Mechanism]
    controls: tuple[Control, ...]


class Risk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What agents with some capabilities may do wrong, and what stops it."""

    title: str
    capabilities: tuple[str, ...]
    likelihood: Literal["low", "medium", "high"]
    gravity: Literal["low", "medium", "high"]
    wrong: str
    mechanisms: tuple[str, ...]
    left: str


class _Risks(msgspec.Struct, frozen=True):
    risks: tuple[Risk, ...]


def read_framework(text: str) -> Framework:
    """Return the framework that a file of TOML holds.

    Raises:
        msgspec.DecodeError: It holds none.
    """
    return msgspec.toml.decode(text, type=Framework)


def read_risks(text: str) -> tuple[Risk, ...]:
    """Return the risks that a file of TOML holds.

    Raises:
        msgspec.DecodeError: It holds none.
    """
    return msgspec.toml.decode(text, type=_Risks).risks
