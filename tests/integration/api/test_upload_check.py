"""A say in which files a job may have: by a program, or by a function; and what a tenant without room is told."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from structlog.testing import capture_logs

from streamforge.broker.broker import Broker
from streamforge.broker.quotas import Quotas
from streamforge.config import ApiSettings, TenantSettings
from streamforge.errors import ConfigError
from streamforge.jobs import upload_check
from streamforge.jobs.upload_check import Upload, check_of
from tests.integration.api.gate import Answer, Gate, opened

PATH = "/api/v1/jobs/j1/uploads/a"
SCANNER = """
import os, sys
data = sys.stdin.buffer.read()
if b"EICAR" in data:
    print("infected with Eicar-Test")
    print("more that nobody asked for")
    sys.exit(1)
facts = [os.environ["STREAMFORGE_UPLOAD_" + name] for name in ("JOB", "KIND", "TENANT", "NAME", "TYPE", "SIZE")]
is_known = facts == ["j1", "banner", "acme", "a", "text/plain", str(len(data))]
sys.exit(0 if is_known and "SECRET" not in os.environ else 9)
"""
PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 100
GOOD, BAD = b"a letter\n" * 100_000, b"EICAR " * 1000

Make = Callable[..., Awaitable[Gate]]


@pytest.fixture
async def gates(broker: Broker) -> AsyncIterator[Make]:
    """Servers with that check, each with a job that waits for a file."""
    async with AsyncExitStack() as stack:

        async def make(*check: str, **more: Any) -> Gate:  # noqa: ANN401 - ApiSettings'
            gate = await stack.enter_async_context(opened(Gate(broker, upload_check=check, **more)))
            await gate.submit("j1", "acme", "a")
            return gate

        yield make


async def send(gate: Gate, data: bytes) -> Answer:
    """Send the file."""
    return await gate.call("PUT", PATH, data=data, Content_Type="text/plain")


async def test_a_program_takes_and_refuses(gates: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """It gets the bytes and what is known of them, none of the daemon's secrets; its first line is the reason.

    What is refused is not the job's; what was there before stays.
    """
    monkeypatch.setenv("SECRET", "planted")
    gate = await gates(sys.executable, "-c", SCANNER)
    assert (await send(gate, GOOD)).status == 200
    refused = await send(gate, BAD)
    assert (refused.status, refused.json["code"], refused.json["field"]) == (422, "upload_refused", "body")
    assert refused.json["detail"] == "'a' was refused: infected with Eicar-Test"
    assert (await gate.get(PATH)).json["size"] == len(GOOD)
    assert (await gate.call("POST", "/api/v1/jobs/j1/process")).status == 202


@pytest.mark.parametrize(
    "check",
    [
        (sys.executable, "-c", "import sys; sys.exit(2)"),
        (sys.executable, "-c", "import os; os.abort()"),
        (sys.executable, "-c", "import time; time.sleep(600)"),
        ("/nowhere/scanner", "-"),
    ],
    ids=["its own trouble", "killed", "too slow", "not there"],
)
async def test_where_nobody_can_say_nothing_is_taken(gates: Make, check: tuple[str, ...]) -> None:
    """The sender is asked to come again, and is not told of the operator's machine; the log is."""
    gate = await gates(*check, upload_check_s=1.0)
    with capture_logs() as logs:
        answer = await send(gate, GOOD)
    assert (answer.status, answer.json["code"]) == (503, "upload_unchecked")
    assert answer.json["detail"] == "The file could not be checked: send it again later."
    assert "upload_check_failed" in [line["event"] for line in logs]
    assert "is_here" not in (await gate.get(PATH)).json


async def test_a_program_need_not_read_it_all(gates: Make) -> None:
    """One that knows enough ends early; one that talks without end is not listened to."""
    script = "import sys; sys.stdout.write('no\\n' + 'x' * 10_000_000); sys.stdout.flush(); sys.exit(1)"
    answer = await send(await gates(sys.executable, "-c", script), GOOD)
    assert answer.json["detail"] == "'a' was refused: no"


async def policy(upload: Upload) -> str | None:
    """Take no PNG."""
    size = sum([len(chunk) async for chunk in upload.chunks])
    assert size == upload.size
    return "no pictures today" if upload.media_type == "image/png" else None


async def broken(upload: Upload) -> str | None:
    """Fail."""
    raise RuntimeError(f"secret of {upload.name}")


async def test_a_function_takes_and_refuses(gates: Make) -> None:
    """Named as package.module:function."""
    gate = await gates(f"{__name__}:policy")
    assert (await send(gate, GOOD)).status == 200
    answer = await gate.call("PUT", PATH, data=PNG, Content_Type="image/png")
    assert (answer.status, answer.json["detail"]) == (422, "'a' was refused: no pictures today")


async def test_a_function_that_fails_takes_nothing(gates: Make) -> None:
    """And what it raised is not shown."""
    answer = await send(await gates(f"{__name__}:broken"), GOOD)
    assert (answer.status, "secret" in answer.body.decode()) == (503, False)


@pytest.mark.parametrize("place", ["nowhere:policy", f"{__name__}:nothing", f"{__name__}:SCANNER"])
def test_a_function_that_is_not_there_stops_the_start(place: str) -> None:
    """Naming the setting."""
    with pytest.raises(ConfigError) as caught:
        check_of(ApiSettings(upload_check=(place,)))
    assert caught.value.field == "api.upload_check"


def test_without_a_check_all_is_taken() -> None:
    """As it comes."""
    assert check_of(ApiSettings()) is None
    assert upload_check.TAKEN == 0


async def test_a_tenant_without_room_is_told(gates: Make, broker: Broker) -> None:
    """507, with what it keeps, what it may and which setting says so; another tenant goes on."""
    gate = await gates()
    gate.objects.quota = Quotas(broker, 0, {"acme": TenantSettings(storage_mb=1)})
    assert (await send(gate, b"x" * 900_000)).status == 200
    full = await send(gate, b"y" * 900_000)
    assert (full.status, full.json["code"]) == (507, "quota_exceeded")
    assert "keeps 0.9 MB of the 1 MB that it may" in full.json["detail"]
    assert full.json["field"] == "tenants.acme.storage_mb"
    assert (await gate.get(PATH)).json["size"] == 900_000
    await gate.submit("j2", "other", "a")
    assert (await gate.call("PUT", "/api/v1/jobs/j2/uploads/a", data=b"y" * 900_000)).status == 200


async def test_a_file_that_was_being_deleted_is_kept_all_the_same(gates: Make, broker: Broker) -> None:
    """The very bytes were garbage a moment ago: the file is put where nobody deletes it, and the job runs with it."""
    gate = await gates()
    ref = await gate.objects.of("acme").put(GOOD)
    await broker.client.zadd(broker.keys.deleted, {ref.key: 77})
    assert (await send(gate, GOOD)).json["sha256"] == ref.key
    places = [copy.path for copy in await gate.objects.of("acme").copies(ref.key)]
    assert f"tenants/acme/again/{ref.key}/77" in places
