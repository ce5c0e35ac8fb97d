"""What is linted: an agent as far as its rules can tell, and what a rule finds."""

from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from kapell.core.agents.definition import Agent
from kapell.core.agents.linting.prompt import Prompt
from kapell.core.agents.linting.tuning import Level, Tuning
from kapell.core.agents.reading import AgentFile, named_tools
from kapell.core.tools.spec import ToolSpec
from kapell.kit.errors import Place
from kapell.kit.json import Json


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """An agent, a skill or a bare prompt.

    ``places`` says where the keys of its front matter stand. ``tools`` are those it names, None
    for the default set; ``known`` all there are, None where nobody knows. ``names`` are the other
    agents it may call as tools.
    """

    prompt: Prompt
    description: str = ""
    tools: tuple[str, ...] | None = None
    output: Json = None
    places: Mapping[str, Place] = {}
    known: Mapping[str, ToolSpec] | None = None
    names: frozenset[str] = frozenset()
    role: bool = True

    def at(self, key: str) -> Place:
        """Return where a key stands, or the file's beginning."""
        return self.places.get(key) or Place(file=self.prompt.file, line=1, column=1)


class Found(msgspec.Struct, frozen=True):
    """What a rule found: where, what, and how to mend it."""

    place: Place
    message: str
    advice: str


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule: its code, its usual level, what it looks for, and the look itself."""

    code: str
    level: Level = Level.WARNING
    says: str
    look: Callable[[Subject, Tuning], Iterator[Found]]


def subject_of(
    file: AgentFile,
    path: str,
    agent: Agent | None,
    known: Mapping[str, ToolSpec] | None,
    names: Iterable[str] = (),
) -> Subject:
    """Return an agent's file as the rules see it.

    Args:
        file: The file as read.
        path: Where it is.
        agent: The agent it makes; None when it has errors, and then its schema is unknown.
        known: The tools there are.
        names: The names of the agents there are.
    """
    entries = file.form.node.entries
    return Subject(
        prompt=Prompt(file.instructions, path, file.line),
        description=file.form.description or "",
        tools=named_tools(file.form),
        output=agent.output if agent is not None else None,
        places={key: value.place for key, (_, value) in entries.items()},
        known=known,
        names=frozenset(names),
    )
