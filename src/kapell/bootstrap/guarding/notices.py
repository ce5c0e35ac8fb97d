"""How people are told of what waits for them: by a channel of the tool ``notify``."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from kapell.adapters.tools.notices.tools import Notify
from kapell.bootstrap.tooling import tool_options
from kapell.kit.errors import Missing
from kapell.kit.ids import LOCAL, EventId, RunId
from kapell.kit.json import Digest
from kapell.services.approvals.notices import Notices
from kapell.services.tools.ports import ToolCall
from kapell.settings.loading import Settings


def sender(
    settings: Settings, channel: str, root: Path
) -> Callable[[RunId, str, str], Awaitable[None]]:
    """Return what sends a text about a run by a channel, under a key that makes it one."""
    options = tool_options(settings.tools).notify

    async def send(run: RunId, key: str, text: str) -> None:
        call = ToolCall(
            tenant_id=LOCAL,
            run_id=run,
            call="notice",
            tool="notify",
            args={"text": text, "level": "warning", "channel": channel},
            key=key,
            timeout=None,
            workspace=str(root),
            folder="",
        )
        # No model and no step asks for it, and it holds nothing of the run: no gate has a say.
        await Notify(options).call(call, _no_blobs)

    return send


def make_notices(settings: Settings, root: Path) -> Notices:
    """Return what tells people that they are asked, by the channel that the settings name."""
    channel = settings.approvals.notify
    if not channel:
        return Notices(None)
    send = sender(settings, channel, root)

    async def notify(run: RunId, event: EventId, text: str) -> None:
        await send(run, f"approval:{event}", text)

    return Notices(notify)


async def _no_blobs(digest: Digest) -> bytes:
    raise Missing(
        f"There is no artifact {digest}.",
        code="artifact_unknown",
        advice="A notice is a text: it carries no files.",
    )
