"""Objects in a bucket, over HTTP: addresses, encryption, what its settings say and what they hide, a dead endpoint."""

from __future__ import annotations

import asyncio
import os
import socket
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from streamforge.config import Secret
from streamforge.errors import ConfigError
from streamforge.storage.objects import BUCKET_PART_BYTES, ObjectMissing, Objects, StorageUnavailable
from tests.integration.objects.conftest import Bucket

ABSENT = "0" * 64


def fetched(address: str) -> tuple[bytes, dict[str, str]]:
    """What anybody gets there, with its headers."""
    with urllib.request.urlopen(address) as answer:  # noqa: S310 - loopback
        return answer.read(), dict(answer.headers)


async def test_an_address_opens_one_object_for_a_time(bucket: Bucket) -> None:
    """Whoever has it gets the bytes without a key; for an object that is not there, there is none."""
    objects = bucket.open().of("a")
    ref = await objects.put(b"hello")
    address = await objects.address_of(ref, 60)
    assert address is not None
    assert address.startswith(f"{bucket.endpoint}/{bucket.name}/prefix/tenants/a/")
    assert "X-Amz-Expires=60" in address
    assert "verysecret" not in address
    body, _ = await asyncio.to_thread(fetched, address)
    assert body == b"hello"
    with pytest.raises(ObjectMissing):
        await objects.address_of(ABSENT, 60)


async def test_encryption_is_asked_for(bucket: Bucket) -> None:
    """What storage.options say of it goes with every object, whole or in parts."""
    objects = bucket.open("server_side_encryption=aws:kms", "sse_kms_key_id=alias/mine").of("a")

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield os.urandom(BUCKET_PART_BYTES // 2)

    for ref in (await objects.put(b"hello"), await objects.put_stream(pieces())):
        address = await objects.address_of(ref, 60)
        assert address is not None
        _, headers = await asyncio.to_thread(fetched, address)
        assert headers["x-amz-server-side-encryption"] == "aws:kms"
        assert "alias/mine" in headers["x-amz-server-side-encryption-aws-kms-key-id"]


async def test_the_environment_does_as_well(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """The provider's own variables are enough, and an option of the HTTP client does not switch them off."""
    for name, value in {"ENDPOINT": bucket.endpoint, "ALLOW_HTTP": "true", "REGION": "us-east-1"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "verysecret")
    for options in ((), (Secret("timeout=20s"),)):
        objects = Objects.open(bucket.url, Path(), options=options)
        assert await objects.get(await objects.put(b"x")) == b"x"


@pytest.mark.parametrize(
    "option",
    [
        "no value",
        "=x",
        "nonsense=hidden-value",
        "server_side_encryption=hidden-value",
        "timeout=hidden-value",
        "allow_http=hidden-value",
    ],
)
def test_a_wrong_option_is_refused_without_its_value(option: str) -> None:
    """At the start, naming the setting; secrets may be among them."""
    with pytest.raises(ConfigError) as caught:
        Objects.open("s3://bucket", Path(), options=[Secret("secret_access_key=verysecret"), Secret(option)])
    assert caught.value.field in ("storage.options", "storage.url")
    assert "hidden-value" not in str(caught.value)
    assert "verysecret" not in str(caught.value)


async def test_a_bucket_that_is_not_there_is_not_a_missing_object(bucket: Bucket) -> None:
    """Writing to it is told as what it is: the store's trouble, to be mended outside and tried again."""
    objects = Objects.open("s3://another/prefix", Path(), options=bucket.options())
    with pytest.raises(StorageUnavailable) as caught:
        await objects.put(b"x")
    assert "verysecret" not in str(caught.value)


async def test_a_dead_endpoint_is_transient(bucket: Bucket) -> None:
    """Whatever is asked of a bucket that does not answer is something to try again, not a broken job."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        bucket.endpoint = f"http://127.0.0.1:{unused.getsockname()[1]}"
        objects = bucket.open().of("a")

        async def chunks() -> AsyncIterator[bytes]:
            yield b"x"

        for asking in (
            objects.get(ABSENT),
            objects.size(ABSENT),
            objects.put(b"x"),
            objects.put_stream(chunks()),
            anext(objects.every()),
            objects.delete(["objects/x"]),
            objects.claim("me"),
        ):
            with pytest.raises(StorageUnavailable, match=r"(?i)connect|sending request"):
                await asking
