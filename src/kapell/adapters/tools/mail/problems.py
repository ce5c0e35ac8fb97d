"""Why a mail was not sent, said once and clearly, with what the server says."""

from kapell.adapters.tools.strangers import quoted
from kapell.kit.errors import Denied, Invalid, KapellError, Unavailable


def off() -> Denied:
    """Return the refusal while no server is set."""
    return Denied(
        "Mail is off.",
        code="mail_off",
        advice="Whoever runs Kapell may set tools.mail.host, tools.mail.sender and the allowed "
        "tools.mail.recipients.",
    )


def unsendable() -> Denied:
    """Return the refusal while no sender is set that can be one."""
    return Denied(
        "The sender of mail is not an address.",
        code="mail_sender",
        advice="Set tools.mail.sender, such as kapell@example.com or Kapell <kapell@example.com>.",
    )


def recipients(addresses: list[str]) -> Denied:
    """Return the refusal of recipients nobody allowed."""
    listed = ", ".join(sorted(addresses)[:5])
    return Denied(
        f"Mail may not be sent to {listed}.",
        code="mail_recipient_denied",
        advice="Whoever runs Kapell may add the address, or its domain as '*@example.com', to the "
        "setting tools.mail.recipients.",
    )


def too_large(limit: int) -> Invalid:
    """Return the error for a mail that servers would not take."""
    return Invalid(
        f"The mail has more than {limit:,} bytes.",
        code="mail_too_large",
        advice="Attach less, or raise the setting tools.mail.bytes.",
    )


def certificates() -> Invalid:
    """Return the error for a file of authorities that cannot be used."""
    return Invalid(
        "The authorities that mail is to trust cannot be read.",
        code="mail_certificates",
        advice="Correct the setting tools.mail.ca_file: a PEM file, absolute or relative to where "
        "Kapell runs.",
    )


def insecure(why: str) -> Denied:
    """Return the refusal of a connection that is not safe."""
    return Denied(
        f"The connection to the mail server is not safe: {quoted(why)}.",
        code="mail_tls",
        advice="Check tools.mail.host, .port and .security; an authority of your own belongs into "
        "tools.mail.ca_file.",
    )


def credentials(said: str) -> Denied:
    """Return the error for a server that does not let us in."""
    return Denied(
        f"The mail server does not let us in: {quoted(said)}.",
        code="mail_credentials",
        advice="Check tools.mail.user and the secret 'mail_password'.",
    )


def refused(code: int, said: str, what: str) -> KapellError:
    """Return what a server's refusal means: now, or for good."""
    if 400 <= code < 500:
        return Unavailable(
            f"The mail server does not take {what} now ({code}): {quoted(said)}.",
            code="mail_later",
            advice="Try again later; the step's `retry:` does.",
        )
    return Invalid(
        f"The mail server does not take {what} ({code}): {quoted(said)}.",
        code="mail_refused",
        advice="Correct what the server names: recipients, sender, size or text.",
    )
