"""What the settings say of those who answer."""

from pydantic import Field

from kapell.settings.sections import Section


class ApprovalSettings(Section):
    """Who may answer what people are asked, and how they are told."""

    roles: dict[str, tuple[str, ...]] = Field(default={})
    """Who has which role: names by the role's. An approval for `role:finance` is answered by those
    listed under `finance`; a bare name means `user:NAME`."""

    notify: str = Field(default="", pattern="^([a-z][a-z0-9_]*)?$")
    """Channel of `tools.notify.channels` by which people are told that they are asked, reminded, or
    asked in place of others; `log` is always there. What they are told holds nothing of what the
    run works on. Empty: nobody is told; `kapell approvals list` shows what waits."""
