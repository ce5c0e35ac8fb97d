"""What the settings add to policies: allow-lists, the zone of their times, who judges."""

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, SecretStr

from kapell.settings.sections import Seconds, Section

Domain = Annotated[str, Field(pattern=r"^(\*|[A-Za-z0-9.*-]{1,253})$")]
Recipient = Annotated[str, Field(pattern=r"^[^@\s]{1,64}@[A-Za-z0-9.*-]{1,253}$")]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, LookupError) as error:
        raise ValueError(f"there is no zone of time {name!r}") from error
    return name


class OpaSettings(Section):
    """An OPA server that judges in place of this process."""

    url: str = Field(default="", pattern=r"^(https?://\S+)?$")
    """Address of the server, such as `http://127.0.0.1:8181`. Empty: Kapell judges itself."""

    push: bool = True
    """Whether the policies of the workspace and the built-in ones are put there, below the name
    `kapell`, whenever they change. With `false` the server has to be given them otherwise."""

    token: SecretStr | None = None
    """What the server is shown as bearer. Comes from the environment only
    (`KAPELL_POLICIES__OPA__TOKEN`)."""

    timeout: Seconds = 2.0
    """Seconds an answer may take; a call that nobody could judge is not made."""


class PolicySettings(Section):
    """What policies are given beside the call they judge, and who judges."""

    domains: tuple[Domain, ...] = ()
    """Hosts that calls may reach: `api.example.com`, `*.example.com`. Once one is named, every
    other is denied, whatever a policy allows."""

    recipients: tuple[Recipient, ...] = ()
    """Addresses that may be written to: `anna@example.com`, `*@example.com`. Once one is named,
    every other is denied, whatever a policy allows."""

    zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    """Zone in which policies read the time of day, such as `Europe/Rome`."""

    judge: Literal["rego", "opa"] = "rego"
    """Who judges: `rego` in this process, or `opa`, the server that `opa` names."""

    opa: OpaSettings = OpaSettings()
    """The OPA server that judges where `judge` is `opa`."""
