"""Sections about who may use how much, and where keys lie."""

from typing import Literal

from pydantic import Field, SecretStr, model_validator

from kapell.settings.sections import Seconds, Section


class QuotaSection(Section):
    """What a tenant, user, conversation or key may use within a window of time."""

    per: Literal["tenant", "user", "conversation", "key"]
    """Whose use is counted together."""

    every: Seconds = Field(gt=0)
    """Length of the window: `1h`, `1d`. Windows begin at the same instants for everyone (UTC)."""

    who: str = ""
    """The one it is for, such as `user:anna`; each by itself when nobody is named."""

    calls: int | None = Field(default=None, ge=0)
    """Model calls."""

    tokens: int | None = Field(default=None, ge=0)
    """Tokens read and written, together."""

    usd: float | None = Field(default=None, ge=0)
    """US dollars."""

    @model_validator(mode="after")
    def _limits_something(self) -> "QuotaSection":
        if self.calls is None and self.tokens is None and self.usd is None:
            raise ValueError("a quota needs calls, tokens or usd")
        return self


class VaultSettings(Section):
    """How keys are sealed that lie in the database."""

    master: SecretStr | None = None
    """The master key: 32 random bytes in base64. Comes from the environment only
    (`KAPELL_VAULT__MASTER`), before the file."""

    older: SecretStr | None = None
    """Master keys of before, with commas between them, which still open what they sealed. Come from
    the environment only (`KAPELL_VAULT__OLDER`)."""

    file: str = Field(default=".kapell/master.key", min_length=1)
    """File of the master key, relative to the workspace, which only its owner may read.
    `kapell keys init` makes it."""

    plaintext: bool = False
    """Whether keys may lie unsealed in the database when there is no master key. For trying out
    only: who reads the database reads the keys."""


class AuditSettings(Section):
    """How the audit record is kept."""

    anchor: str = Field(default=".kapell/audit", min_length=1)
    """Folder of the record's anchors, relative to the workspace. A folder on another machine, or
    one that is only added to, also shows when somebody put back this machine's whole disk."""

    key: str = Field(default=".kapell/audit.key", min_length=1)
    """File of the key that seals anchors where there is no master key, relative to the workspace.
    It is made with the first anchor, and only its owner may read it."""
