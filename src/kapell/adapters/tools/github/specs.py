"""What the tools ``github.*`` say of themselves."""

from collections.abc import Mapping
from functools import partial

from kapell.adapters.tools.schemas import COUNT, STRING, list_of, object_of, text_of, whole_of
from kapell.core.tools.spec import ToolSpec
from kapell.kit.json import Json

TOKEN = "github_token"  # noqa: S105 - a name, not a secret
"""Name of the secret: a token that may read and write issues, and read projects."""

_LOGIN = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})"
_REPOSITORY = text_of(
    "Owner and name: `acme/shop`.",
    pattern=f"^{_LOGIN}/(?!\\.{{1,2}}$)[A-Za-z0-9._-]{{1,100}}$",
)
_NUMBER = whole_of("The issue's number.", 1, 2_000_000_000)
_TITLE = text_of("Its title.", minLength=1, maxLength=256, pattern=r"\S")
_BODY = text_of("Its text, in Markdown.", maxLength=60_000)
_COMMENT = text_of("A comment to add.", minLength=1, maxLength=60_000)
_LABELS = list_of({"type": "string", "minLength": 1, "maxLength": 50}, 50, "Names of labels.")
_PEOPLE = list_of(
    {"type": "string", "pattern": f"^{_LOGIN}$"}, 10, "Who shall work on it, by login."
)
_STATE: Json = {"enum": ["open", "closed"], "description": "Whether it is open."}
_ISSUE: Mapping[str, Json] = {
    "repository": STRING,
    "number": COUNT,
    "title": STRING,
    "state": STRING,
    "url": STRING,
}
_WRITTEN = object_of(
    [*_ISSUE], **_ISSUE, created={"type": "boolean"}, commented={"type": "boolean"}
)
_LISTED = object_of(
    [*_ISSUE, "text", "labels", "assignees", "updated"],
    **_ISSUE,
    text=STRING,
    labels={"type": "array", "items": STRING},
    assignees={"type": "array", "items": STRING},
    updated=STRING,
)

_SPEC = partial(ToolSpec, folder=False, trust="untrusted", reaches=True, secrets=(TOKEN,))
_READING = partial(_SPEC, effects="read", timeout=60.0)
_CHANGING = partial(_SPEC, effects="external", repeatable=False, timeout=90.0)

CREATE_ISSUE = _CHANGING(
    name="github.create_issue",
    description="Open an issue on GitHub. Called again for the same step it finds the issue that "
    "it opened before.",
    args=object_of(
        ["repository", "title"],
        repository=_REPOSITORY,
        title=_TITLE,
        body=_BODY,
        labels=_LABELS,
        assignees=_PEOPLE,
    ),
    returns=_WRITTEN,
)
UPDATE_ISSUE = _CHANGING(
    name="github.update_issue",
    description="Change an issue on GitHub: what is given replaces what is there; a comment is "
    "added.",
    args={
        **object_of(
            ["repository", "number"],
            repository=_REPOSITORY,
            number=_NUMBER,
            title=_TITLE,
            body=_BODY,
            labels=_LABELS,
            assignees=_PEOPLE,
            state=_STATE,
            comment=_COMMENT,
        ),
        "minProperties": 3,
    },
    returns=_WRITTEN,
    repeatable_when={"comment": (None,)},
)
CLOSE_ISSUE = _CHANGING(
    name="github.close_issue",
    description="Close an issue on GitHub, with a reason and a comment if wished.",
    args=object_of(
        ["repository", "number"],
        repository=_REPOSITORY,
        number=_NUMBER,
        reason={
            "enum": ["completed", "not_planned"],
            "description": "Why; completed if not given.",
        },
        comment=_COMMENT,
    ),
    returns=_WRITTEN,
    repeatable_when={"comment": (None,)},
)
LIST_ASSIGNED = _READING(
    name="github.list_assigned",
    description="List issues on GitHub that somebody shall work on, the newest change first.",
    args=object_of(
        [],
        repository=_REPOSITORY,
        assignee=text_of(
            "Who, by login (needs `repository`); the token's owner if not given.",
            pattern=f"^{_LOGIN}$",
        ),
        state={"enum": ["open", "closed", "all"], "description": "open if not given."},
        labels=_LABELS,
        limit=whole_of("Issues at most; 30 if not given.", 1, 100),
    ),
    returns=object_of(
        ["issues", "count", "more"],
        issues=list_of(_LISTED, 100),
        count=COUNT,
        more={"type": "boolean"},
    ),
)
PROJECT_STATUS = _READING(
    name="github.project_status",
    description="Tell how a GitHub project stands: its items and how many have each status.",
    args=object_of(
        ["owner", "project"],
        owner=text_of("Login of the organization or user.", pattern=f"^{_LOGIN}$"),
        project=whole_of("The project's number, as its address has it.", 1, 2_000_000_000),
        field=text_of("Which field; Status if not given.", minLength=1, maxLength=100),
        limit=whole_of("Items at most; 100 if not given.", 1, 1000),
    ),
    returns=object_of(
        ["title", "url", "closed", "total", "statuses", "items", "more"],
        title=STRING,
        url=STRING,
        closed={"type": "boolean"},
        total=COUNT,
        statuses={"type": "object", "additionalProperties": COUNT},
        items=list_of(
            object_of(
                ["title", "status", "kind", "number", "url", "repository", "assignees"],
                title=STRING,
                status={"type": ["string", "null"]},
                kind=STRING,
                number={"type": ["integer", "null"]},
                url={"type": ["string", "null"]},
                repository={"type": ["string", "null"]},
                assignees={"type": "array", "items": STRING},
            ),
            1000,
        ),
        more={"type": "boolean"},
    ),
)

GITHUB_SPECS = (CREATE_ISSUE, UPDATE_ISSUE, CLOSE_ISSUE, LIST_ASSIGNED, PROJECT_STATUS)
"""All of them."""
