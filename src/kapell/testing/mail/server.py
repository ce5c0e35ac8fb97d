"""The loopback mail server itself."""

import asyncio
import base64
import ssl
from collections.abc import Mapping
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec


class Delivered(msgspec.Struct, frozen=True):
    """A mail as it was taken."""

    sender: str
    recipients: tuple[str, ...]
    data: bytes
    safe: bool
    user: str

    @property
    def message(self) -> EmailMessage:
        """Return the mail, parsed."""
        return message_from_bytes(self.data, policy=policy.SMTP)


class LoopbackMail:
    """Takes mail on a loopback port; use it as ``async with LoopbackMail() as server:``.

    Args:
        context: Certificate and key; without them it offers no TLS.
        implicit: Whether TLS stands from the first byte.
        users: Passwords by user; when there are any, nobody else may send.
        port: Where it listens; 0 takes a free one.
        keep: A folder that every mail is put into as a file, numbered on from those there.

    Attributes:
        delivered: Every mail it took.
        answers: What it says in place of its usual answer, by command (``RCPT``), by command and
            argument (``RCPT TO:<a@b>``), or for a mail's end (``.``); ``cut`` ends the connection.
        commands: Every command, in the order in which they came.
    """

    def __init__(
        self,
        context: ssl.SSLContext | None = None,
        *,
        implicit: bool = False,
        users: Mapping[str, str] | None = None,
        port: int = 0,
        keep: Path | None = None,
    ) -> None:
        self._context = context
        self._implicit = implicit
        self._users = dict(users or {})
        self._keep = keep
        self.delivered: list[Delivered] = []
        self.answers: dict[str, str] = {}
        self.commands: list[str] = []
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = port

    async def __aenter__(self) -> Self:
        context = self._context if self._implicit else None
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", self.port, ssl=context)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            await _Conversation(self, reader, writer).run(self._context, self._implicit)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            # The caller went away or wanted no such certificate: that is its right.
            pass
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            writer.close()

    def knows(self, user: str, password: str) -> bool:
        """Tell whether somebody may send."""
        return self._users.get(user) == password

    def take(self, mail: Delivered) -> None:
        """Take a mail, and put it into the folder if there is one."""
        self.delivered.append(mail)
        if self._keep is not None:
            there = sum(1 for _ in self._keep.glob("*.eml"))
            (self._keep / f"{there + 1}.eml").write_bytes(mail.data)

    @property
    def is_open(self) -> bool:
        """Tell whether everybody may send."""
        return not self._users


class _Conversation:
    def __init__(
        self, server: LoopbackMail, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer
        self._user = ""
        self._sender = ""
        self._recipients: list[str] = []

    async def run(self, context: ssl.SSLContext | None, implicit: bool) -> None:
        safe = implicit
        await self._say("220 loopback ESMTP")
        while line := (await self._reader.readline()).decode("utf-8", "replace").strip():
            command = line.split(" ")[0].upper()
            self._server.commands.append(command if command == "AUTH" else line)
            said = self._server.answers.get(line) or self._server.answers.get(command)
            if said == "cut":
                return
            if said is not None:
                await self._say(said)
            elif command == "QUIT":
                await self._say("221 bye")
                return
            elif command == "STARTTLS" and context is not None and not safe:
                await self._say("220 go ahead")
                await self._writer.start_tls(context)
                safe = True
            elif command == "DATA":
                if not await self._data(safe):
                    return
            else:
                await self._say(await self._answer(command, line, context is not None, safe))

    async def _answer(self, command: str, line: str, offers_tls: bool, safe: bool) -> str:
        if command in {"EHLO", "HELO"}:
            extensions = ["loopback", "8BITMIME", "SIZE 50000000"]
            if offers_tls and not safe:
                extensions.append("STARTTLS")
            if not self._server.is_open and (safe or not offers_tls):
                extensions.append("AUTH PLAIN LOGIN")
            last = len(extensions) - 1
            marks = [" " if number == last else "-" for number in range(len(extensions))]
            return "\r\n".join(f"250{m}{e}" for m, e in zip(marks, extensions, strict=True))
        if command == "AUTH":
            return await self._auth(line)
        if command == "MAIL":
            if not self._server.is_open and not self._user:
                return "530 5.7.0 log in first"
            self._sender, self._recipients = _address(line), []
            return "250 ok"
        if command == "RCPT":
            self._recipients.append(_address(line))
            return "250 ok"
        return "250 ok" if command in {"RSET", "NOOP"} else "502 no such command"

    async def _auth(self, line: str) -> str:
        words = line.split(" ")
        if words[1].upper() == "PLAIN":
            given = words[2] if len(words) > 2 else await self._asked("")
            _, user, password = base64.b64decode(given).decode().split("\0")
        else:
            first = words[2] if len(words) > 2 else await self._asked("Username:")
            user = base64.b64decode(first).decode()
            password = base64.b64decode(await self._asked("Password:")).decode()
        if not self._server.knows(user, password):
            return "535 5.7.8 wrong user or password"
        self._user = user
        return "235 welcome"

    async def _asked(self, question: str) -> str:
        await self._say(f"334 {base64.b64encode(question.encode()).decode()}")
        return (await self._reader.readline()).decode().strip()

    async def _data(self, safe: bool) -> bool:
        """Take a mail; False when the connection is to end."""
        await self._say("354 end with a dot")
        lines = []
        while (line := await self._reader.readline()) not in {b".\r\n", b""}:
            lines.append(line.removeprefix(b"."))
        said = self._server.answers.get(".", "250 taken")
        if said.startswith("250") or said == "cut":
            taken = Delivered(
                self._sender, tuple(self._recipients), b"".join(lines), safe, self._user
            )
            self._server.take(taken)
        if said == "cut":
            return False
        await self._say(said)
        return True

    async def _say(self, line: str) -> None:
        self._writer.write(line.encode() + b"\r\n")
        await self._writer.drain()


def _address(line: str) -> str:
    return line.partition("<")[2].partition(">")[0]
