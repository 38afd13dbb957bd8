"""One store of each kind: a directory, memory, and a bucket behind a real S3 server on loopback."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from streamforge.config import Secret
from streamforge.storage.objects import Objects

KINDS = ("local", "memory", "s3")
SERVER = Path(__file__).parent / "bucket_server.py"


class Bucket:
    """An empty bucket, and what an operator sets to use it."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.name = f"b-{uuid.uuid4().hex}"
        self.url = f"s3://{self.name}/prefix"
        urllib.request.urlopen(urllib.request.Request(f"{endpoint}/{self.name}", method="PUT")).close()  # noqa: S310 - loopback

    def options(self, *more: str) -> tuple[Secret, ...]:
        """For ``storage.options``."""
        known = ("access_key_id=key", "secret_access_key=verysecret", "region=us-east-1", "allow_http=true")
        return tuple(Secret(option) for option in (f"endpoint={self.endpoint}", *known, *more))

    def open(self, *more: str) -> Objects:
        """A store in it."""
        return Objects.open(self.url, Path(), options=self.options(*more))


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """A server that speaks S3, in a process of its own; without it these tests fail, as they should."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, str(SERVER)], stdin=pipe, stdout=pipe, env=environ) as server:
        assert server.stdout is not None
        port = server.stdout.readline().strip().decode()
        assert port, "moto could not be started: install the dev dependencies"
        yield f"http://127.0.0.1:{port}"
        assert server.stdin is not None
        server.stdin.close()


@pytest.fixture
def bucket(s3_endpoint: str) -> Bucket:
    """An empty bucket."""
    return Bucket(s3_endpoint)


@pytest.fixture(params=KINDS)
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Objects:
    """A store of each kind."""
    if request.param == "s3":
        return Bucket(request.getfixturevalue("s3_endpoint")).open()
    url = "" if request.param == "local" else "memory://"
    return Objects.open(url, tmp_path, fsync=True)
