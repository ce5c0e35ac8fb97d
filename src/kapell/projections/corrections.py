"""Self-correction: what went wrong in a run's turns, and whether its agents set it right."""

from collections.abc import Callable, Iterable
from typing import Literal

import msgspec

from kapell.projections.turns import TurnView

_NOT_OFFERED = "tool_not_offered"
"""Nothing goes by the name: whatever succeeds next is what was meant."""


_OUTCOMES = ("mended", "other_way", "given_up", "open")


class Correction(msgspec.Struct, kw_only=True, omit_defaults=True, eq=False):
    """Something that went wrong until it was set right or left: a tool call, or an answer.

    Only what was done in a later turn sets it right: one that knows of it.
    ``kind`` and ``code`` are those of the first failure; of an answer, ``answer`` and
    ``answer_wrong``. ``tries`` counts the failures. ``outcome``: ``mended`` when the same tool
    succeeded or a right answer came, ``other_way`` when the agent answered after another tool
    succeeded, ``given_up`` when it answered without or never got there, ``open`` while it may yet.
    """

    step: str
    turn: int
    tool: str = ""
    kind: str
    code: str
    tries: int = 1
    outcome: Literal["mended", "other_way", "given_up", "open"] = "open"


class Corrections(msgspec.Struct, frozen=True, kw_only=True):
    """A run's self-correction: each fault with its outcome, their numbers, and the success rate.

    ``rate`` is the share of the faults that ended which were mended or got round; null without any.
    """

    each: tuple[Correction, ...]
    failures: int
    mended: int
    other_way: int
    given_up: int
    open: int
    rate: float | None


def corrections(turns: Iterable[TurnView], *, ended: bool) -> Corrections:
    """Return what became of every failure in the turns of a run; ``ended`` says that it is over."""
    steps: dict[str, _Step] = {}
    found: list[Correction] = []
    for view in turns:
        steps.setdefault(view.step, _Step(found)).take(view)
    for step in steps.values():
        if ended:
            step.leave()
    count = {name: sum(one.outcome == name for one in found) for name in _OUTCOMES}
    over = len(found) - count["open"]
    return Corrections(
        each=tuple(found),
        failures=sum(one.tries for one in found),
        rate=(count["mended"] + count["other_way"]) / over if over else None,
        mended=count["mended"],
        other_way=count["other_way"],
        given_up=count["given_up"],
        open=count["open"],
    )


class _Step:
    """The faults of one step that stand; what comes to light goes into ``found``."""

    def __init__(self, found: list[Correction]) -> None:
        self._found = found
        self._standing: list[Correction] = []
        self._got_on: list[Correction] = []

    def take(self, view: TurnView) -> None:
        """Take one turn."""
        if view.outcome == "wrong":
            self._failed(view, "", "answer", "answer_wrong")
        elif view.outcome in ("acted", "answered"):
            self._mended(lambda one: not one.tool)
        # What was asked for side by side was asked without knowing of each other's failures.
        seen = [(one, one.observation) for one in view.actions if one.observation is not None]
        for action, observation in seen:
            if observation.status == "returned":
                self._succeeded(action.tool)
        for action, observation in seen:
            if observation.status != "returned":
                self._failed(view, action.tool, observation.kind, observation.code)
        if view.outcome == "answered":
            self.leave()

    def _succeeded(self, tool: str) -> None:
        self._mended(lambda one: one.tool == tool or one.code == _NOT_OFFERED)
        self._got_on = [one for one in self._standing if one.tool]

    def leave(self) -> None:
        """Settle what still stands: the agent went another way, or gave up."""
        for one in self._standing:
            one.outcome = "other_way" if one in self._got_on else "given_up"
        self._standing, self._got_on = [], []

    def _failed(self, view: TurnView, tool: str, kind: str, code: str) -> None:
        same = next((one for one in self._standing if one.tool == tool), None)
        if same is not None:
            same.tries += 1
            self._got_on = [one for one in self._got_on if one is not same]
            return
        fault = Correction(step=view.step, turn=view.turn, tool=tool, kind=kind, code=code)
        self._found.append(fault)
        self._standing.append(fault)

    def _mended(self, suits: Callable[[Correction], bool]) -> None:
        for one in [one for one in self._standing if suits(one)]:
            one.outcome = "mended"
            self._standing.remove(one)
