"""What the tools for texts say of themselves."""

from kapell.adapters.tools.schemas import COUNT, STRING, list_of, object_of, text_of, whole_of
from kapell.core.tools.spec import ToolSpec
from kapell.kit.json import Json

LONGEST = 1_000_000
"""Characters of a text that these tools take; a longer one belongs into a file."""

_TEXT = text_of("The text.", maxLength=LONGEST)
_PATTERN = text_of(
    r"A regular expression (RE2: `\w` is ASCII, `\p{L}` any letter).", minLength=1, maxLength=1000
)
_IGNORE_CASE: Json = {"type": "boolean", "description": "Whether case makes no difference."}
_NULL_TEXT: Json = {"type": ["string", "null"]}

TEXT_SPLIT = ToolSpec(
    name="text.split",
    description="Split a text into lines, paragraphs, words, at a separator, or into pieces of "
    "a length.",
    args=object_of(
        ["text"],
        text=_TEXT,
        by={
            "enum": ["lines", "paragraphs", "words", "separator", "length"],
            "description": "At what; lines if not given.",
        },
        separator=text_of("With `by: separator`: what stands between.", minLength=1, maxLength=200),
        length=whole_of("With `by: length`: characters of a piece.", 1, LONGEST),
        overlap=whole_of("With `by: length`: characters it shares with the next.", 0, LONGEST),
    ),
    returns=object_of(["parts", "count"], parts={"type": "array", "items": STRING}, count=COUNT),
    folder=False,
)
TEXT_REPLACE = ToolSpec(
    name="text.replace",
    description="Replace words, or what a regular expression (RE2) finds, in a text.",
    args=object_of(
        ["text", "find", "replace"],
        text=_TEXT,
        find=text_of("What to look for.", minLength=1, maxLength=1000),
        replace=text_of(
            r"What comes in its place; with `regex`, \1 and \g<name> are its groups.",
            maxLength=10_000,
        ),
        regex={"type": "boolean", "description": "Whether `find` is a regular expression."},
        ignore_case=_IGNORE_CASE,
        limit=whole_of("Replacements at most; all (up to 10000) if not given.", 1, 10_000),
    ),
    returns=object_of(["text", "count"], text=STRING, count=COUNT),
    folder=False,
)
TEXT_EXTRACT = ToolSpec(
    name="text.extract",
    description="Find all that a regular expression (RE2) matches in a text, with its groups.",
    args=object_of(
        ["text", "pattern"],
        text=_TEXT,
        pattern=_PATTERN,
        ignore_case=_IGNORE_CASE,
        limit=whole_of("Matches at most; 100 if not given.", 1, 10_000),
    ),
    returns=object_of(
        ["matches", "count", "more"],
        matches=list_of(
            object_of(
                ["text", "start", "end", "groups", "named"],
                text=STRING,
                start=COUNT,
                end=COUNT,
                groups={"type": "array", "items": _NULL_TEXT},
                named={"type": "object", "additionalProperties": _NULL_TEXT},
            ),
            10_000,
        ),
        count=COUNT,
        more={"type": "boolean"},
    ),
    folder=False,
)
TEXT_TRUNCATE = ToolSpec(
    name="text.truncate",
    description="Cut a text to a length, at a word's end where there is one near.",
    args=object_of(
        ["text", "length"],
        text=_TEXT,
        length=whole_of("Characters (or words) to keep at most, `ending` included.", 1, LONGEST),
        unit={"enum": ["characters", "words"], "description": "Of what; characters if not given."},
        ending=text_of("Shows that something is missing; an ellipsis if not given.", maxLength=100),
    ),
    returns=object_of(["text", "truncated"], text=STRING, truncated={"type": "boolean"}),
    folder=False,
)
TEXT_DIFF = ToolSpec(
    name="text.diff",
    description="Compare two texts line by line; returns a unified diff.",
    args=object_of(
        ["before", "after"],
        before=text_of("The old text.", maxLength=LONGEST),
        after=text_of("The new text.", maxLength=LONGEST),
        context=whole_of("Equal lines to show around each change; 3 if not given.", 0, 100),
        name=text_of("What the diff calls both.", maxLength=200, pattern=r"^[^\r\n]*$"),
    ),
    returns=object_of(
        ["diff", "added", "removed", "equal"],
        diff=STRING,
        added=COUNT,
        removed=COUNT,
        equal={"type": "boolean"},
    ),
    folder=False,
)
TEXT_COUNT = ToolSpec(
    name="text.count",
    description="Count characters, words, lines and bytes of a text, and how often words stand "
    "in it.",
    args=object_of(
        ["text"],
        text=_TEXT,
        find=list_of(
            {"type": "string", "minLength": 1, "maxLength": 1000}, 100, "Words to be counted."
        ),
        ignore_case=_IGNORE_CASE,
    ),
    returns=object_of(
        ["characters", "words", "lines", "bytes", "found"],
        characters=COUNT,
        words=COUNT,
        lines=COUNT,
        bytes=COUNT,
        found={"type": "object", "additionalProperties": COUNT},
    ),
    folder=False,
)

TEXT_SPECS = (TEXT_SPLIT, TEXT_REPLACE, TEXT_EXTRACT, TEXT_TRUNCATE, TEXT_DIFF, TEXT_COUNT)
"""All of them."""
