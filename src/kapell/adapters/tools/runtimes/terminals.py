"""The runtime ``tmux``: agents that are programs in a terminal."""

import asyncio
import os
import re
import termios
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NoReturn

from kapell.adapters.tools.files.tools import arguments
from kapell.adapters.tools.runtimes.asking import fitted, lost, seconds_of, text_of_prompt
from kapell.adapters.tools.runtimes.screen import Reader, typed
from kapell.adapters.tools.runtimes.specs import RUNTIME_TMUX
from kapell.adapters.tools.runtimes.tmux import HISTORY, Pane, Tmux, key_of, session_of
from kapell.core.runs import paths
from kapell.core.tools.spec import ToolSpec
from kapell.kit.errors import Conflict, Invalid, Unavailable
from kapell.kit.json import Json
from kapell.services.tools.ports import FetchBlob, ToolCall, ToolResult, UnknownOutcome
from kapell.services.tools.redaction import redacted

USUAL = 300.0
"""Seconds an answer may take when nothing says less."""
LINES = 2000
"""Lines of an answer when the agent does not say."""
_LOOK = 0.05
"""Seconds between looks at a terminal; what it shows twice is not in the making."""
_LONGEST = 4000
"""Bytes of a line that a terminal takes from its keyboard until the program reads them."""
_TOLD = 5
_PASSES = re.compile(r"[@#]\d+")


