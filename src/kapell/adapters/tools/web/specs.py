"""What the tools that reach servers say of themselves."""

from kapell.adapters.tools.schemas import (
    STRING,
    object_of,
    text_of,
)
from kapell.core.tools.spec import ToolSpec

HTTP_REQUEST = ToolSpec(
    name="http.request",
    description="Ask an allowed HTTP server; returns status, headers and body.",
    folder=False,
    trust="untrusted",
    reaches=True,
    args=object_of(
        ["url"],
        url=text_of("An http or https address.", minLength=1, maxLength=8000),
        method={"enum": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]},
        headers={"type": "object", "additionalProperties": STRING},
        json={"description": "Sent as JSON; or give `body`."},
        body=text_of("Sent as it stands."),
        timeout={"type": "number", "exclusiveMinimum": 0, "description": "Seconds."},
    ),
    returns=object_of(
        ["status", "url", "headers", "body", "json"],
        status={"type": "integer"},
        url=STRING,
        headers={"type": "object", "additionalProperties": STRING},
        body={"type": ["string", "null"]},
        json={},
    ),
    repeatable=False,
    effects="external",
    repeatable_when={"method": ("GET", "HEAD", None)},
)
