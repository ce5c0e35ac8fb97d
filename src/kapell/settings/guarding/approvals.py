"""What the settings say of those who answer."""

from typing import Annotated

from pydantic import AfterValidator, Field

from kapell.settings.sections import Section, Written

Role = Annotated[
    str,
    Written(r"^[^\s:]+$", "the name of a role is needed, without blanks and colons"),
]
Member = Annotated[
    str,
    Written(
        r"^(?!role:)\S+$",
        "the name of a person is needed, such as anna; a role cannot be part of a role",
    ),
]


def _somebody(members: tuple[str, ...]) -> tuple[str, ...]:
    if not members:
        raise ValueError("somebody has to have the role, or nobody could ever answer for it")
    return members


class ApprovalSettings(Section):
    """Who may answer what people are asked, and how they are told."""

    roles: dict[Role, Annotated[tuple[Member, ...], AfterValidator(_somebody)]] = Field(default={})
    """Who has which role: names by the role's. An approval for `role:finance` is answered by those
    listed under `finance`; a bare name means `user:NAME`."""

    notify: str = Field(default="", pattern="^([a-z][a-z0-9_]*)?$")
    """Channel of `tools.notify.channels` by which people are told that they are asked, reminded, or
    asked in place of others; `log` is always there. What they are told holds nothing of what the
    run works on. Empty: nobody is told; `kapell approvals list` shows what waits."""
