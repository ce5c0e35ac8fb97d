"""Deciding: what follows from an input, as events.

``thinking`` holds a decision in the making; every other module thinks through one sort of
consequence and hands further ones on as tasks.
"""

from kapell.core.runs.decide.clock import next_due
from kapell.core.runs.decide.deciding import Carried, Decision, decide
from kapell.core.runs.decide.thinking import ChildStart, Waitlists

__all__ = ["Carried", "ChildStart", "Decision", "Waitlists", "decide", "next_due"]
