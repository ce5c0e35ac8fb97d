"""What ``web.fetch`` says of itself."""

from kapell.adapters.tools.schemas import COUNT, STRING, list_of, object_of, text_of, whole_of
from kapell.core.tools.spec import ToolSpec

WEB_FETCH = ToolSpec(
    name="web.fetch",
    description="Read a web page of an allowed host: its title, text and links, to be cited by "
    "its `url`. Obeys robots.txt.",
    args=object_of(
        ["url"],
        url=text_of("An http or https address.", minLength=1, maxLength=4000),
        offset=whole_of("Where in the text to begin: `next` of the call before.", 0, 100_000_000),
        length=whole_of("Characters of the text to return; 20000 if not given.", 1, 200_000),
        links=whole_of("Links to return; 50 if not given.", 0, 500),
    ),
    returns=object_of(
        ["url", "title", "text", "length", "next", "links", "media", "charset", "citation"],
        url=STRING,
        title=STRING,
        text=STRING,
        length=COUNT,
        next={"type": ["integer", "null"]},
        links=list_of(object_of(["url", "text"], url=STRING, text=STRING), 500),
        media=STRING,
        charset=STRING,
        citation=object_of(["title", "url"], title=STRING, url=STRING),
    ),
    folder=False,
    trust="untrusted",
    reaches=True,
    timeout=60.0,
)
