"""A mail as it is sent: headers that cannot be smuggled, an id that is the key's."""

import mimetypes
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import NamedTuple

from kapell.adapters.tools.mail import problems
from kapell.kit.json import Json, digest


class Attachment(NamedTuple):
    """A file that goes along."""

    name: str
    data: bytes


class Mail(NamedTuple):
    """A mail and whom it is for."""

    sender: str
    recipients: tuple[str, ...]
    message_id: str
    data: bytes


def sender_of(setting: str) -> Address:
    """Return who sends.

    Raises:
        Denied: ``mail_sender``.
    """
    name, address = parseaddr(setting)
    try:
        found = Address(display_name=name, addr_spec=address)
    except (ValueError, IndexError, HeaderParseError) as error:
        raise problems.unsendable() from error
    if not found.username or not found.domain or not address.isascii():
        raise problems.unsendable()
    return found


def mail_of(
    args: Mapping[str, Json], attachments: Sequence[Attachment], sender: Address, key: str
) -> Mail:
    """Return the mail."""
    to, cc = _addresses(args.get("to")), _addresses(args.get("cc"))
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = [Address(addr_spec=address) for address in to]
    if cc:
        message["Cc"] = [Address(addr_spec=address) for address in cc]
    if args.get("reply_to") is not None:
        message["Reply-To"] = Address(addr_spec=str(args["reply_to"]))
    message["Subject"] = str(args["subject"])
    message["Date"] = format_datetime(datetime.now(UTC))
    message_id = f"<{digest(key.encode())[:32]}@{sender.domain}>"
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(str(args["text"]))
    if args.get("html") is not None:
        message.add_alternative(str(args["html"]), subtype="html")
    for one in attachments:
        kind = mimetypes.guess_type(one.name)[0] or "application/octet-stream"
        main, _, sub = kind.partition("/")
        message.add_attachment(one.data, maintype=main, subtype=sub, filename=_plain(one.name))
    recipients = tuple(dict.fromkeys([*to, *cc]))
    return Mail(sender.addr_spec, recipients, message_id, message.as_bytes())


def _addresses(value: Json) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list | tuple) else []


def _plain(name: str) -> str:
    """Return the last part of a name, without what no header may hold."""
    last = os.path.basename(name.replace("\\", "/"))
    return "".join(letter for letter in last if letter.isprintable())[:200] or "file"
