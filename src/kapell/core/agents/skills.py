"""Skills: know-how in a folder, listed by name and read when it is needed.

The open convention: ``skills/NAME/SKILL.md`` with a name and a description above its text, and
whatever files it speaks of beside it.
"""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from kapell.core.agents.definition import Agent, SkillNote
from kapell.core.agents.front_matter import front_matter, parts_of
from kapell.core.agents.linting.prompt import Prompt
from kapell.core.agents.linting.subject import Subject
from kapell.core.definitions.authored import Authored, doc
from kapell.core.definitions.problems import DefinitionInvalid, Problems
from kapell.core.definitions.reading import decoded
from kapell.core.definitions.shaping import shape
from kapell.kit.errors import Place

FOLDER = "skills"
FILE = "SKILL.md"
LOAD = "skill.load"
"""The tool that returns a skill's text."""

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LONGEST_NAME = 64
_LONGEST_DESCRIPTION = 1024


class SkillForm(Authored, kw_only=True):
    """The front matter of a skill."""

    called: ClassVar[str] = "a skill"
    open_ended: ClassVar[bool] = True

    name: Annotated[
        Annotated[str, Meta(min_length=1)],
        doc("Name of the skill and of its folder: small letters, digits and `-`."),
    ]
    description: Annotated[
        Annotated[str, Meta(min_length=1)],
        doc("What it is for and when to read it; agents see this and the name."),
    ]


class Skill(msgspec.Struct, frozen=True, kw_only=True):
    """A skill, read. ``files`` are the paths beside its file, relative to its folder."""

    name: str
    description: str
    body: str
    path: str
    line: int = 1
    files: tuple[str, ...] = ()

    @property
    def note(self) -> SkillNote:
        """Return what an agent sees of it."""
        return SkillNote(self.name, self.description)


def read_skill(
    data: bytes | str, path: str, problems: Problems, files: tuple[str, ...] = ()
) -> Skill | None:
    """Return a skill's file; what is wrong with it is noted, None when it cannot be used.

    Args:
        data: What the file holds.
        path: Where it is: ``skills/NAME/SKILL.md``.
        problems: Collects what is wrong.
        files: What stands beside it.
    """
    before = len(problems.errors)
    try:
        front, body, line = parts_of(decoded(data, path), path)
        form = shape(front_matter(front, path, problems), SkillForm, problems)
    except DefinitionInvalid as error:
        for one in error.problems:
            problems.error(one.code, one.message, one.place, one.advice)
        return None
    _check(form, path, problems)
    text = body.strip()
    if not text:
        problems.error(
            "skill_empty",
            "The skill has no text.",
            Place(file=path, line=line, column=1),
            "Write under the front matter what to know and what to do.",
        )
    if len(problems.errors) > before:
        return None
    blank = len(body) - len(body.lstrip())
    return Skill(
        name=form.name,
        description=" ".join(form.description.split()),
        body=text,
        path=path,
        line=line + body[:blank].count("\n"),
        files=files,
    )


def _check(form: SkillForm, path: str, problems: Problems) -> None:
    folder = path.split("/")[-2] if "/" in path else ""
    if form.name and not (_NAME.fullmatch(form.name) and len(form.name) <= _LONGEST_NAME):
        problems.error(
            "skill_name_broken",
            f"`{form.name}` cannot be a skill's name.",
            form.value("name").place,
            f"Use small letters, digits and single `-`, at most {_LONGEST_NAME} of them.",
        )
    elif folder and form.name and form.name != folder:
        problems.error(
            "skill_name_other",
            f"The skill `{form.name}` stands in the folder `{folder}`.",
            form.value("name").place,
            "Let the folder and the skill have one name.",
        )
    if form.description and len(form.description) > _LONGEST_DESCRIPTION:
        problems.error(
            "skill_description_long",
            f"The description has {len(form.description):,} characters; "
            f"{_LONGEST_DESCRIPTION:,} are allowed.",
            form.value("description").place,
            "Say what it is for and when to read it; the rest belongs into the text.",
        )


def chosen_skills(wanted: Iterable[str], known: Iterable[Skill]) -> tuple[SkillNote, ...]:
    """Return the notes of the skills an agent names, by name; ``*`` and ``pdf-*`` mean several."""
    patterns = tuple(wanted)
    return tuple(
        skill.note
        for skill in sorted(known, key=lambda one: one.name)
        if any(fnmatchcase(skill.name, pattern) for pattern in patterns)
    )


def skills_of(agent: Agent) -> tuple[tuple[str, str], ...]:
    """Return the skills an agent is told of: names and descriptions, as its version pins them."""
    return tuple((skill.name, skill.description) for skill in agent.skills)


def skills_text(agent: Agent) -> str:
    """Return the paragraph that tells an agent of its skills; "" when it has none."""
    if not agent.skills:
        return ""
    listed = "\n".join(f"- {name}: {description}" for name, description in skills_of(agent))
    return f"You have these skills. Before you do what one is for, read it with `{LOAD}`:\n{listed}"


def skill_subject(skill: Skill) -> Subject:
    """Return a skill as the linter's rules see it."""
    return Subject(
        prompt=Prompt(skill.body, skill.path, skill.line),
        description=skill.description,
        role=False,
    )
