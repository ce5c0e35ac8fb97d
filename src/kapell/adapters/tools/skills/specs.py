"""What ``skill.load`` says of itself."""

from kapell.adapters.tools.schemas import STRING, object_of, text_of
from kapell.core.tools.spec import ToolSpec

SKILL_LOAD = ToolSpec(
    name="skill.load",
    description="Read a skill you were told of, or one of the files beside it.",
    args=object_of(
        ["name"],
        name=text_of("The skill's name.", pattern=r"^[a-z0-9-]{1,64}$"),
        file=text_of("A file beside it, as the skill names it; the skill itself if not given."),
    ),
    returns=object_of(
        ["name", "text", "files"],
        name=STRING,
        text=STRING,
        files={"type": "array", "items": STRING},
    ),
    folder=False,
)
