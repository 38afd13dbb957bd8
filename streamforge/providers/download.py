"""Fetching a file from an address that a stranger wrote, without letting them reach into the operator's network.

Only hosts of a list are asked, names are resolved once and the connection goes to what they resolved to, addresses
that are not public are refused, and all of it holds for each redirect again. Proxies and cookies are not used.
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

from streamforge.errors import AssetRejected, ProviderUnavailable, RateLimited

_PORTS = {"https": 443, "http": 80}
_REDIRECTS = frozenset([301, 302, 303, 307, 308])
_MAX_REDIRECTS = 3
_CHUNK_BYTES = 64 * 1024
_TOO_MANY, _SERVER_ERROR, _REQUEST_TIMEOUT, _OK = 429, 500, 408, 200


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


class Limits(Struct, frozen=True, kw_only=True):
    """Bounds of one download, redirects included."""

    max_bytes: int = 5_000_000
    timeout_s: float = 10.0


async def download(address: str, hosts: Hosts, limits: Limits) -> bytes:
    """The file at ``address``.

    Raises AssetRejected where it may not or cannot be had, RateLimited or ProviderUnavailable where trying again may
    help. Messages name host and reason; path and query may be secret.
    """
    url = _parsed(address)
    timeout = aiohttp.ClientTimeout(total=limits.timeout_s)
    try:
        async with asyncio.timeout(limits.timeout_s):
            for _ in range(_MAX_REDIRECTS + 1):
                _check(url, hosts)
                answer = await _ask(url, hosts, limits, timeout)
                if isinstance(answer, bytes):
                    return answer
                url = answer
    except TimeoutError:
        raise ProviderUnavailable(f"{url.host} took longer than {limits.timeout_s:g} s") from None
    except aiohttp.ClientConnectorCertificateError:
        raise AssetRejected(f"the certificate of {url.host} is not valid", hint="give an address with one") from None
    except (aiohttp.ClientError, OSError) as error:
        # the library's message may hold the whole address
        raise ProviderUnavailable(f"{url.host} could not be reached: {type(error).__name__}") from None
    raise AssetRejected(f"{url.host} redirects more than {_MAX_REDIRECTS} times", hint="give the final address")


def _parsed(address: str) -> URL:
    try:
        url = URL(address)
        _ = url.port
    except ValueError:
        raise AssetRejected("the address is not a valid URL", hint="give https://host/path") from None
    if url.scheme not in _PORTS or not url.raw_host:
        raise AssetRejected("the address is no https URL", hint="give https://host/path, or a data URI")
    return url


def _check(url: URL, hosts: Hosts) -> None:
    if url.user or url.password:
        raise AssetRejected(f"the address of {url.host} holds a user name", hint="leave it out")
    if not hosts.allow(url):
        where = f"{url.host}:{url.port}" if url.port != _PORTS[url.scheme] else url.host
        raise HostNotAllowed(f"nothing is fetched from {url.scheme}://{where}", hint="put the file itself into the job")
    if (address := _literal(url.raw_host or "")) is not None:
        _check_public(address, url, hosts)


def _literal(host: str) -> str | None:
    try:
        return str(ipaddress.ip_address(host.partition("%")[0]))
    except ValueError:
        return None


def _check_public(address: str, url: URL, hosts: Hosts) -> None:
    if not is_public(address) and not hosts.may_be_private(url):
        raise AssetRejected(f"{url.host} is not a public address", hint="give a picture that lies on the internet")


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


class _Pinned(AbstractResolver):
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


async def _ask(url: URL, hosts: Hosts, limits: Limits, timeout: aiohttp.ClientTimeout) -> bytes | URL:
    """The body, or where it is said to be instead."""
    connector = aiohttp.TCPConnector(resolver=_Pinned(url, hosts), use_dns_cache=False, force_close=True)
    headers = {"Accept": "image/*", "Accept-Encoding": "identity", "User-Agent": "streamforge"}
    async with (
        aiohttp.ClientSession(
            connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
        ) as session,
        session.get(url, headers=headers, allow_redirects=False) as response,
    ):
        if response.status in _REDIRECTS:
            return _target(response.headers.get("Location", ""), url)
        _check_status(response, url)
        return await _body(response, limits.max_bytes)


def _target(location: str, url: URL) -> URL:
    try:
        target = url.join(URL(location))
    except ValueError:
        raise AssetRejected(f"{url.host} redirects to what is no address", hint="give the final address") from None
    return _parsed(str(target))


def _check_status(response: aiohttp.ClientResponse, url: URL) -> None:
    status = response.status
    if status == _TOO_MANY:
        after = response.headers.get("Retry-After", "")
        raise RateLimited(f"{url.host} asks for a pause", retry_after_s=float(after) if after.isdecimal() else None)
    if status >= _SERVER_ERROR or status == _REQUEST_TIMEOUT:
        raise ProviderUnavailable(f"{url.host} answered with {status}")
    if status != _OK:
        raise AssetRejected(f"{url.host} answered with {status}", hint="check that everybody can open the address")
    if response.headers.get("Content-Encoding", "identity").lower() not in {"", "identity"}:
        raise AssetRejected(f"{url.host} sent a compressed answer unasked", hint="give another address")


async def _body(response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    host = response.url.host
    too_large = AssetRejected(f"the file at {host} is over {max_bytes} bytes", hint="give a smaller one")
    if (response.content_length or 0) > max_bytes:
        raise too_large
    body = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
        body += chunk
        if len(body) > max_bytes:
            raise too_large
    return bytes(body)


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
