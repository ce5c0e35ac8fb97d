"""Why the child process gives no rows."""


class Refused(Exception):
    """The query cannot be answered.

    Attributes:
        reason: ``broken``, ``file``, ``memory``, ``read_only``, ``slow`` or ``large``.
        detail: What the engine says.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
