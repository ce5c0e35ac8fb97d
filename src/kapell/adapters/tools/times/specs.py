"""What ``time.now`` says of itself."""

from kapell.adapters.tools.schemas import STRING, object_of, text_of
from kapell.core.tools.spec import ToolSpec

TIME_NOW = ToolSpec(
    name="time.now",
    description="Tell the date and time in a zone of the world.",
    args=object_of(
        [],
        zone=text_of(
            "Its IANA name, such as Europe/Rome; UTC if not given.",
            pattern=r"^[A-Za-z0-9_+/-]{1,64}$",
        ),
    ),
    returns=object_of(
        ["iso", "unix", "zone", "date", "time", "weekday", "offset"],
        iso=STRING,
        unix={"type": "number"},
        zone=STRING,
        date=STRING,
        time=STRING,
        weekday=STRING,
        offset=STRING,
    ),
    folder=False,
)
