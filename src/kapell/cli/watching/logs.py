"""Where the log goes: standard error, with secrets and personal data taken out of every line."""

import logging

from kapell.core.audit.hiding import hidden


class HidingFormatter(logging.Formatter):
    """Formats a record, its traceback included, and hides what is nobody's business in it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as it is written."""
        return hidden(super().format(record))


def tell_logs() -> None:
    """Write the log of this process, ours and that of libraries; once is enough."""
    handler = logging.StreamHandler()
    handler.setFormatter(HidingFormatter("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(handlers=[handler])
