"""One mail over one SMTP connection; until its text goes out, failing is certain failing."""

import asyncio
import ssl
from collections.abc import Mapping
from typing import TYPE_CHECKING

from kapell.adapters.tools.mail import problems
from kapell.adapters.tools.mail.message import Mail
from kapell.adapters.tools.options import MailOptions
from kapell.adapters.tools.strangers import quoted, silent
from kapell.kit.errors import KapellError
from kapell.kit.json import Json
from kapell.services.tools.ports import UnknownOutcome

if TYPE_CHECKING:
    import aiosmtplib

_PORTS: Mapping[str, int] = {"starttls": 587, "tls": 465, "none": 25}


async def sent(mail: Mail, options: MailOptions, password: str | None) -> list[Json]:
    """Send the mail and return who was refused, with the server's reason.

    Raises:
        KapellError: it was not sent.
        UnknownOutcome: the server may have taken it.
    """
    sending = _Sending(mail, options)
    try:
        async with asyncio.timeout(options.timeout):
            return await sending.carried_out(password)
    except TimeoutError as error:
        lost: KapellError = silent(f"not within {options.timeout:g} s", "The mail server")
        lost.__cause__ = error
    except _Lost as error:
        lost = error.error
    if sending.begun:
        raise UnknownOutcome from lost
    raise lost


class _Lost(Exception):
    """The connection broke."""

    def __init__(self, error: KapellError) -> None:
        super().__init__(error.message)
        self.error = error


class _Sending:
    """One conversation with a server."""

    def __init__(self, mail: Mail, options: MailOptions) -> None:
        self._mail = mail
        self._options = options
        self.begun = False

    async def carried_out(self, password: str | None) -> list[Json]:
        """Connect, log in, send; return who was refused."""
        import aiosmtplib  # noqa: PLC0415 - most runs never send a mail

        options = self._options
        client = aiosmtplib.SMTP(
            hostname=options.host,
            port=options.port or _PORTS[options.security],
            local_hostname=self._mail.sender.rpartition("@")[2],
            timeout=options.timeout,
            use_tls=options.security == "tls",
            start_tls=options.security == "starttls",
            tls_context=_context(options) if options.security != "none" else None,
        )
        try:
            await client.connect()
            if options.user:
                await self._logged_in(client, password or "")
            return await self._delivered(client)
        except ssl.SSLError as error:
            raise problems.insecure(
                str(getattr(error, "verify_message", "")) or "TLS fails"
            ) from error
        except aiosmtplib.SMTPResponseException as error:
            raise problems.refused(error.code, error.message, "the mail") from error
        except aiosmtplib.SMTPNotSupported as error:
            raise problems.insecure(str(error)) from error
        except (aiosmtplib.SMTPException, OSError, UnicodeError) as error:
            inner = _unsafe(error)
            if inner is not None and not self.begun:
                raise problems.insecure(inner) from error
            raise _Lost(silent(type(error).__name__, "The mail server")) from error
        finally:
            client.close()

    async def _logged_in(self, client: "aiosmtplib.SMTP", password: str) -> None:
        import aiosmtplib  # noqa: PLC0415 - loaded by now, only named here

        try:
            await client.login(self._options.user, password)
        except aiosmtplib.SMTPAuthenticationError as error:
            raise problems.credentials(error.message) from error
        except aiosmtplib.SMTPNotSupported as error:
            raise problems.credentials("it offers no way to log in over this connection") from error

    async def _delivered(self, client: "aiosmtplib.SMTP") -> list[Json]:
        import aiosmtplib  # noqa: PLC0415 - loaded by now, only named here

        await client.mail(self._mail.sender)
        refused: list[Json] = []
        first: aiosmtplib.SMTPResponseException | None = None
        for address in self._mail.recipients:
            try:
                await client.rcpt(address)
            except aiosmtplib.SMTPRecipientRefused as error:
                first = first or error
                reason = quoted(f"{error.code} {error.message}")
                refused.append({"address": address, "reason": reason})
        if first is not None and len(refused) == len(self._mail.recipients):
            raise problems.refused(first.code, first.message, "any of the recipients") from first
        self.begun = True
        try:
            await client.data(self._mail.data)
        except aiosmtplib.SMTPDataError as error:
            self.begun = False  # it said no, in as many words
            raise problems.refused(error.code, error.message, "the mail") from error
        return refused


def _context(options: MailOptions) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=options.ca_file or None)
    except OSError as error:
        raise problems.certificates() from error


def _unsafe(error: BaseException) -> str | None:
    """Return why TLS failed when that is what is behind an error."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, ssl.SSLError):
            return _verdict(found)
        if "STARTTLS" in str(found):
            return "it offers no STARTTLS"
        found = found.__cause__ or found.__context__
    return None


def _verdict(error: ssl.SSLError) -> str:
    return str(getattr(error, "verify_message", "")) or "TLS fails"
