"""The tool ``mail.send``."""

from msgspec import structs

from kapell.adapters.tools.files.problems import translated
from kapell.adapters.tools.files.sources import source_of
from kapell.adapters.tools.files.tools import arguments
from kapell.adapters.tools.mail import problems
from kapell.adapters.tools.mail.message import Attachment, mail_of, sender_of
from kapell.adapters.tools.mail.sending import sent
from kapell.adapters.tools.mail.specs import MAIL_SEND, PASSWORD
from kapell.adapters.tools.options import MailOptions
from kapell.adapters.tools.threads import in_thread
from kapell.kit.json import Json
from kapell.services.tools.ports import FetchBlob, ToolCall, ToolResult


class MailSend:
    """``mail.send``: off until a server, a sender and recipients are set."""

    def __init__(self, options: MailOptions) -> None:
        self._options = options
        wants = (PASSWORD,) if options.user else ()
        self.spec = structs.replace(MAIL_SEND, secrets=wants) if wants else MAIL_SEND
        self._allowed = tuple(entry.lower() for entry in options.recipients)

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Send the mail once.

        Raises:
            Denied: ``mail_off``, ``mail_sender``, ``mail_recipient_denied``, ``mail_tls``,
                ``mail_credentials``.
            Invalid: ``mail_too_large``, ``mail_refused``, ``mail_certificates``.
            Unavailable: ``mail_later``, ``tool_unavailable``.
            UnknownOutcome: the server may have taken it.
        """
        args, options = arguments(call), self._options
        if not options.host:
            raise problems.off()
        sender = sender_of(options.sender)
        wanted = [*_listed(args.get("to")), *_listed(args.get("cc"))]
        denied = [address for address in wanted if not self._is_allowed(address)]
        if denied:
            raise problems.recipients(denied)
        attachments, left = [], options.bytes
        for path in _items(args.get("attachments")):
            attachments.append(await self._attachment(call, blob, path, left))
            left -= len(attachments[-1].data)
        mail = await in_thread(lambda _: mail_of(args, attachments, sender, call.key))
        if len(mail.data) > options.bytes:
            raise problems.too_large(options.bytes)
        refused = await sent(mail, options, call.secrets.get(PASSWORD))
        lost = {one["address"] for one in refused if isinstance(one, dict)}
        accepted: list[Json] = [one for one in mail.recipients if one not in lost]
        return ToolResult(
            output={"message_id": mail.message_id, "accepted": accepted, "refused": refused}
        )

    def _is_allowed(self, address: str) -> bool:
        whole = address.lower()
        return whole in self._allowed or f"*@{whole.rpartition('@')[2]}" in self._allowed

    async def _attachment(
        self, call: ToolCall, blob: FetchBlob, path: Json, left: int
    ) -> Attachment:
        source = await source_of(call, blob, path, max(left, 0), "tools.mail.bytes")
        try:
            return Attachment(source.name, await in_thread(lambda _: source.stream.read()))
        except OSError as error:
            raise translated(error, source.name) from error
        finally:
            source.close()


def _items(value: Json) -> list[Json]:
    return list(value) if isinstance(value, list | tuple) else []


def _listed(value: Json) -> list[str]:
    return [str(one) for one in _items(value)]
