"""`mail.send` against a real loopback SMTP server: safe, allowed, once per key."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from kapell.adapters.tools.options import MailOptions, ToolOptions
from kapell.kit.errors import KapellError
from kapell.kit.json import Json
from kapell.services.tools.ports import UnknownOutcome
from kapell.testing.mail.server import LoopbackMail
from tests.integration.tools.mail.certificates import server_context
from tests.integration.tools.world import World

PASSWORD = "correct horse"  # noqa: S105 - opens a loopback server only
HELLO: dict[str, Json] = {"to": ["ann@example.com"], "subject": "Hello", "text": "Grüße\n.\nend"}


def sending(tmp_path: Path, server: LoopbackMail, password: str = PASSWORD, **more: Json) -> World:
    given = {
        "host": "127.0.0.1",
        "port": server.port,
        "security": "none",
        "sender": "Kapell <kapell@example.org>",
        "recipients": ("ann@example.com", "*@example.net"),
        "timeout": 5.0,
        **more,
    }
    options = ToolOptions(mail=MailOptions(**given))  # type: ignore[arg-type]  # as written
    secrets = {"mail_password": password} if password else {}
    return World(tmp_path, tmp_path / "run", options, secrets=secrets)


async def unknown(world: World) -> KapellError:
    """Send, expect an unknown outcome, return its cause."""
    with pytest.raises(UnknownOutcome) as caught:
        await world.call("mail.send", **HELLO)
    cause = caught.value.__cause__
    assert isinstance(cause, KapellError)
    return cause


@pytest.mark.requirement("TL-03", "WF-12")
async def test_a_mail_arrives_as_it_was_meant(tmp_path: Path) -> None:
    async with LoopbackMail() as server:
        world = sending(tmp_path, server)
        (tmp_path / "Bericht ü.csv").write_text("a,b\n1,2\n")
        answer = await world.call(
            "mail.send",
            to=["ann@example.com"],
            cc=["bob@EXAMPLE.net", "ann@example.com"],
            subject="Grüße & more",
            text="Hello\n.\nGrüße",
            html="<p>Hello",
            reply_to="desk@example.org",
            attachments=["Bericht ü.csv"],
        )
        (taken,) = server.delivered
    assert answer["accepted"] == ["ann@example.com", "bob@EXAMPLE.net"]
    assert answer["refused"] == []
    assert (taken.sender, taken.recipients) == (
        "kapell@example.org",
        ("ann@example.com", "bob@EXAMPLE.net"),
    )
    message = taken.message
    assert message["message-id"] == answer["message_id"]
    assert str(answer["message_id"]).endswith("@example.org>")
    assert (message["subject"], message["from"]) == (
        "Grüße & more",
        "Kapell <kapell@example.org>",
    )
    assert (message["to"], message["reply-to"]) == ("ann@example.com", "desk@example.org")
    plain = message.get_body(("plain",))
    assert plain is not None
    assert plain.get_content().replace("\r\n", "\n") == "Hello\n.\nGrüße\n"
    html = message.get_body(("html",))
    assert html is not None
    assert html.get_content().strip() == "<p>Hello"
    (attachment,) = message.iter_attachments()
    assert attachment.get_filename() == "Bericht ü.csv"
    assert b"1,2" in attachment.get_content().encode()


async def test_the_id_is_the_key_s(tmp_path: Path) -> None:
    async with LoopbackMail() as server:
        world = sending(tmp_path, server)
        first = await world.call("mail.send", **HELLO)
        again = await world.call("mail.send", **{**HELLO, "text": "other"})
    assert first["message_id"] == again["message_id"]
    assert "key-1" not in str(first["message_id"])


@pytest.mark.requirement("TL-06")
@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_the_connection_is_safe_and_the_password_travels_on_it_only(
    tmp_path: Path, security: str
) -> None:
    context = server_context(tmp_path)
    users = {"kapell": PASSWORD}
    async with LoopbackMail(context, implicit=security == "tls", users=users) as server:
        trusted: dict[str, Any] = {"security": security, "user": "kapell"}
        world = sending(tmp_path, server, ca_file=str(tmp_path / "ca.pem"), **trusted)
        await world.call("mail.send", **HELLO)
        (taken,) = server.delivered
        assert (taken.safe, taken.user) == (True, "kapell")
        stranger = sending(tmp_path, server, **trusted)
        assert (await stranger.refused("mail.send", **HELLO)).code == "mail_tls"
        wrong = sending(tmp_path, server, "mistyped-9", ca_file=str(tmp_path / "ca.pem"), **trusted)
        error = await wrong.refused("mail.send", **HELLO)
        assert (error.code, "wrong user" in error.message) == ("mail_credentials", True)
        missing = sending(tmp_path, server, "", **trusted)
        assert (await missing.refused("mail.send", **HELLO)).code == "secret_missing"
        broken = sending(tmp_path, server, ca_file=str(tmp_path / "key.pem"), **trusted)
        assert (await broken.refused("mail.send", **HELLO)).code in {
            "mail_certificates",
            "mail_tls",
        }
    assert len(server.delivered) == 1


@pytest.mark.requirement("TL-06")
async def test_nothing_is_said_over_a_connection_that_stays_open_to_all(tmp_path: Path) -> None:
    async with LoopbackMail(users={"kapell": PASSWORD}) as server:
        world = sending(tmp_path, server, security="starttls", user="kapell")
        assert (await world.refused("mail.send", **HELLO)).code == "mail_tls"
        assert not [command for command in server.commands if "AUTH" in command]
        assert server.delivered == []


@pytest.mark.requirement("TL-06")
async def test_recipients_are_allowed_one_by_one(tmp_path: Path, world: World) -> None:
    assert (await world.refused("mail.send", **HELLO)).code == "mail_off"
    async with LoopbackMail() as server:
        for allowed, to in (
            ((), "ann@example.com"),
            (("ann@example.com",), "bob@example.com"),
            (("*@example.com",), "ann@sub.example.com"),
            (("*@example.com",), "ann@example.com.evil.net"),
        ):
            refusing = sending(tmp_path, server, recipients=allowed)
            error = await refusing.refused("mail.send", to=[to], subject="x", text="x")
            assert error.code == "mail_recipient_denied", to
        mixed = sending(tmp_path, server)
        error = await mixed.refused("mail.send", **HELLO, cc=["eve@evil.example"])
        assert (error.code, "eve@evil.example" in error.message) == ("mail_recipient_denied", True)
        nobody = sending(tmp_path, server, sender="nobody")
        assert (await nobody.refused("mail.send", **HELLO)).code == "mail_sender"
        assert server.commands == []


@pytest.mark.requirement("TL-06")
@pytest.mark.parametrize(
    "more",
    [
        {"subject": "Hello\r\nBcc: eve@evil.example"},
        {"subject": "Hello\nX: y"},
        {"to": ["ann@example.com\r\nRCPT TO:<eve@evil.example>"]},
        {"to": ["ann@example.com, eve@evil.example"]},
        {"to": ["Ann <ann@example.com>"]},
        {"to": []},
        {"reply_to": "x\r\nBcc: eve@evil.example"},
        {"text": ""},
    ],
)
async def test_headers_cannot_be_smuggled(tmp_path: Path, more: dict[str, Json]) -> None:
    async with LoopbackMail() as server:
        world = sending(tmp_path, server)
        error = await world.refused("mail.send", **{**HELLO, **more})
        assert error.code == "tool_arguments"
        assert server.commands == []


@pytest.mark.requirement("TL-06")
async def test_a_text_ends_where_it_ends(tmp_path: Path) -> None:
    text = "one\r\n.\r\nMAIL FROM:<eve@evil.example>\r\nRCPT TO:<x@y.example>\n.\nDATA\n.\r.\n"
    async with LoopbackMail() as server:
        await sending(tmp_path, server).call("mail.send", **{**HELLO, "text": text})
        (taken,) = server.delivered
    assert taken.sender == "kapell@example.org"
    assert len(server.commands) == 4


async def test_some_recipients_may_be_refused(tmp_path: Path) -> None:
    async with LoopbackMail() as server:
        server.answers["RCPT TO:<bob@example.net>"] = "550 5.1.1 no such person"
        world = sending(tmp_path, server)
        answer = await world.call("mail.send", **HELLO, cc=["bob@example.net"])
        assert answer["accepted"] == ["ann@example.com"]
        assert answer["refused"] == [
            {"address": "bob@example.net", "reason": "550 5.1.1 no such person"}
        ]


@pytest.mark.parametrize(
    ("command", "said", "code"),
    [
        ("RCPT", "550 no such person", "mail_refused"),
        ("RCPT", "450 greylisted", "mail_later"),
        ("MAIL", "553 not you", "mail_refused"),
        ("MAIL", "451 later", "mail_later"),
        (".", "554 looks like spam", "mail_refused"),
        (".", "452 no room", "mail_later"),
        ("EHLO", "cut", "tool_unavailable"),
        ("MAIL", "cut", "tool_unavailable"),
        ("RCPT", "nonsense", "mail_refused"),
    ],
)
async def test_what_a_server_refuses_was_not_sent(
    tmp_path: Path, command: str, said: str, code: str
) -> None:
    async with LoopbackMail() as server:
        server.answers[command] = said
        error = await sending(tmp_path, server).refused("mail.send", **HELLO)
        assert error.code == code
        assert server.delivered == []


async def test_a_server_that_vanishes_after_the_text_leaves_it_open(tmp_path: Path) -> None:
    async with LoopbackMail() as server:
        server.answers["."] = "cut"
        cause = await unknown(sending(tmp_path, server))
        assert cause.code == "tool_unavailable"
        assert len(server.delivered) == 1


async def test_servers_that_are_silent_or_gone(tmp_path: Path) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    listening = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    async with LoopbackMail() as server:
        world = sending(tmp_path, server, port=port, timeout=0.3)
        error = await world.refused("mail.send", **HELLO)
        assert (error.code, error.retryable) == ("tool_unavailable", True)
        listening.close()
        await listening.wait_closed()
        error = await sending(tmp_path, server, port=port).refused("mail.send", **HELLO)
        assert error.code == "tool_unavailable"


async def test_a_mail_has_a_size(tmp_path: Path) -> None:
    (tmp_path / "large.bin").write_bytes(bytes(60_000))
    async with LoopbackMail() as server:
        world = sending(tmp_path, server, bytes=70_000)
        error = await world.refused("mail.send", **HELLO, attachments=["large.bin", "large.bin"])
        assert error.code == "file_too_large"
        error = await world.refused("mail.send", **HELLO, attachments=["large.bin"])
        assert error.code == "mail_too_large"
        error = await world.refused("mail.send", **HELLO, attachments=["../key.pem"])
        assert error.code == "path_outside"
        assert server.delivered == []


async def test_no_password_is_ever_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    context = server_context(tmp_path)
    async with LoopbackMail(context, users={"kapell": "other"}) as server:
        world = sending(
            tmp_path,
            server,
            ca_file=str(tmp_path / "ca.pem"),
            security="starttls",
            user="kapell",
        )
        error = await world.refused("mail.send", **HELLO)
    assert PASSWORD not in f"{error!r} {error} {error.__cause__!r} {caplog.text}"
