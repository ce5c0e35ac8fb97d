"""What gates note of a call that passes them."""

from collections.abc import Callable
from typing import TypeAlias

from kapell.core.guardrails.verdicts import Verdict
from kapell.core.policies.judgement import Judgement
from kapell.core.policies.spending import Spending

Fact: TypeAlias = Verdict | Judgement | Spending
"""A decision of a gate, worth an event of the run."""

Note: TypeAlias = Callable[[Fact], None]
"""Takes the facts of one call, in order."""


def unnoted(fact: Fact) -> None:
    """Forget a fact: for calls that belong to no run."""
    del fact
