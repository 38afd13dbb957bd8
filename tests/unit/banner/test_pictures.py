"""Pictures by address: from allowed hosts alone, never out of a private network, never more than the limits."""

from __future__ import annotations

import asyncio
import base64
import gzip
import socket
from collections.abc import AsyncIterator

import pytest
from yarl import URL

from streamforge.errors import (
    AssetRejected,
    ConfigError,
    ProviderUnavailable,
    RateLimited,
    StreamForgeError,
)
from streamforge.pipelines.banner.pictures import Pictures
from streamforge.providers.download import Hosts, entries_of, is_public
from streamforge.testing.image_server import ImageServer, ServedFile, flat_png

PNG = flat_png(16, 16)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9"/></svg>'


@pytest.fixture
async def server() -> AsyncIterator[ImageServer]:
    """A server on loopback with a picture at ``/files/logo``."""
    async with ImageServer() as server:
        server.files["logo"] = ServedFile(PNG)
        yield server


def trusting(server: ImageServer, timeout_s: float = 10.0, max_bytes: int = 5_000_000) -> Pictures:
    """Pictures of that one server, private as it is."""
    return Pictures([], private=[server.url], timeout_s=timeout_s, max_bytes=max_bytes)


def url_of(server: ImageServer, name: str = "logo") -> str:
    """The address of a file, with a query that nobody else may see."""
    return f"{server.url}/files/{name}?token=very-secret-token"


async def refused(pictures: Pictures, address: str, kind: type[StreamForgeError] = AssetRejected) -> StreamForgeError:
    """The error that an address ends in; it names the field, and tells nothing of the address but its host."""
    with pytest.raises(kind) as caught:
        await pictures.data_uri(address, "logo")
    assert caught.value.field == "logo"
    assert "very-secret-token" not in f"{caught.value} {caught.value!r}"
    return caught.value


async def test_an_allowed_picture_comes_as_what_it_is(server: ImageServer) -> None:
    """The media type is that of the bytes, whatever the server calls them."""
    server.files["lie"] = ServedFile(SVG, headers={"content-type": "image/jpeg"})
    found = await trusting(server).data_uri(url_of(server), "logo")
    assert found == "data:image/png;base64," + base64.b64encode(PNG).decode()
    assert (await trusting(server).data_uri(url_of(server, "lie"), "logo")).startswith("data:image/svg+xml;")


async def test_a_data_uri_is_handed_on() -> None:
    """No host has to be allowed for what the brief brings itself."""
    assert await Pictures().data_uri("data:image/png;base64,AAAA", "logo") == "data:image/png;base64,AAAA"


async def test_by_default_nothing_is_fetched(server: ImageServer) -> None:
    """Without a list no host is asked, and the error names the setting."""
    error = await refused(Pictures(), "https://cdn.example.com/x.png?token=very-secret-token")
    assert "banner.picture_hosts" in str(error.hint)
    assert "https://cdn.example.com" in error.message
    await refused(Pictures(["127.0.0.1"]), url_of(server))
    assert server.fetched == []


@pytest.mark.parametrize(
    "address", ["ftp://h/x", "file:///etc/passwd", "//h/x", "logo.png", "javascript:x", "https:///x", "http://[::1"]
)
async def test_other_schemes_are_refused(address: str) -> None:
    """Only data URIs and addresses on the web can be pictures."""
    await refused(Pictures(["*", "http://*"]), address)


async def test_a_private_address_is_not_asked_though_its_host_is_allowed(server: ImageServer) -> None:
    """Loopback by number, by name, and by odd spellings of the number is refused after resolving."""
    port = URL(server.url).port
    hosts = ("127.0.0.1", "localhost", "127.1", "0x7f000001", "2130706433", "[::1]", "[::ffff:127.0.0.1]", "0")
    pictures = Pictures([f"http://*:{port}"])
    for host in hosts:
        error = await refused(pictures, f"http://{host}:{port}/files/logo", StreamForgeError)
        assert "not a public address" in error.message or isinstance(error, ProviderUnavailable), host
    assert server.fetched == []


