"""Addresses of machines: IPv4 and IPv6. Version strings are none."""

import ipaddress
import re

from kapell.core.guardrails.detectors.detector import Detector, compiled

_GAP = r"(?:\.|\[\.\]|\(\.\)| ?\[dot\] ?)"
_V4 = rf"\d(?<![\d.]\d)\d{{0,2}}(?:{_GAP}\d{{1,3}}){{3}}(?!\d|\.\d)"
_VERSION = (
    r"(?:\bv|[vV]ersions?:?|\bver\.?|\brelease|\brev|[=~^<>]=?|[A-Za-z][\w.]{0,30}[/@]"
    r"|[A-Za-z]-|\bchapter|\bsection|\bpackage|\bbuild|\bfirmware|\bdriver|\boid"
    r"|identifier\(?)\s?\"?$"
)
_NUMBERED = r"[A-Za-z0-9_]$|\b(?:versions?|releases?|upgrad\w{1,4}|updat\w{1,4}|merged|fixed in)\b"
_WORDS = (
    r"(?:\bip\b|\bips\b|ipv4|address|host|server|ping|\bssh\b|\bdns\b|gateway|subnet|router|client"
    r"|\bfrom\b|connect|\blog|remote|\bvpn|proxy|\bnat\b|peer|network|firewall|resolver|login"
    r"|via|://|endpoint|request|visitor|traffic|attack|block)"
)


def _v4(match: re.Match[str]) -> float:
    parts = [int(part) for part in compiled(r"\d+").findall(match.group())]
    text, start, end = match.string, match.start(), match.end()
    if max(parts) > 255:
        return 0.0
    if parts[0] in (0, 127) or parts[:2] == [255, 255]:
        return 0.0  # this machine, no machine, masks: they name nobody
    ahead = text[max(0, start - 40) : start]
    if ahead.endswith("://") or ahead.endswith("@"):
        return 0.95
    if compiled(_VERSION, re.IGNORECASE).search(ahead):
        return 0.0
    if max(parts) < 30 and compiled(_NUMBERED, re.IGNORECASE).search(ahead):
        return 0.0
    if compiled(r"[-+](?:alpha|beta|rc|dev|post|snapshot|linux|win|x86|py)", re.IGNORECASE).match(
        text, end
    ):
        return 0.0
    if max(parts) >= 30 or compiled(r":\d{2,5}\b|/(?:[89]|[12]\d|3[0-2])\b").match(text, end):
        return 0.9
    if compiled(_WORDS, re.IGNORECASE).search(ahead) or len(set(parts)) == 1:
        return 0.75
    return 0.3


def _v6(match: re.Match[str]) -> float:
    said = match.group()
    if said.count(":") < 2 or ":::" in said:
        return 0.0
    if "::" not in said and said.count(":") != 7 and "." not in said:
        return 0.0
    groups = [group for group in said.split(":") if group]
    digits = any(character.isdigit() for character in said)
    if len(groups) < 2 or not digits:
        return 0.0
    try:
        address = ipaddress.IPv6Address(said)
    except ValueError:
        return 0.0
    return 0.0 if address.is_loopback or address.is_unspecified else 0.92


DETECTORS = (
    Detector("pii", "ip", _V4, (".", "dot"), digits=4, check=_v4, flags=re.IGNORECASE),
    Detector(
        "pii",
        "ip",
        r"(?<![\w:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?::?(?:\d{1,3}\.){3}\d{1,3})?"
        r"(?![\w:])",
        (":",),
        digits=1,
        check=_v6,
    ),
)
