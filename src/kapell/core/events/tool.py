"""Facts about tool calls; ``call`` is ``path#attempt/number``.

``ask`` is the model's name for a call it asked for, empty for one that the workflow makes.
"""

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from kapell.core.events.value import Packed
from kapell.core.guardrails.labels import Label
from kapell.kit.errors import Failure
from kapell.kit.json import Digest, Json


class FileChange(msgspec.Struct, frozen=True):
    """A file of the run's folder after a call: its digest, or None when it is gone."""

    path: str
    digest: Digest | None
    size: int = 0


class ToolRequested(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="tool.requested"
):
    """A tool is about to be called. ``repeatable`` says that calling it twice does no harm.

    ``labels`` says where each argument comes from, and under the empty name what decided that there
    is a call at all. ``approved`` is the digest of the call that people approved, empty when nobody
    was asked; ``grants`` says by rule what they approved because of it.
    """

    call: str
    path: str
    tool: str
    args: Packed
    repeatable: bool = True
    key: str
    ask: str = ""
    labels: Mapping[str, Label] = {}
    approved: str = ""
    grants: Mapping[str, str] = {}


class ToolReturned(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="tool.returned"
):
    """Its result, how far it may be trusted, and what it changed in the run's folder.

    ``notes`` are what the tool tells of how it worked: where a program ran, within which limits.
    ``label`` is that of the result and of the files.
    """

    call: str
    path: str
    tool: str
    output: Packed
    files: tuple[FileChange, ...] = ()
    seconds: float = 0.0
    ask: str = ""
    trust: Literal["trusted", "untrusted"] = "trusted"
    notes: Mapping[str, Json] = {}
    label: Label = ()


class ToolFailed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="tool.failed"):
    """It failed, or was refused before it began.

    ``unknown`` says that it may have taken effect all the same, ``final`` that the step fails with
    it: whoever asked for the call is not heard again. ``label`` is that of what the failure says.
    """

    call: str
    path: str
    tool: str
    failure: Failure
    unknown: bool = False
    seconds: float = 0.0
    ask: str = ""
    label: Label = ()
    final: bool = False


class ToolHeld(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="tool.held"):
    """Nothing was called: a gate wants people asked first."""

    call: str
    path: str
    tool: str
    seconds: float = 0.0
    ask: str = ""


ToolEvent: TypeAlias = ToolRequested | ToolReturned | ToolFailed | ToolHeld
