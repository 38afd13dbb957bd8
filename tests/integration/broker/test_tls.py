"""TLS, against Debian's redis-server: the packaged Valkey speaks none."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from streamforge.broker.broker import Broker
from streamforge.config import JobsSettings, RedisSettings
from streamforge.errors import BrokerUnavailable, ConfigError

SERVER = Path("/usr/bin/redis-server")
DAY = ("-days", "1", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A throwaway authority (``ca.pem``), its certificate for localhost, and a stranger's authority."""
    home = tmp_path_factory.mktemp("tls")
    for name in ("ca", "stranger"):
        make(home, "req", "-x509", *DAY, "-keyout", f"{name}.key", "-out", f"{name}.pem", "-subj", f"/CN={name}")
    make(home, "req", *DAY[2:], "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost")
    (home / "names").write_text("subjectAltName=DNS:localhost\n")
    signing = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "1", "-extfile", "names")
    make(home, "x509", "-req", "-in", "server.csr", *signing, "-out", "server.pem")
    return home


def make(home: Path, *arguments: str) -> None:
    """Run openssl in ``home``."""
    openssl = shutil.which("openssl")
    assert openssl, "openssl is missing: apt-get install openssl"
    subprocess.run([openssl, *arguments], cwd=home, check=True, capture_output=True)


@pytest.fixture(scope="module")
def port(certificates: Path) -> Iterator[int]:
    """The port of a redis-server that speaks TLS alone."""
    if not SERVER.exists() and not os.environ.get("CI"):
        pytest.skip("Debian's redis-server is not installed; with CI set this is a failure")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    options = {"port": "0", "tls-port": str(number), "bind": "127.0.0.1", "save": "", "tls-auth-clients": "no"}
    options |= {"tls-cert-file": "server.pem", "tls-key-file": "server.key", "tls-ca-cert-file": "ca.pem"}
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    process = subprocess.Popen([SERVER, *arguments], cwd=certificates, stdout=subprocess.DEVNULL)
    try:
        wait_for(number)
        yield number
    finally:
        process.kill()
        process.wait()


def wait_for(port: int) -> None:
    """Return when somebody listens there."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.01)
        else:
            return
    pytest.fail("redis-server did not listen")


async def ping(url: str, **settings: str) -> None:
    """One round trip with these settings."""
    broker = Broker(RedisSettings(**settings), JobsSettings(), url)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    try:
        await broker.ping()
    finally:
        await broker.close()


async def test_the_right_authority_is_trusted(port: int, certificates: Path) -> None:
    """With the CA's file, chain and name are checked and hold."""
    await ping(f"rediss://localhost:{port}/0", ssl_ca_certs=str(certificates / "ca.pem"))
    await ping(f"rediss://localhost:{port}/0?ssl_ca_certs={certificates / 'ca.pem'}")


async def test_a_strange_authority_is_not_trusted(port: int, certificates: Path) -> None:
    """Another CA's file, or the system's list, is not enough: no data is sent."""
    for trusted in (str(certificates / "stranger.pem"), ""):
        with pytest.raises(ConfigError, match=r"(?i)certificate"):
            await ping(f"rediss://localhost:{port}/0", ssl_ca_certs=trusted)


async def test_the_name_is_checked(port: int, certificates: Path) -> None:
    """A good certificate for another name is refused."""
    with pytest.raises(ConfigError, match=r"(?i)certificate|match"):
        await ping(f"rediss://127.0.0.1:{port}/0", ssl_ca_certs=str(certificates / "ca.pem"))


async def test_checking_can_be_switched_off(port: int) -> None:
    """``none`` takes any certificate, by setting or by URL."""
    await ping(f"rediss://127.0.0.1:{port}/0", ssl_cert_reqs="none")
    await ping(f"rediss://127.0.0.1:{port}/0?ssl_cert_reqs=none")


async def test_plain_text_to_a_tls_port_fails_soon(port: int) -> None:
    """A URL without the s says that Redis does not answer."""
    with pytest.raises(BrokerUnavailable):
        await ping(f"redis://127.0.0.1:{port}/0")
