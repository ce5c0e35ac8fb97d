"""The kinds of questions policies answer, and the packages in which their rules stand."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["tool", "model", "budget", "approval"]
"""What may be asked about."""

FOLDER = "policies"
"""Where the policies of a workspace lie."""

PACKAGES: Mapping[str, str] = {
    "tool": "kapell.tool",
    "external": "kapell.external",
    "data": "kapell.data",
    "model": "kapell.model",
    "budget": "kapell.budget",
    "approval": "kapell.approval",
}
"""The package of a kind's rules; calls of tools that reach out, or touch data, have another."""

DEFAULT = "kapell.default"
"""The package of the built-in rules: they answer where no rule of the workspace does."""

LISTS = "kapell.lists"
"""The package of the built-in rules about the allow-lists of the settings: they always hold."""

RULES = ("deny", "ask", "allow")
"""The rules that are read, the severest first."""

LIMIT = "limit"
"""The rule of the package about budgets that raises, lowers or lifts limits of money."""

VERDICT = "verdict"
"""The one rule of the built-in package: an answer that says itself what it rules."""
