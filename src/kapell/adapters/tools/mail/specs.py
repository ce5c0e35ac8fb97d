"""What ``mail.send`` says of itself."""

from kapell.adapters.tools.schemas import READ_PATH, STRING, list_of, object_of, text_of
from kapell.core.tools.spec import ToolSpec
from kapell.kit.json import Json

PASSWORD = "mail_password"  # noqa: S105 - a name, not a secret
"""Name of the secret that a server with a user wants."""

_ADDRESS: Json = {
    "type": "string",
    "maxLength": 254,
    "pattern": r"^[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$",
}
_MOST = 50

MAIL_SEND = ToolSpec(
    name="mail.send",
    description="Send a mail to allowed recipients.",
    args=object_of(
        ["to", "subject", "text"],
        to=list_of(_ADDRESS, _MOST, "Addresses of the recipients.", least=1),
        cc=list_of(_ADDRESS, _MOST, "Addresses of those who get a copy."),
        subject=text_of("What it is about.", minLength=1, maxLength=200, pattern=r"^[^\r\n\x00]*$"),
        text=text_of("The mail as plain text.", minLength=1, maxLength=500_000),
        html=text_of("The same as HTML, for readers that show it.", maxLength=500_000),
        reply_to=_ADDRESS,
        attachments=list_of(READ_PATH, 20, "Files to send along."),
    ),
    returns=object_of(
        ["message_id", "accepted", "refused"],
        message_id=STRING,
        accepted={"type": "array", "items": STRING},
        refused=list_of(object_of(["address", "reason"], address=STRING, reason=STRING), 2 * _MOST),
    ),
    repeatable=False,
    effects="external",
    reaches=True,
    timeout=120.0,
)
