"""Asking an address that a stranger wrote, without letting them reach into the operator's network.

Only hosts of a list are asked, names are resolved once and the connection goes to what they resolved to, and addresses
that are not public are refused. Whoever asks follows no redirect without checking again, and uses neither proxies nor
cookies: ``session`` sees to the latter.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Sequence

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from msgspec import Struct
from yarl import URL

from streamforge.errors import AssetRejected

_PORTS = {"https": 443, "http": 80}


class HostNotAllowed(AssetRejected):
    """The operator has not allowed this host."""


class Hosts(Struct, frozen=True):
    """Who may be asked.

    ``allowed`` names hosts: ``cdn.example.com``, ``*.example.com`` (subdomains), ``*`` (everybody), with a port where
    it is not the usual one. They are asked over https, or over http where the entry says ``http://``. ``private``
    names, in the same way, those of them that may lie in the operator's own network.
    """

    allowed: tuple[str, ...] = ()
    private: tuple[str, ...] = ()

    def allow(self, url: URL) -> bool:
        """Whether this address may be asked."""
        return any(_fits(entry, url) for entry in (*self.allowed, *self.private))

    def may_be_private(self, url: URL) -> bool:
        """Whether this host may resolve to an address that is not public."""
        return any(_fits(entry, url) for entry in self.private)


def parsed(address: str) -> URL:
    """The address as a URL of http or https; raises AssetRejected."""
    try:
        url = URL(address)
        _ = url.port
    except ValueError:
        raise AssetRejected("the address is not a valid URL", hint="give https://host/path") from None
    if url.scheme not in _PORTS or not url.raw_host:
        raise AssetRejected("the address is no https URL", hint="give https://host/path")
    return url


def check(url: URL, hosts: Hosts) -> None:
    """Raise AssetRejected or HostNotAllowed where this address may not be asked, as far as it says so itself."""
    if url.user or url.password:
        raise AssetRejected(f"the address of {url.host} holds a user name", hint="leave it out")
    if not hosts.allow(url):
        where = f"{url.host}:{url.port}" if url.port != _PORTS[url.scheme] else url.host
        raise HostNotAllowed(
            f"{url.scheme}://{where} is not to be asked", hint="the operator of this service has not allowed the host"
        )
    if (address := _literal(url.raw_host or "")) is not None:
        _check_public(address, url, hosts)


def _literal(host: str) -> str | None:
    try:
        return str(ipaddress.ip_address(host.partition("%")[0]))
    except ValueError:
        return None


def _check_public(address: str, url: URL, hosts: Hosts) -> None:
    if not is_public(address) and not hosts.may_be_private(url):
        raise AssetRejected(f"{url.host} is not a public address", hint="give an address on the internet")


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet, also by what it wraps (IPv4 in IPv6, 6to4, NAT64, Teredo)."""
    found = ipaddress.ip_address(address.partition("%")[0])
    inner: ipaddress.IPv4Address | None = None
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if found in _NAT64 or found in _COMPATIBLE:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFF_FFFF)
        if found.teredo is not None or found.is_site_local:
            return False
    if inner is not None:
        return is_public(str(inner))
    return found.is_global and not found.is_multicast and not found.is_reserved


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")


class Pinned(AbstractResolver):
    """Resolves the one host of a request, and fails where any of its addresses may not be asked."""

    def __init__(self, url: URL, hosts: Hosts) -> None:
        self._url = url
        self._hosts = hosts

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses to connect to, all checked; raises AssetRejected."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
        for entry in found:
            _check_public(str(entry[4][0]), self._url, self._hosts)
        return [
            ResolveResult(
                hostname=host,
                host=str(entry[4][0]),
                port=port,
                family=entry[0],
                proto=entry[2],
                flags=socket.AI_NUMERICHOST,
            )
            for entry in found
        ]

    async def close(self) -> None:
        """Nothing is held."""


def session(url: URL, hosts: Hosts, timeout_s: float) -> aiohttp.ClientSession:
    """For requests to this one address: pinned, in plain bytes, without cookies; each on a connection of its own."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(resolver=Pinned(url, hosts), use_dns_cache=False, force_close=True),
        timeout=aiohttp.ClientTimeout(total=timeout_s),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
    )


def _fits(entry: str, url: URL) -> bool:
    scheme, _, rest = entry.rpartition("://")
    host, colon, port = rest.lower().rpartition(":")
    if not colon or not port.isdecimal():
        host, port = rest.lower(), str(_PORTS.get(scheme or "https", 443))
    asked = (url.raw_host or "").lower().rstrip(".")
    named = host == "*" or asked == host.strip("[]") or (host.startswith("*.") and asked.endswith(host[1:]))
    return named and url.scheme == (scheme or "https") and str(url.port) == port


def entries_of(hosts: Sequence[str]) -> tuple[str, ...]:
    """The entries of an allow-list, as ``Hosts`` takes them. Raises ValueError for one that can fit nothing."""
    for entry in hosts:
        scheme, _, rest = entry.rpartition("://")
        if scheme not in {"", *_PORTS} or not rest or any(mark in rest for mark in "/@?# ") or "*" in rest[1:]:
            raise ValueError(f"{entry!r} is no host; write cdn.example.com, *.example.com or http://host:port")
    return tuple(hosts)