class TmuxRuntime:
    """``runtime.tmux``: types prompts into a program and reads its answers."""

    spec: ToolSpec = RUNTIME_TMUX

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Return the program's answer.

        A call made again after its worker was lost finds the session and goes on waiting. When the
        session is gone, nobody knows whether it was sent.

        Raises:
            Missing: ``tmux_missing``, ``terminal_program_missing``.
            Unavailable: ``terminal_not_ready``, before anything was sent.
            Conflict: ``terminal_program_ended`` before anything was sent.
            Invalid: ``terminal_prompt_long``, ``terminal_answer_missing``.
            UnknownOutcome: ``terminal_lost``, ``terminal_timed_out``, ``terminal_program_ended``,
                ``terminal_flooded`` after it was; Unavailable for agents that are repeatable.
        """
        args = arguments(call)
        talk = _Talk(call, args)
        seconds = seconds_of(call, args, USUAL)
        limit = asyncio.timeout(seconds)
        try:
            async with limit:
                answer = await talk.carry_out(seconds)
        except TimeoutError:
            if not limit.expired():
                raise
            await talk.late(seconds)
        return ToolResult(output=fitted(args.get("output"), answer))


class _Talk:
    """One prompt and its answer."""

    def __init__(self, call: ToolCall, args: Mapping[str, Json]) -> None:
        self._call = call
        self._args = args
        self._agent = str(args["agent"])
        self._command = [str(one) for one in _list(args["command"])]
        self._tmux = Tmux(call.workspace)
        step = _PASSES.sub("", paths.of_call(call.call))
        self._session = session_of(call.run_id, step)
        self._key = key_of(call.key)
        self._sent = False
        self._text = typed(text_of_prompt(args), keep=args.get("lines") == "keep")
        self._reader = Reader(
            _text(args.get("ready")), _text(args.get("marker")), _text(args.get("answer"))
        )

    async def carry_out(self, seconds: float) -> str:
        """Send the prompt, unless that was done, and return the answer."""
        pane = await self._tmux.pane(self._session)
        if pane is not None and pane.key == self._key:
            self._sent = True
        else:
            if pane is None and _was_made_before(self._call) and not self._args.get("repeatable"):
                self._lost_session()
            pane = await self._ready(pane)
            self._check_length(pane)
            self._sent = True
            await self._tmux.send(self._session, self._key, self._text, seconds)
        return self._told(await self._answer())

    async def late(self, seconds: float) -> NoReturn:
        """End the program, whose state nobody knows, and report.

        Raises:
            Unavailable: ``terminal_not_ready``.
            UnknownOutcome: ``terminal_timed_out``.
        """
        last = await self._last_words()
        await self._tmux.end(self._session)
        if not self._sent:
            raise Unavailable(
                f"The program of {self._agent} did not wait for input within {seconds:g} s{last}",
                code="terminal_not_ready",
                advice="Correct `prompt:`; it has to match the whole last line when it waits.",
            )
        late = Conflict(
            f"The program of {self._agent} did not end its answer within {seconds:g} s{last}",
            code="terminal_timed_out",
            advice="Give it a longer `timeout:`, or correct `prompt:` or `marker:`.",
        )
        lost(self._args, late)

    async def _ready(self, pane: Pane | None) -> Pane:
        """Return the terminal when the program in it waits for input."""
        restart = self._args.get("restart") or "dead"
        if pane is not None and pane.dead and restart == "never":
            raise await self._ended(pane)
        if pane is not None and (pane.dead or restart == "each"):
            await self._tmux.end(self._session)
            pane = None
        if pane is None:
            await self._tmux.begin(self._session, self._command)
        before = ""
        while True:
            pane = await self._tmux.pane(self._session)
            if pane is None or pane.dead:
                raise await self._ended(pane)
            last = await self._tmux.last(self._session)
            if self._args.get("ready") is None or (last == before and self._reader.waits(last)):
                return pane
            before = last
            await asyncio.sleep(_LOOK)

    async def _answer(self) -> list[str]:
        """Return the lines of the answer when it is there and stays as it is."""
        before: tuple[Pane, list[str]] | None = None
        pause = _LOOK
        while True:
            pane = await self._tmux.pane(self._session)
            if pane is None:
                self._lost_session()
            lines = await self._lines(pane)
            found = self._reader.answered(lines, self._text, pane.column)
            if found is not None and before == (pane, lines):
                return found
            if pane.dead and found is None:
                lost(self._args, await self._ended(pane))
            pause = _LOOK if before is None or before[1] != lines else min(pause * 1.2, 0.5)
            before = (pane, lines)
            await asyncio.sleep(pause)

    async def _lines(self, pane: Pane) -> list[str]:
        most = self._args.get("size")
        limit = most if isinstance(most, int) else LINES
        lines = [] if pane.history > HISTORY // 2 else await self._tmux.lines(self._session, pane)
        if pane.history > HISTORY // 2 or len(lines) > limit + len(self._text.split("\n")) + 2:
            await self._tmux.end(self._session)
            flood = Conflict(
                f"The program of {self._agent} wrote more than {limit:,} lines for one answer.",
                code="terminal_flooded",
                advice="Ask for less, or allow more with `size:`.",
            )
            lost(self._args, flood)
        return lines

    def _told(self, lines: list[str]) -> str:
        answer = self._reader.answer(lines)
        if answer is None:
            raise UnknownOutcome from Invalid(
                f"What the program of {self._agent} wrote holds nothing that `answer:` matches.",
                code="terminal_answer_missing",
                advice="Correct `answer:`, or take it out to get all that is written.",
            )
        return answer

    def _check_length(self, pane: Pane) -> None:
        """Accept a prompt of which the terminal drops nothing.

        Raises:
            Invalid: ``terminal_prompt_long``.
        """
        longest = max((len(line.encode()) for line in self._text.split("\n")), default=0)
        if not self._text or (longest > _LONGEST and _by_line(pane.tty)):
            raise Invalid(
                f"The prompt for {self._agent} has a line of {longest:,} bytes; its program reads "
                f"lines of 1 to {_LONGEST:,}.",
                code="terminal_prompt_long",
                advice="Write it into a file and name that, or give `lines: keep` and short lines.",
            )

    async def _ended(self, pane: Pane | None) -> Conflict:
        # tmux does not always hear how a program ended: then it is not said.
        status = f" with exit {pane.status}" if pane is not None and pane.status else ""
        last = await self._last_words()
        return Conflict(
            f"The program of {self._agent} ended{status}{last or '.'}",
            code="terminal_program_ended",
            advice="Run its `command:` by hand in the workspace; it has to stay and wait.",
        )

    async def _last_words(self) -> str:
        pane = await self._tmux.pane(self._session)
        if pane is None or pane.history > HISTORY // 2:
            return "."
        lines = [one.strip() for one in await self._tmux.lines(self._session, pane)]
        shown = " / ".join([one for one in lines if one and "Pane is dead" not in one][-_TOLD:])
        return f"; it last wrote: {redacted(shown)[-500:]}" if shown else "."

    def _lost_session(self) -> NoReturn:
        """Report that the session is gone in which the prompt was or may have been sent."""
        gone = Conflict(
            f"The terminal of {self._agent} is gone; its prompt may have been sent.",
            code="terminal_lost",
            advice="Look what the program did, then repair the step or restart it.",
        )
        lost(self._args, gone)


def _was_made_before(call: ToolCall) -> bool:
    """Tell whether the call was begun by a worker that was lost."""
    number = call.call.rpartition("/")[2]
    return number.isdecimal() and int(number) > 1


def _by_line(tty: str) -> bool:
    """Tell whether a terminal collects lines itself; it drops what is too long for it."""
    with suppress(OSError, termios.error):
        opened = os.open(tty, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            return bool(termios.tcgetattr(opened)[3] & termios.ICANON)
        finally:
            os.close(opened)
    return False


def _list(value: Json) -> Sequence[Json]:
    return value if isinstance(value, list | tuple) else ()


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) else None
