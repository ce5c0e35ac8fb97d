"""HTTP requests over a real connection: allowed hosts only, and no doubt about what happened."""

import asyncio
import ipaddress
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from kapell.adapters.tools.options import ToolOptions
from kapell.adapters.tools.web.addresses import Gate
from kapell.kit.errors import Denied, KapellError, Unavailable
from kapell.kit.json import Json
from kapell.services.tools.ports import UnknownOutcome
from tests.integration.tools.server import Server, serving
from tests.integration.tools.world import World


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


def allowed(tmp_path: Path, *hosts: str, **more: float) -> World:
    options = ToolOptions(http_allow=hosts or ("127.0.0.1",), **more)  # type: ignore[arg-type]  # numbers and flags
    return World(tmp_path, tmp_path / "run", options)


async def unknown(world: World, **args: Json) -> KapellError:
    """Call, expect an unknown outcome, return its cause."""
    with pytest.raises(UnknownOutcome) as caught:
        await world.call("http.request", **args)
    cause = caught.value.__cause__
    assert isinstance(cause, KapellError)
    assert cause.advice
    return cause


@pytest.mark.requirement("WF-12")
async def test_an_allowed_host_is_asked(tmp_path: Path, server: Server) -> None:
    world = allowed(tmp_path)
    answer = await world.call("http.request", url=server.url("/json?q=1"), headers={"X-Token": "t"})
    assert (answer["status"], answer["json"]) == (200, {"a": [1]})
    assert answer["body"] == '{"a": [1]}'
    headers = answer["headers"]
    assert isinstance(headers, dict)
    assert headers["content-type"] == "application/json; charset=utf-8"
    (asked,) = server.asked
    assert (asked.method, asked.path) == ("GET", "/json?q=1")
    assert asked.headers["host"] == f"127.0.0.1:{server.port}"
    assert asked.headers["x-token"] == "t"
    assert "idempotency-key" not in asked.headers


@pytest.mark.requirement("WF-12")
async def test_without_an_allowed_host_nothing_is_asked(world: World, server: Server) -> None:
    error = await world.refused("http.request", url=server.url("/json"))
    assert error.code == "http_off"
    assert "tools.http.allow" in error.advice
    assert server.asked == []


async def test_methods_that_change_things_carry_the_idempotency_key(
    tmp_path: Path, server: Server
) -> None:
    world = allowed(tmp_path)
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = await world.call(
            "http.request", url=server.url("/echo"), method=method, json={"b": "ü"}
        )
        assert answer["json"] == {"method": method, "body": '{"b":"ü"}'}
    assert {asked.headers["idempotency-key"] for asked in server.asked} == {"key-1"}
    assert {asked.headers["content-type"] for asked in server.asked} == {"application/json"}
    await world.call("http.request", url=server.url("/echo"), method="POST", body="plain ü")
    assert server.asked[-1].body == "plain ü".encode()
    head = await world.call("http.request", url=server.url("/echo"), method="HEAD")
    assert (head["status"], head["body"]) == (200, "")


@pytest.mark.parametrize(
    ("allow", "host", "code"),
    [
        ("127.0.0.1", "localhost", "http_host_denied"),
        ("*.127.0.0.1", "127.0.0.1", "http_host_denied"),
        ("*.0.0.1", "127.0.0.1", "http_host_denied"),
        ("127.0.0.1:1", "127.0.0.1", "http_host_denied"),
        ("localhost", "LOCALHOST", ""),
        ("127.0.0.1", "127.0.0.1", ""),
    ],
)
async def test_hosts_are_allowed_one_by_one(
    tmp_path: Path, server: Server, allow: str, host: str, code: str
) -> None:
    world = allowed(tmp_path, allow)
    if not code:
        assert (await world.call("http.request", url=server.url("/echo", host)))["status"] == 200
        return
    error = await world.refused("http.request", url=server.url("/echo", host))
    assert error.code == code
    assert server.asked == []


async def test_rules_with_ports_and_stars() -> None:
    gate = Gate(["api.example.com:8443", "*.example.org", "[::1]:80", "MÜNCHEN.de"], private=False)
    for host, port in (("api.example.com", 8443), ("a.b.EXAMPLE.org.", 1), ("::1", 80)):
        assert gate.check("https", host, port, False).port == port
    assert gate.check("https", "xn--mnchen-3ya.de", None, False).port == 443
    for host, port in (("api.example.com", 443), ("example.org", 1), ("badexample.org", 1)):
        with pytest.raises(Denied):
            gate.check("https", host, port, False)


PRIVATE = [
    "10.0.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "192.168.1.1",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104 - must be refused
    "224.0.0.1",
    "::1",
    "fd00::1",
    "fe80::1",
    "::ffff:10.0.0.1",
    "64:ff9b::a00:1",
    "2002:a00:1::1",
    "::127.0.0.1",
    "64:ff9b:1::1",
    "fec0::1",
    "192.0.0.192",
    "192.88.99.1",
    "3fff::1",
    "5f00::1",
]


