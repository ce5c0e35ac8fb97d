"""What ``json.query`` says of itself."""

from kapell.adapters.tools.schemas import (
    READ_PATH,
    object_of,
    text_of,
)
from kapell.core.tools.spec import ToolSpec

JSON_QUERY = ToolSpec(
    name="json.query",
    description="Take values out of JSON with a JMESPath expression; returns what it finds.",
    args=object_of(
        ["query"],
        query=text_of("A JMESPath expression.", minLength=1, maxLength=4000),
        data={"description": "The JSON to look into; or give `path`."},
        path=READ_PATH,
    ),
)
