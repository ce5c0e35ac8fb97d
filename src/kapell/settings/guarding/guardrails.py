"""What the settings say of guardrails: what is looked for, let through, and kept."""

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from kapell.core.guardrails.standing import ProfileName
from kapell.settings.guarding.policies import Address
from kapell.settings.sections import Seconds, Section


class FlagSettings(Section):
    """The guards, each of which can be taken away by its name; every run shows it."""

    content: bool = True
    """Looks over everything that models and tools are sent and answer."""

    policies: bool = True
    """Asks the policies before tools, models and outside places are used."""

    labels: bool = True
    """Holds data of strangers back from where it could do harm."""

    approvals: bool = True
    """Lets people decide what is doubtful; without it, what is doubtful is denied."""

    breaker: bool = True
    """Stops runs that fail, spend or repeat themselves without end."""

    limits: bool = True
    """Counts calls and money against their limits."""

    @property
    def without(self) -> tuple[str, ...]:
        """Return the guards that are taken away."""
        return tuple(name for name, on in self if not on)


class GroundingSettings(Section):
    """Answers that must keep to their sources."""

    judge: str | None = None
    """Model that is asked, beside the scorer, whether the sources hold an answer; each judgement is
    a model call that costs. It can only lower a score. Empty asks none, and a `judge: "off"` of a
    step or an agent asks none there."""


class ModerationSettings(Section):
    """A moderation service that is asked beside the rules."""

    provider: Literal["openai"] | None = None
    """Who is asked: `openai`, or a server that speaks as it does. Empty asks nobody, and nothing is
    sent anywhere."""

    url: Address = ""
    """Address of the service's API up to its version, when it is not the provider's own. The
    provider's key is never sent there: it has `key` alone."""

    key: SecretStr | None = None
    """Its key, when it is not the provider's. Comes from the environment
    (`KAPELL_GUARDRAILS__MODERATION__KEY`), else from the vault under the same name."""

    model: str = Field(default="omni-moderation-latest", min_length=1)
    """Which of its models judges."""

    looks: tuple[Literal["answers", "requests"], ...] = ("answers",)
    """What it is asked about, each text once, with personal data and secrets taken out: `answers`
    of models, `requests` to them."""

    action: Literal["block", "ask"] = "block"
    """What is done about a category that it flags. `ask` asks people about a request; an answer is
    withheld either way."""

    actions: dict[str, Literal["pass", "ask", "block"]] = Field(default={})
    """What is done about single categories, by the service's names: `{sexual: pass}`."""

    least: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(default={})
    """Scores from which categories count, in place of the service's own flags:
    `{harassment: 0.3, violence: 0.9}`."""

    timeout: Seconds = Field(default=5.0, gt=0)
    """Seconds its answers about a call may take together; a call that nobody could judge does not
    pass."""


class GuardrailSettings(Section):
    """What is looked for, and what is done about it."""

    profile: ProfileName = "default"
    """Profile of everything that names none: `strict`, `default` or `off`. `off` guards nothing,
    and shows on every run."""

    least: ProfileName = "off"
    """The mildest profile that workflows, agents and command lines may ask for; where they ask for
    less, this one holds."""

    patterns: dict[str, str] = Field(default={})
    """Personal data of your own by name (`staff_id: 'E-[0-9]{6}'`): regular expressions without
    look-around, which are treated as the built-in kinds are."""

    actions: dict[str, Literal["pass", "redact", "ask", "block"]] = Field(default={})
    """What is done about single kinds, built in or of `patterns`, whatever the profile says:
    `{staff_id: ask, email: pass}`: `pass` lets them be everywhere; `redact`, `ask` and `block` hold
    for what models are sent and for what leaves this machine by a tool. `off` looks for nothing."""

    topics: tuple[str, ...] = ()
    """Subjects that are told of when a text is about them: `medical`, `financial`, `legal`,
    `politics`, `abuse` (threats, insults, hatred, telling somebody to harm themselves), and those
    of `words`."""

    words: dict[str, tuple[str, ...]] = Field(default={})
    """Subjects of your own by name, each with the words that tell it, such as
    `rivals: [Acme, Initech]`."""

    only: tuple[str, ...] = ()
    """Subjects of which a text must show one, else it is out of scope; empty allows any."""

    languages: tuple[str, ...] = ()
    """Languages that may be spoken, two letters each; empty allows any."""

    allow: tuple[str, ...] = ()
    """Values that are never taken for personal data, such as your own number;
    `@example.com` and `*.example.com` stand for all addresses of a domain."""

    untrusted: tuple[str, ...] = ()
    """Files of the workspace that strangers wrote, such as `mails/**`, beside what lies in a folder
    named inbox, incoming, downloads, uploads or attachments."""

    restore: tuple[Literal["answers", "arguments"], ...] = ("answers", "arguments")
    """Where personal data comes back in place of the names that models see: in their `answers`, in
    the `arguments` of the tool calls they ask for."""

    keep: Seconds = Field(default=30 * 86_400, gt=0)
    """Seconds for which the names that stand for personal data are kept after a conversation last
    needed a new one; what goes on later has new names."""

    grounding: GroundingSettings = GroundingSettings()
    """Answers that must keep to their sources."""

    moderation: ModerationSettings = ModerationSettings()
    """A moderation service that is asked beside the rules."""

    flags: FlagSettings = FlagSettings()
    """The guards, each of which can be taken away by its name."""