async def test_a_name_that_also_resolves_to_a_private_address_is_refused(
    server: ImageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One private address among public ones is enough, and the name is resolved once: there is no second answer."""
    asked: list[object] = []

    async def resolve(_loop: object, host: str, port: int, **_: object) -> list[object]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in ("93.184.215.14", "127.0.0.1")]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", resolve)
    port = URL(server.url).port
    error = await refused(Pictures([f"http://*:{port}"]), f"http://rebind.example:{port}/files/logo")
    assert "not a public address" in error.message
    assert asked == ["rebind.example"]
    assert server.fetched == []


async def test_redirects_are_checked_like_addresses(server: ImageServer) -> None:
    """One within the list is followed; one to another host, another scheme or in a circle is not."""
    async with ImageServer() as other:
        other.files["logo"] = ServedFile(PNG)
        moves = {
            "near": "/files/logo",
            "far": url_of(other),
            "file": "file:///etc/passwd",
            "circle": "circle",
            "nowhere": "",
            "broken": "http://[",
        }
        for name, location in moves.items():
            server.files[name] = ServedFile(status=302, headers={"location": location})
        assert (await trusting(server).data_uri(url_of(server, "near"), "logo")).startswith("data:image/png")
        for name in ("far", "file", "circle", "nowhere", "broken"):
            await refused(trusting(server), url_of(server, name))
        assert other.fetched == []
        assert server.fetched.count("circle") == 4


@pytest.mark.parametrize(
    ("file", "kind", "said"),
    [
        (ServedFile(b"<!doctype html><p>log in"), AssetRejected, "a web page"),
        (ServedFile(b"GIF89a..."), AssetRejected, "a GIF"),
        (ServedFile(b""), AssetRejected, "unknown format"),
        (ServedFile(b"x", status=404), AssetRejected, "answered with 404"),
        (ServedFile(b"x", status=403), AssetRejected, "answered with 403"),
        (ServedFile(b"x", status=429, headers={"retry-after": "9"}), RateLimited, "pause"),
        (ServedFile(b"x", status=503), ProviderUnavailable, "answered with 503"),
        (ServedFile(gzip.compress(PNG), headers={"content-encoding": "gzip"}), AssetRejected, "compressed"),
        (ServedFile(PNG + b"\0" * 3000), AssetRejected, "over 2000 bytes"),
    ],
)
async def test_what_is_no_picture_is_told(
    server: ImageServer, file: ServedFile, kind: type[StreamForgeError], said: str
) -> None:
    """Whatever comes instead of a picture is named, and told from what another try may mend."""
    server.files["it"] = file
    error = await refused(trusting(server, max_bytes=2000), url_of(server, "it"), kind)
    assert said in error.message


async def test_a_body_without_a_length_is_cut_at_the_limit(server: ImageServer) -> None:
    """A server that hides how much is coming cannot fill the memory."""
    server.files["long"] = ServedFile(PNG + b"\0" * 500_000, is_chunked=True)
    error = await refused(trusting(server, max_bytes=100_000), url_of(server, "long"))
    assert "over 100000 bytes" in error.message


async def test_a_server_that_never_answers_is_left(server: ImageServer) -> None:
    """The limit bounds the whole fetch, and it may be tried again."""
    server.files["slow"] = ServedFile(PNG, is_held=True)
    error = await refused(trusting(server, timeout_s=0.1), url_of(server, "slow"), ProviderUnavailable)
    assert "longer than" in error.message


async def test_nobody_there_may_be_tried_again() -> None:
    """A refused connection is no fault of the brief."""
    async with ImageServer() as gone:
        pictures, address = trusting(gone), url_of(gone)
    await refused(pictures, address, ProviderUnavailable)


async def test_a_user_name_in_the_address_is_refused(server: ImageServer) -> None:
    """Credentials have no place in a brief."""
    await refused(trusting(server), url_of(server).replace("http://", "http://user:pw@"))


@pytest.mark.parametrize(
    ("entry", "address", "fits"),
    [
        ("cdn.example.com", "https://cdn.example.com/x", True),
        ("cdn.example.com", "https://CDN.Example.com./x", True),
        ("cdn.example.com", "http://cdn.example.com/x", False),
        ("cdn.example.com", "https://cdn.example.com:8443/x", False),
        ("cdn.example.com:8443", "https://cdn.example.com:8443/x", True),
        ("cdn.example.com", "https://evil-cdn.example.com/x", False),
        ("cdn.example.com", "https://cdn.example.com.evil.org/x", False),
        ("cdn.example.com", "https://evil.org/cdn.example.com", False),
        ("cdn.example.com", "https://cdn.example.com@evil.org/", False),
        ("*.example.com", "https://a.b.example.com/x", True),
        ("*.example.com", "https://example.com/x", False),
        ("*.example.com", "https://evilexample.com/x", False),
        ("http://cdn.local:8000", "http://cdn.local:8000/x", True),
        ("http://cdn.local:8000", "https://cdn.local:8000/x", False),
        ("[::1]:99", "https://[::1]:99/x", True),
        ("*", "https://anybody.example/x", True),
        ("*", "http://anybody.example/x", False),
    ],
)
def test_entries_fit_hosts_and_not_what_looks_like_them(entry: str, address: str, fits: bool) -> None:
    """Scheme, host and port all have to fit; a suffix is no subdomain."""
    assert Hosts((entry,)).allow(URL(address)) == fits


@pytest.mark.parametrize("entry", ["", "https://x/path", "ftp://x", "a b", "user@x", "cdn.*.com", "http://"])
def test_an_entry_that_fits_nothing_is_a_wrong_setting(entry: str) -> None:
    """A typo in the list stops the start and names the setting."""
    with pytest.raises(ValueError, match="is no host"):
        entries_of([entry])
    with pytest.raises(ConfigError) as caught:
        Pictures([entry])
    assert caught.value.field == "banner.picture_hosts"


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("0.0.0.0", False),  # noqa: S104 - an address to refuse
        ("10.1.2.3", False),
        ("100.64.0.1", False),
        ("127.8.8.8", False),
        ("169.254.169.254", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("192.0.2.1", False),
        ("198.18.0.1", False),
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("::127.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:93.184.215.14", True),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::5db8:d70e", True),
        ("2002:7f00:1::", False),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", False),
        ("fc00::1", False),
        ("fe80::1%eth0", False),
        ("fec0::1", False),
        ("ff02::1", False),
        ("2001:db8::1", False),
    ],
)
def test_public_addresses_are_told_from_all_others(address: str, public: bool) -> None:
    """Loopback, private, link-local, shared, documentation and multicast ranges are not public, nor wrapped in IPv6."""
    assert is_public(address) == public
