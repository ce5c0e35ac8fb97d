"""The tool ``skill.load``."""

from pathlib import Path

from kapell.adapters.tools.files.tools import arguments
from kapell.adapters.tools.skills.specs import SKILL_LOAD
from kapell.adapters.tools.threads import in_thread
from kapell.core.agents.skills import FILE, FOLDER, Skill, read_skill
from kapell.core.definitions.nearest import hint
from kapell.core.definitions.problems import Problems
from kapell.kit.errors import Denied, Invalid, Missing
from kapell.kit.json import Json
from kapell.services.tools.ports import FetchBlob, ToolCall, ToolResult

_LARGEST = 200_000
"""Bytes of a file beside a skill that are read: an agent has to read them too."""


class SkillLoad:
    """``skill.load``: the text of a skill of the workspace, as it is now."""

    spec = SKILL_LOAD

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Return a skill's text, or that of a file beside it.

        Raises:
            Missing: ``skill_missing``, ``file_missing``.
            Invalid: ``skill_broken``, ``file_unreadable``.
            Denied: ``path_outside``.
        """
        given = arguments(call)
        name, file = str(given["name"]), str(given.get("file") or "")
        root = Path(call.workspace) / FOLDER
        return ToolResult(output=await in_thread(lambda _: _loaded(root, name, file)))


def _loaded(root: Path, name: str, file: str) -> dict[str, Json]:
    skill = _skill(root, name)
    text = _beside(root / name, file) if file else skill.body
    return {"name": name, "text": text, "files": list(skill.files)}


def _skill(root: Path, name: str) -> Skill:
    path = root / name / FILE
    if not path.is_file():
        known = [one.parent.name for one in root.glob(f"*/{FILE}")]
        raise Missing(
            f"There is no skill `{name}`.",
            code="skill_missing",
            advice=hint(name, known, "Skills") or "The workspace has no skills.",
        )
    problems = Problems()
    beside = tuple(
        one.relative_to(path.parent).as_posix()
        for one in sorted(path.parent.rglob("*"))
        if one.is_file() and one != path and not one.name.startswith(".")
    )
    skill = read_skill(path.read_bytes(), f"{FOLDER}/{name}/{FILE}", problems, beside)
    if skill is None:
        first = problems.errors[0]
        raise Invalid(
            f"The skill `{name}` cannot be read: {first.message}",
            code="skill_broken",
            advice=f"{first.advice} It stands at {first.place}.",
        )
    return skill


def _beside(folder: Path, file: str) -> str:
    path = (folder / file.replace("\x00", "")).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise Denied(
            f"`{file}` leads out of the skill's folder.",
            code="path_outside",
            advice="Name one of the skill's `files`.",
        )
    if not path.is_file():
        raise Missing(
            f"The skill has no file `{file}`.",
            code="file_missing",
            advice="Name one of the skill's `files`.",
        )
    data = path.read_bytes()[: _LARGEST + 1]
    try:
        text = data[:_LARGEST].decode("utf-8", "strict" if len(data) <= _LARGEST else "ignore")
    except UnicodeDecodeError as error:
        raise Invalid(
            f"`{file}` is no text.",
            code="file_unreadable",
            advice="Only texts can be read this way.",
        ) from error
    return text if len(data) <= _LARGEST else f"{text}\n(cut after {_LARGEST:,} bytes)"
