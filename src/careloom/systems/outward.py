"""Which addresses a URL that somebody else chose may lead to: public ones, and networks that the settings allow.

Whoever may register an endpoint must not be able to make the hub call its own network (server-side request forgery).
So every spelling of a host that is not plain is refused, a name is resolved once for each connection, every address it
has is judged, and the connection goes to exactly those addresses: a second answer of the name server changes nothing.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Collection, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from careloom.core.errors import AccessRefused, Unavailable

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network
Lookup: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""Asks the name server: every address of a host, in the order to try. Raises OSError."""

PORTS: Final = (80, 443, 8080, 8443)
"""Ports that may be called unless the settings say otherwise: those of web servers."""

# IANA IPv4 Special-Purpose Address Registry, with multicast, and the host address of one cloud's metadata service.
_NOT_PUBLIC_4: Final = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32",
    )
)  # fmt: skip
# Global unicast is 2000::/3 (RFC 4291 section 2.4); these parts of it are not (IANA IPv6 Special-Purpose Registry):
# Teredo and other protocol assignments, documentation, 6to4, AS112.
_GLOBAL_6: Final = IPv6Network("2000::/3")
_NOT_PUBLIC_6: Final = tuple(
    IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)
_NAT64: Final = IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address
_ISATAP: Final = (0x0000_5EFE, 0x0200_5EFE)  # RFC 5214: the last 32 bits behind one of these are an IPv4 address

_URL: Final = re.compile(r"https?://[!-~]+")
_LABEL: Final = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
_INSIDE: Final = ("localhost", "localdomain", "local", "internal", "intranet", "home.arpa", "lan", "onion")


class AddressRefused(AccessRefused):
    """The URL leads to where nothing may be sent: the connection stops until somebody corrects it."""

    stops = True


class Outward:
    """Judges URLs and addresses. `allow` are networks that may be called although they are not public."""

    def __init__(
        self, allow: Sequence[Network] = (), ports: Collection[int] = PORTS, lookup: Lookup | None = None
    ) -> None:
        self._allow = tuple(allow)
        self._ports = frozenset(ports)
        self._lookup = lookup or _ask

    def problem(self, url: str) -> str | None:
        """What is wrong with the URL as it is written; None when nothing is. Asks no name server."""
        if not _URL.fullmatch(url) or "\\" in url:
            return "write an http or https URL in printable ASCII, without backslashes"
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            return "the host or the port of the URL cannot be read"
        if "@" in parts.netloc:
            return "credentials do not belong into the URL"
        if not host:
            return "the URL has no host"
        usual = 443 if parts.scheme == "https" else 80
        if (usual if port is None else port) not in self._ports:
            return f"this port is not among those that may be called: {', '.join(map(str, sorted(self._ports)))}"
        return self._host_problem(host, bracketed="[" in parts.netloc)

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        """The addresses to connect to. Raises AddressRefused when any of them may not be called, Unavailable when the
        name server knows none."""
        literal = _literal(host)
        found = [str(literal)] if literal is not None else await self._found(host, port)
        for text in found:
            if (wrong := self._address_problem(text)) is not None:
                raise AddressRefused(f"{host} {wrong}; nothing is sent there, allow its network if it is meant")
        return found

    async def _found(self, host: str, port: int) -> Sequence[str]:
        try:
            found = await self._lookup(host, port)
        except OSError as error:
            raise Unavailable(f"{host} has no address: {error.strerror or type(error).__name__}") from None
        if not found:
            raise Unavailable(f"{host} has no address")
        return found

    def _host_problem(self, host: str, *, bracketed: bool) -> str | None:
        if bracketed:
            return self._address_problem(host)
        labels = host.split(".")
        if not all(_LABEL.fullmatch(label) for label in labels):
            return "write the host as a plain name or address, without a dot at its end"
        if _NUMBER.fullmatch(labels[-1]):  # as a browser reads it, an IPv4 address in some spelling
            return self._address_problem(host)
        inside = len(labels) == 1 or any(host == name or host.endswith(f".{name}") for name in _INSIDE)
        return "the host is a name of an inner network" if inside and not self._allow else None

    def _address_problem(self, text: str) -> str | None:
        try:
            address = ip_address(text)
        except ValueError:
            return "is an address in a spelling that is not plain"
        if any(address in network for network in self._allow if network.version == address.version):
            return None
        return None if is_public(address) else "leads to an address that is not public"


def is_public(address: Address) -> bool:
    """Whether an address belongs to the public internet, also by the IPv4 address that may be hidden in it."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_4)
    if address.scope_id is not None:
        return False
    if address in _NAT64:
        return is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
    if (int(address) >> 32) & 0xFFFF_FFFF in _ISATAP:
        return False
    return address in _GLOBAL_6 and not any(address in network for network in _NOT_PUBLIC_6)


def network(text: str) -> Network:
    """`10.20.0.0/16` as a network. Raises ValueError for one that is none, or has bits behind its mask."""
    return ip_network(text)


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


async def _ask(host: str, port: int) -> Sequence[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
