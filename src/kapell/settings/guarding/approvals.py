"""What the settings say of those who answer."""

from pydantic import Field

from kapell.settings.sections import Section


class ApprovalSettings(Section):
    """Who may answer what people are asked."""

    roles: dict[str, tuple[str, ...]] = Field(default={})
    """Who has which role: names by the role's. An approval for `role:finance` is answered by those
    listed under `finance`; a bare name means `user:NAME`."""