@pytest.mark.parametrize("address", PRIVATE)
async def test_a_name_that_leads_to_a_private_address_is_refused(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    name_service(monkeypatch, "93.184.216.34", address)
    gate = Gate(["api.example.com"], private=False)
    target = gate.check("http", "api.example.com", None, False)
    with pytest.raises(Denied) as caught:
        await gate.addresses(target)
    assert caught.value.code == "http_private_denied"
    assert await Gate(["api.example.com"], private=True).addresses(target)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:4700::1", "::ffff:93.184.216.34"])
async def test_a_name_that_leads_to_public_addresses_is_asked_there(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    name_service(monkeypatch, address, address)
    gate = Gate(["api.example.com"], private=False)
    target = gate.check("http", "api.example.com", None, False)
    assert await gate.addresses(target) == (str(ipaddress.ip_address(address)),)


def name_service(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Let every name lead to these addresses: no test may ask a real name service."""

    async def answers(*_: object, **__: object) -> list[object]:
        return [(socket.AF_UNSPEC, 1, 6, "", (address, 80)) for address in addresses]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", answers)


async def test_redirects_lead_to_allowed_hosts_only(tmp_path: Path, server: Server) -> None:
    world = allowed(tmp_path)
    answer = await world.call("http.request", url=server.url("/moved"))
    assert (answer["status"], answer["url"]) == (200, server.url("/echo"))
    for path, code in (
        ("/metal", "http_host_denied"),
        ("/file", "http_url"),
        ("/round", "http_redirects"),
    ):
        error = await world.refused("http.request", url=server.url(path))
        assert error.code == code


async def test_a_redirect_elsewhere_takes_no_secrets_along(tmp_path: Path, server: Server) -> None:
    world = allowed(tmp_path, "127.0.0.1", "localhost")
    with serving() as other:
        server.elsewhere = other.url("/echo", "localhost")
        secrets = {"Authorization": "Bearer x", "X-Key": "y", "Accept": "text/plain"}
        await world.call("http.request", url=server.url("/away"), headers=secrets)
    assert server.asked[0].headers["authorization"] == "Bearer x"
    assert other.asked[0].headers["accept"] == "text/plain"
    assert not {"authorization", "x-key"} & set(other.asked[0].headers)


async def test_redirects_change_the_method_as_they_should(tmp_path: Path, server: Server) -> None:
    world = allowed(tmp_path)
    for path, method, body in (("/moved", "GET", ""), ("/see", "GET", ""), ("/same", "POST", "b")):
        answer = await world.call("http.request", url=server.url(path), method="POST", body="b")
        assert answer["json"] == {"method": method, "body": body}


async def test_answers_of_any_status_and_kind_are_results(tmp_path: Path, server: Server) -> None:
    world = allowed(tmp_path)
    missing = await world.call("http.request", url=server.url("/missing"))
    assert (missing["status"], missing["body"]) == (404, "no")
    broken = await world.call("http.request", url=server.url("/notjson"))
    assert (broken["body"], broken["json"]) == ("{oops", None)
    binary = await world.call("http.request", url=server.url("/binary"))
    assert (binary["body"], binary["base64"]) == (None, "AP8=")
    latin = await world.call("http.request", url=server.url("/latin"))
    assert latin["body"] == "ü"


async def test_a_large_answer_is_cut_off_even_when_packed(tmp_path: Path, server: Server) -> None:
    world = allowed(tmp_path, http_bytes=100_000)
    error = await world.refused("http.request", url=server.url("/bomb"))
    assert error.code == "http_too_large"
    assert (await unknown(world, url=server.url("/bomb"), method="POST")).code == "http_too_large"


@pytest.mark.parametrize("path", ["/cut", "/half", "/badzip"])
async def test_a_broken_answer_is_unavailable_or_unknown(
    tmp_path: Path, server: Server, path: str
) -> None:
    world = allowed(tmp_path)
    error = await world.refused("http.request", url=server.url(path))
    assert (error.code, error.retryable) == ("tool_unavailable", True)
    cause = await unknown(world, url=server.url(path), method="POST", body="x")
    assert cause.code == "tool_unavailable"


async def test_nobody_listening_is_unavailable_for_every_method(tmp_path: Path) -> None:
    with serving() as gone:
        url = gone.url("/")
    world = allowed(tmp_path)
    for method in ("GET", "POST"):
        error = await world.refused("http.request", url=url, method=method)
        assert isinstance(error, Unavailable)
        assert error.code == "tool_unavailable"


async def test_a_slow_server_times_out(tmp_path: Path, server: Server) -> None:
    world = allowed(tmp_path)
    error = await world.refused("http.request", url=server.url("/slow"), timeout=0.05)
    assert (error.code, error.retryable) == ("tool_unavailable", True)
    cause = await unknown(world, url=server.url("/slow"), method="POST", timeout=0.05)
    assert cause.code == "tool_unavailable"


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ({"url": "ftp://127.0.0.1/"}, "http_url"),
        ({"url": "/relative"}, "http_url"),
        ({"url": "http://"}, "http_url"),
        ({"url": "http://ann:pw@127.0.0.1/"}, "http_url"),
        ({"url": "http://127.0.0.1:99999999/"}, "http_url"),
        ({"url": "http://127.0.0.1:port/"}, "http_broken"),
        ({"url": "http://127.0.0.1/", "headers": {"Host": "x"}}, "http_headers"),
        ({"url": "http://127.0.0.1/", "headers": {"X": "ü"}}, "http_headers"),
        ({"url": "http://127.0.0.1/", "method": "TRACE"}, "tool_arguments"),
        ({"url": "http://127.0.0.1/", "body": "x", "json": 1, "method": "POST"}, "tool_arguments"),
        ({"url": "http://127.0.0.1/", "timeout": 0}, "tool_arguments"),
    ],
)
async def test_requests_that_cannot_be_sent(
    tmp_path: Path, args: dict[str, Json], code: str
) -> None:
    assert (await allowed(tmp_path).refused("http.request", **args)).code == code


async def test_headers_cannot_smuggle_lines(tmp_path: Path, server: Server) -> None:
    error = await allowed(tmp_path).refused(
        "http.request", url=server.url("/echo"), headers={"X": "a\r\nHost: b"}
    )
    assert error.code == "http_broken"
    assert server.asked == []
