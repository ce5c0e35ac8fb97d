"""Addresses of clients, as limits count them."""

from ipaddress import IPv6Address, IPv6Network, ip_address

_SITE = 64
"""Bits of an IPv6 address that one site has: who has one of its addresses has all of them."""


def counted(address: str) -> str:
    """Return the name under which a client's address is counted; empty for what is none."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(IPv6Network((found, _SITE), strict=False))
