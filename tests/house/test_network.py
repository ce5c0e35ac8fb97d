"""The network guard lets loopback through and nothing else, in children too."""

import asyncio
import socket
import subprocess
import sys

import pytest

from tests.fixtures.network import NetworkRefused

# TEST-NET-1: an address that belongs to nobody (RFC 5737).
NOBODY = ("192.0.2.1", 80)


def test_loopback_is_reachable() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname(), timeout=5) as client,
    ):
        client.sendall(b"hello")
        accepted, _ = server.accept()
        with accepted:
            assert accepted.recv(5) == b"hello"


def test_an_outside_address_is_refused_before_a_packet_leaves() -> None:
    with socket.socket() as sock, pytest.raises(NetworkRefused, match=r"192\.0\.2\.1"):
        sock.connect(NOBODY)
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock,
        pytest.raises(NetworkRefused, match="sendto"),
    ):
        sock.sendto(b"x", NOBODY)


async def test_an_event_loop_is_guarded_too() -> None:
    with pytest.raises(NetworkRefused):
        await asyncio.open_connection(*NOBODY)


def test_names_are_not_looked_up() -> None:
    with pytest.raises(NetworkRefused, match=r"look up 'example\.org'"):
        socket.getaddrinfo("example.org", 443)
    assert socket.getaddrinfo("localhost", 80)


def test_processes_a_test_starts_are_guarded() -> None:
    code = "import socket; socket.socket().connect(('192.0.2.1', 80))"
    command = [sys.executable, "-c", code]
    child = subprocess.run(command, capture_output=True, text=True, check=False)
    assert child.returncode == 1
    assert "NetworkRefused" in child.stderr
