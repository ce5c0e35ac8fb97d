"""Which hosts may be asked, and at which address: decided before a connection, then held to it.

A name is looked up once and the connection goes to the very address that was checked, so that a
name whose address changes in between leads nowhere else.
"""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple, TypeAlias

from kapell.kit.errors import Denied, Invalid, Unavailable

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_PORTS = {"http": 80, "https": 443}
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")
# what the standard library takes for public though nobody outside can be meant by it
_INSIDE = (
    # for protocols, and where one cloud tells a machine its secrets
    ipaddress.IPv4Network("192.0.0.0/24"),
    ipaddress.IPv4Network("192.88.99.0/24"),
    ipaddress.IPv6Network("64:ff9b:1::/48"),
    ipaddress.IPv6Network("3fff::/20"),
    ipaddress.IPv6Network("5f00::/16"),
    ipaddress.IPv6Network("fec0::/10"),
)
ANY = "*"
"""The rule that allows every host."""

_NUMERIC = re.compile(r"(^|\.)(0[xX][0-9a-fA-F]*|[0-9]+)$", re.ASCII)
_LAST_PORT = 65_535
_LOCAL_NAMES = frozenset({"localhost", "localhost.localdomain", "ip6-localhost"})


class Target(NamedTuple):
    """Where a URL leads: ``host`` in small letters, without brackets."""

    scheme: str
    host: str
    port: int


class Gate:
    """Knows the allowed hosts.

    Args:
        allow: ``host``, ``*.domain``, each with ``:port`` if wished; ``*`` alone is every host.
        private: Whether allowed names may lead to private addresses.
        section: The settings that hold both, for advice.
        deny: Hosts that are refused although ``allow`` names them.
        listed: The allow-list of the policies, read as they read it; empty: there is none. They
            judge the address that a call names; here it holds for wherever the call is sent on to.
    """

    def __init__(
        self,
        allow: Sequence[str],
        private: bool,
        section: str = "tools.http",
        deny: Sequence[str] = (),
        listed: Sequence[str] = (),
    ) -> None:
        self._allow = tuple(_rule(entry) for entry in allow)
        self._deny = tuple(_rule(entry) for entry in deny)
        self._listed = tuple(entry.lower() for entry in listed)
        self._private = private
        self._section = section

    def check(self, scheme: str, host: str, port: int | None, userinfo: bool) -> Target:
        """Return the target when its host is allowed.

        Raises:
            Invalid: ``http_url`` for other schemes and for a name or password in the URL.
            Denied: ``http_host_denied``.
        """
        if scheme not in _PORTS or not host or not 0 < (port or 1) <= _LAST_PORT:
            raise Invalid(
                "The URL is not an http or https address.",
                code="http_url",
                advice="Write it out, such as https://api.example.com/path.",
            )
        if userinfo:
            raise Invalid(
                "The URL holds a user name or password.",
                code="http_url",
                advice="Take it out of the URL; credentials belong into a header.",
            )
        target = Target(scheme, host.lower().rstrip("."), port or _PORTS[scheme])
        if any(_fits(target, *rule) for rule in self._deny):
            raise Denied(
                f"The host {target.host!r} (port {target.port}) is refused.",
                code="http_host_denied",
                advice=f"Ask another host: the setting {self._section}.deny names this one.",
            )
        if not any(_fits(target, *rule) for rule in self._allow):
            raise Denied(
                f"The host {target.host!r} (port {target.port}) is not allowed.",
                code="http_host_denied",
                advice=f"Whoever runs Kapell may add {target.host!r} to the setting "
                f"{self._section}.allow.",
            )
        if self._listed and not any(fnmatchcase(target.host, one) for one in self._listed):
            raise Denied(
                f"The host {target.host!r} is on no allow-list.",
                code="http_host_denied",
                advice=f"Whoever runs Kapell may add {target.host!r} to the setting "
                "policies.domains.",
            )
        return target

    async def addresses(self, target: Target) -> tuple[str, ...]:
        """Return the addresses a connection may go to.

        Raises:
            Denied: ``http_private_denied`` when one of them is private and that is not allowed.
            Unavailable: ``tool_unavailable`` when the name is not known.
        """
        literal = _literal(target.host)
        found = await _looked_up(target) if literal is None else (literal,)
        named = literal is not None or target.host in _LOCAL_NAMES
        # a rule with a star does not name the address: only an exact one permits it by itself
        exact = named and any(target.host == host for host, _ in self._allow)
        if not (exact or self._private) and not all(_is_public(address) for address in found):
            raise Denied(
                f"The host {target.host!r} leads to a private address.",
                code="http_private_denied",
                advice="Whoever runs Kapell may allow that by the setting "
                f"{self._section}.private, or by naming the address itself in "
                f"{self._section}.allow.",
            )
        return tuple(str(address) for address in found)


def _rule(entry: str) -> tuple[str, int | None]:
    """Return host and port (None: any) of an entry; IPv6 stands in brackets when a port follows."""
    text = entry.strip().lower()
    if not text.isascii():
        text = text.encode("idna").decode("ascii")
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        return host, int(rest[1:]) if rest[1:].isdecimal() else None
    host, colon, port = text.rpartition(":")
    if colon and ":" not in host and port.isdecimal():
        return host, int(port)
    return text, None


def _fits(target: Target, host: str, port: int | None) -> bool:
    if port is not None and port != target.port:
        return False
    if host == ANY:
        return True
    if host.startswith("*."):
        return target.host.endswith(host[1:]) and _literal(target.host) is None
    return target.host == host


def _literal(host: str) -> Address | None:
    """Return the address a host is, in the old spellings too: 127.1, 0x7f000001, 0177.0.0.1."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    if not _NUMERIC.search(host):
        return None
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except OSError:
        return None


def _is_public(address: Address) -> bool:
    """Tell whether an address is on the public net, and so is the one it may carry inside."""
    inner = _carried(address)
    if inner is not None:
        return _is_public(inner)
    inside = any(address in network for network in _INSIDE)
    return address.is_global and not address.is_multicast and not inside


def _carried(address: Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address an IPv6 one stands for: mapped, compatible, 6to4, behind NAT64."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64 or address in _COMPATIBLE:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


async def _looked_up(target: Target) -> tuple[Address, ...]:
    loop = asyncio.get_running_loop()
    try:
        answers = await loop.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unavailable(
            f"The name {target.host!r} is not known.",
            code="tool_unavailable",
            advice="Check the name and this machine's network.",
        ) from error
    texts = dict.fromkeys(str(answer[4][0]).partition("%")[0] for answer in answers)
    return tuple(ipaddress.ip_address(text) for text in texts)
