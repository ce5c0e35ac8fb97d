"""What the settings add to policies: allow-lists, the zone of their times, who judges."""

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, SecretStr, model_validator

from kapell.settings.sections import Seconds, Section, Written

Domain = Annotated[
    str,
    Written(
        r"^(\*|[A-Za-z0-9.*-]{1,253})$",
        "a host is needed, such as api.example.com or *.example.com, without https:// and path",
    ),
]
Recipient = Annotated[
    str,
    Written(
        r"^[^@\s]{1,64}@[A-Za-z0-9.*-]{1,253}$",
        "an address is needed, such as anna@example.com or *@example.com",
    ),
]
Address = Annotated[
    str,
    Written(r"^(https?://\S+)?$", "an address is needed that begins with http:// or https://"),
]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, LookupError) as error:
        raise ValueError(f"there is no zone of time {name!r}") from error
    return name


class OpaSettings(Section):
    """An OPA server that judges in place of this process."""

    url: Address = ""
    """Address of the server, such as `http://127.0.0.1:8181`. Needed where `judge` is `opa`."""

    push: bool = True
    """Whether the policies of the workspace and the built-in ones are put there, below the name
    `kapell`, whenever they change. With `false` the server has to be given them otherwise."""

    token: SecretStr | None = None
    """What the server is shown as bearer. Comes from the environment only
    (`KAPELL_POLICIES__OPA__TOKEN`)."""

    timeout: Seconds = Field(default=2.0, gt=0)
    """Seconds an answer may take; a call that nobody could judge is not made."""


class PolicySettings(Section):
    """What policies are given beside the call they judge, and who judges."""

    domains: tuple[Domain, ...] = ()
    """Hosts that calls may reach: `api.example.com`, `*.example.com`. Once one is named, every
    other is denied, whatever a policy allows and wherever an answer sends a call on."""

    recipients: tuple[Recipient, ...] = ()
    """Addresses that may be written to: `anna@example.com`, `*@example.com`. Once one is named,
    every other is denied, whatever a policy allows."""

    zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    """Zone in which policies read the time of day, such as `Europe/Rome`."""

    judge: Literal["rego", "opa"] = "rego"
    """Who judges: `rego` in this process, or `opa`, the server that `opa` names."""

    opa: OpaSettings = OpaSettings()
    """The OPA server that judges where `judge` is `opa`."""

    @model_validator(mode="after")
    def _server_is_named(self) -> "PolicySettings":
        if self.judge == "opa" and not self.opa.url:
            raise ValueError("`judge: opa` needs `opa: {url: ...}`, such as http://127.0.0.1:8181")
        return self
