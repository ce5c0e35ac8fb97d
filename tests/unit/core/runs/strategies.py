"""Random workflows, as authors would write them, and what their calls come to."""

import hashlib

from hypothesis import strategies as st

from kapell.core.workflows.pins import Pins
from kapell.core.workflows.version import Version
from kapell.kit.errors import Failure, Kind
from kapell.kit.json import Json
from tests.unit.core.workflows.authoring import AGENTS, tree_of, version_of

SUB = version_of(
    """
    name: sub
    inputs: {n: {type: any}}
    steps:
      - {id: inner1, tool: t.sub, with: {n: "{{ inputs.n }}"}}
      - {id: inner2, set: {twice: ["{{ steps.inner1.output }}", "{{ inputs.n }}"]}}
    outputs: {got: "{{ steps.inner2.output.twice }}"}
    """
)
PINS = Pins(agents=AGENTS, workflows={"sub": SUB})
LEAVES = ("tool", "tool", "tool", "ask", "set", "wait", "signal", "approval", "workflow")
HOLDERS = ("steps", "parallel", "switch", "loop")

DOOM = "doom"
"""What the ids of steps begin with whose calls always fail."""

Form = dict[str, Json]
_PERCENT = st.integers(0, 99)


class Author:
    """Draws the forms of a workflow; ids are unique in it, so that none hides another."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw
        self._count = 0

    def pick(self, *options: Json) -> Json:
        """Draw one of the options."""
        return self._draw(st.sampled_from(options))

    def chance(self, percent: int) -> bool:
        """Draw true that often."""
        return self._draw(_PERCENT) < percent

    def body(self, depth: int, readable: tuple[str, ...], most: int = 4) -> list[Json]:
        """Draw a sequence of steps; ``readable`` names what may be read from around it."""
        size = self._draw(st.integers(1, most))
        free = self.chance(30)
        forms: list[Json] = []
        ids: list[str] = []
        seen = readable
        if free and self.chance(50):
            self._count += 1
            ids.append(f"{DOOM}{self._count}")
            forms.append({"id": ids[0], "tool": "t.do", "on_error": "continue", "depends_on": []})
        for _ in range(size):
            form = self.step(depth, seen)
            step_id = str(form["id"])
            if free and "on_error" not in form and self.chance(30):
                form["on_error"] = "continue"
            if free and ids:
                wanted = self._draw(st.lists(st.sampled_from(ids), max_size=2, unique=True))
                form["depends_on"] = wanted
                if wanted:
                    form["join"] = self.pick("all", "any", "always", "all")
                    if self.chance(40):
                        del form["join"]
            elif ids and self.chance(8):
                form["join"] = "always"
            forms.append(form)
            ids.append(step_id)
            if not free:
                seen = (*seen, step_id)
        return forms

    def step(self, depth: int, seen: tuple[str, ...]) -> Form:
        """Draw one step."""
        self._count += 1
        form: Form = {"id": f"s{self._count}"}
        holder = depth > 0 and self.chance(45)
        kind = str(self.pick(*(HOLDERS if holder else LEAVES)))
        names = seen
        if self.chance(20):
            items = f"it{self._count}"
            form |= {"for_each": [1, 2, 3][: 1 + self._count % 3], "as": items}
            form |= {"concurrency": self.pick(1, 2), "on_item_error": self.pick("fail", "collect")}
            if self.chance(30):
                form["where"] = f"{items} != 2"
            names = (*seen, items)
        self._work(form, kind, depth, names)
        if self.chance(15):
            form["when"] = self.pick("true", "false", "inputs.n > 1", *map(_won, seen))
        if kind in ("tool", "ask", *HOLDERS) and self.chance(35):
            form["retry"] = {"attempts": self.pick(2, 3), "backoff": 1}
        if self.chance(20):
            form["on_error"] = "continue" if self.chance(50) else {"steps": self.body(0, seen, 2)}
        if kind in ("tool", "set", *HOLDERS) and self.chance(35):
            own = "{{ steps." + str(form["id"]) + ".output }}"
            form["compensate"] = {"tool": "t.undo", "with": {"own": own, "seen": self.value(names)}}
        return form

    def value(self, seen: tuple[str, ...]) -> Json:
        """Draw something for arguments to hold."""
        options: list[Json] = [1, "text", "{{ inputs.n }}"]
        for name in seen:
            if name.startswith("s"):
                options += [f"{{{{ steps.{name}.output }}}}", f"{{{{ steps.{name}.status }}}}"]
            else:
                options += [f"{{{{ {name} }}}}", "{{ index }}"]
        return self.pick(*options)

    def _work(self, form: Form, kind: str, depth: int, seen: tuple[str, ...]) -> None:
        if kind == "tool":
            form |= {"tool": "t.do", "with": {"a": self.value(seen), "b": self.value(seen)}}
        elif kind == "ask":
            form["ask"] = "Say {{ inputs.n }}"
        elif kind == "set":
            form["set"] = {"x": self.value(seen)}
        elif kind == "wait":
            form["wait"] = {"for": "5s"}
        elif kind == "signal":
            form["wait"] = {"signal": "paid"}
        elif kind == "approval":
            form["approval"] = {"title": "Well?", "data": {"d": self.value(seen)}}
        elif kind == "workflow":
            form |= {"workflow": "sub", "with": {"n": self.value(seen)}}
        elif kind == "steps":
            form["steps"] = self.body(depth - 1, seen, 3)
        elif kind == "parallel":
            form["parallel"] = {name: self.body(depth - 1, seen, 2) for name in ("left", "right")}
        elif kind == "switch":
            cases = [
                {"name": name, "when": when, "steps": self.body(depth - 1, seen, 2)}
                for name, when in (("low", "inputs.n < 2"), ("high", "inputs.n > 2"))
            ]
            form["switch"] = {"cases": cases, "else": self.body(depth - 1, seen, 2)}
        else:
            until = f"pass.number >= {self.pick(1, 2, 9, 9)}"
            exhausted = self.pick("continue", "fail")
            body = self.body(depth - 1, seen, 2)
            form["loop"] = {"steps": body, "until": until, "max": 3, "on_exhausted": exhausted}


def _won(name: str) -> str:
    return f"steps.{name}.status == 'succeeded'" if name.startswith("s") else f"{name} > 1"


def _ending(author: Author, steps: list[Json]) -> None:
    """Let a sequence often fail in the end, and often look back at what became of its steps."""
    if author.chance(40):
        doomed: Form = {"id": DOOM, "tool": "t.do"}
        grave: Form = {"id": "grave", "for_each": [1, 2], "steps": [doomed]}
        steps.append(author.pick(doomed, {"id": "grave", "steps": [doomed]}, grave))
    if author.chance(40):
        ids = [str(step["id"]) for step in steps if isinstance(step, dict)]
        seen = {one: f"{{{{ steps.{one}.status }}}}" for one in ids}
        steps.append({"id": "look", "join": "always", "tool": "t.do", "with": seen})


@st.composite
def forms(draw: st.DrawFn, depth: int = 3) -> Form:
    """Return random workflows as their authors would write them."""
    author = Author(draw)
    form: Form = {"name": "w", "inputs": {"n": {"type": "integer"}}}
    steps = form["steps"] = author.body(depth, ())
    if not any("depends_on" in step for step in steps if isinstance(step, dict)):
        _ending(author, steps)
    form["on_failure"] = author.pick("compensate", "compensate", "hold")
    return form


def compiled(form: Form) -> Version:
    """Return a workflow as runs have it."""
    return version_of(tree_of(form), PINS)


def versions() -> st.SearchStrategy[Version]:
    """Return random compiled workflows."""
    return forms().map(compiled)


class Fate:
    """What every call comes to: decided by its path and attempt, never by when it is made."""

    def __init__(self, seed: int, rate: int, kind: Kind) -> None:
        self.seed, self.rate, self.kind = seed, rate, kind

    def __call__(self, path: str, attempt: int, args: Json) -> Json | Failure:
        """Return the result of a call."""
        drawn = hashlib.sha256(f"{self.seed}|{path}|{attempt}".encode()).digest()[0]
        if path.rpartition("/")[2].startswith(DOOM) or drawn * 100 < self.rate * 256:
            return Failure(f"fate_{self.kind.value}", "It was not to be.", self.kind, step=path)
        return {"did": args} if isinstance(args, dict) else f"said {args}"

    def __repr__(self) -> str:
        """Show what examples are told apart by."""
        return f"Fate({self.seed}, {self.rate}, {self.kind.value})"


FATES = st.builds(
    Fate,
    st.integers(0, 10_000),
    st.sampled_from([0, 10, 30, 60]),
    st.sampled_from([Kind.UNAVAILABLE, Kind.UNAVAILABLE, Kind.INVALID]),
)
