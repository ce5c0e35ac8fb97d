"""The tool ``notify``."""

import logging
from collections.abc import Mapping
from difflib import get_close_matches

from kapell.adapters.tools.files.tools import arguments
from kapell.adapters.tools.notices.specs import NOTIFY
from kapell.adapters.tools.options import NotifyOptions
from kapell.adapters.tools.web.api import Api, Reply, Silence
from kapell.adapters.tools.web.pauses import pause_of
from kapell.kit.errors import Denied, KapellError, Limited, Missing, Unavailable
from kapell.kit.json import Json
from kapell.services.tools.ports import FetchBlob, ToolCall, ToolResult

log = logging.getLogger("kapell.notices")

LOG = "log"
"""The channel that is always there."""

# what is meant for people is seen where nothing is set; less than a warning would not be
_WEIGHTS = {"info": logging.WARNING, "warning": logging.WARNING, "error": logging.ERROR}
_ANSWER = 100_000


class Notify:
    """``notify``: to a webhook as JSON with a ``text``, which most chat services take."""

    spec = NOTIFY

    def __init__(self, options: NotifyOptions) -> None:
        self._options = options

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Deliver the notice.

        Raises:
            Missing: ``notify_channel_unknown``.
            Denied: ``notify_refused``.
            Limited: ``notify_limited``.
            Unavailable: ``notify_failed``, ``tool_unavailable``.
        """
        args = arguments(call)
        channel = str(args.get("channel") or LOG)
        if channel == LOG:
            self._logged(call, args)
        else:
            await self._posted(call, args, channel)
        return ToolResult(output={"channel": channel, "delivered": True})

    def _logged(self, call: ToolCall, args: Mapping[str, Json]) -> None:
        # One line, whatever was said: a notice must not look like lines of somebody else.
        level = str(args.get("level") or "info")
        line = " ".join(f"{args.get('title') or ''} {args['text']}".split())
        plain = "".join(letter for letter in line if letter.isprintable())
        log.log(_WEIGHTS[level], "notice (%s) of run %s: %s", level, call.run_id, plain)

    async def _posted(self, call: ToolCall, args: Mapping[str, Json], channel: str) -> None:
        url = self._options.channels.get(channel)
        if url is None:
            raise _unknown(channel, [*self._options.channels, LOG])
        api = Api(
            f"The channel {channel!r}",
            url,
            {"User-Agent": "Kapell", "Idempotency-Key": call.key},
            timeout=self._options.timeout,
            limit=_ANSWER,
            setting=f"tools.notify.channels.{channel}",
        )
        title, text = str(args.get("title") or ""), str(args["text"])
        message: Mapping[str, Json] = {
            "text": f"{title}\n{text}" if title else text,
            "title": title,
            "level": args.get("level") or "info",
            "run": call.run_id,
        }
        try:
            reply = await api.ask("POST", json=message)
        except Silence as silence:
            raise silence.error from silence.__cause__
        refusal = _refusal(channel, reply)
        if refusal is not None:
            raise refusal


def _unknown(channel: str, known: list[str]) -> Missing:
    close = get_close_matches(channel, known, 1)
    hint = f"Did you mean {close[0]!r}?" if close else f"There are: {', '.join(known)}."
    return Missing(
        f"There is no channel {channel!r} for notices.",
        code="notify_channel_unknown",
        advice=f"{hint} Whoever runs Kapell adds channels in the setting tools.notify.channels.",
    )


def _refusal(channel: str, reply: Reply) -> KapellError | None:
    if reply.status < 300:
        return None
    if reply.status == 429:
        return Limited(
            f"The channel {channel!r} asks us to slow down.",
            code="notify_limited",
            advice="Wait before the next notice; the step's `retry:` does.",
            retry_after=pause_of(reply.headers.get("retry-after")),
        )
    if reply.status >= 500:
        return Unavailable(
            f"The channel {channel!r} is out of order (status {reply.status}).",
            code="notify_failed",
            advice="Try again later; the step's `retry:` does.",
        )
    return Denied(
        f"The channel {channel!r} does not take the notice (status {reply.status}).",
        code="notify_refused",
        advice=f"Check the address in the setting tools.notify.channels.{channel}.",
    )
