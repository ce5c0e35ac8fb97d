"""What ``notify`` says of itself."""

from kapell.adapters.tools.schemas import STRING, object_of, text_of
from kapell.core.tools.spec import ToolSpec

NOTIFY = ToolSpec(
    name="notify",
    description="Tell people something: through a channel of the settings, or as a line in the "
    "log. It may come twice after a crash.",
    args=object_of(
        ["text"],
        text=text_of("What to say.", minLength=1, maxLength=4000, pattern=r"\S"),
        title=text_of("In a few words.", maxLength=200, pattern=r"^[^\r\n]*$"),
        level={"enum": ["info", "warning", "error"], "description": "info if not given."},
        channel=text_of(
            "Its name in the settings; `log` if not given.", pattern="^[a-z][a-z0-9_]*$"
        ),
    ),
    returns=object_of(["channel", "delivered"], channel=STRING, delivered={"type": "boolean"}),
    effects="external",
    reaches=True,
    folder=False,
    timeout=30.0,
)
