"""What ``web.search`` says of itself."""

from kapell.adapters.tools.schemas import STRING, list_of, object_of, text_of, whole_of
from kapell.core.tools.spec import ToolSpec

WEB_SEARCH = ToolSpec(
    name="web.search",
    description="Search the web; returns titles, addresses and excerpts. Read a result with "
    "web.fetch.",
    args=object_of(
        ["query"],
        query=text_of("What to look for.", minLength=1, maxLength=400),
        count=whole_of("Results to return; 8 if not given.", 1, 20),
        page=whole_of("Which page of results; the first is 1.", 1, 10),
        language=text_of("Its language, such as `en`.", pattern="^[a-z]{2}(-[A-Z]{2})?$"),
        recent={
            "enum": ["day", "week", "month", "year"],
            "description": "Only what is no older.",
        },
    ),
    returns=object_of(
        ["query", "provider", "results"],
        query=STRING,
        provider=STRING,
        results=list_of(
            object_of(
                ["rank", "url", "title", "text", "published"],
                rank={"type": "integer"},
                url=STRING,
                title=STRING,
                text=STRING,
                published={"type": ["string", "null"]},
            ),
            20,
        ),
    ),
    folder=False,
    trust="untrusted",
    reaches=True,
    timeout=30.0,
)
