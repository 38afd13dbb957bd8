"""``streamforge objects``: what it prints, and its exit codes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from streamforge.broker.broker import Broker
from streamforge.cli.main import main
from streamforge.config import JobsSettings, RedisSettings
from streamforge.jobs.model import Artifact
from streamforge.storage.objects import Objects
from streamforge.testing.server import TestServer
from tests.integration.moves import checkpoint, raw, submit, take_one

Run = Callable[..., int]


@pytest.fixture
def run(shared_server: TestServer, tmp_path: Path) -> Run:
    """The command, over a job with two files, one of them gone, and some garbage."""

    async def prepare() -> None:
        broker = Broker(RedisSettings(), JobsSettings(), shared_server.url)
        await raw(broker).flushall()
        await submit(broker, tenant="acme")
        claim, view = await take_one(broker), Objects.open("", tmp_path).of("acme")
        for data in (b"x" * 500_000, b"gone"):
            ref = await view.put(data)
            file = Artifact(name=ref.key, key=ref.key, media_type="text/plain", size=ref.size)
            value = msgspec.json.encode(file)
            await broker.record(checkpoint(claim, ref.key, value, target="files", object=ref.key, size=ref.size))
        await view.delete([copy.path for copy in await view.copies(ref.key)])
        await view.put(b"garbage" * 100_000)
        await broker.close()

    asyncio.run(prepare())

    def command(*args: str, **settings: str) -> int:
        given = {"redis.url": shared_server.url, "paths.data_dir": str(tmp_path), "tenants.acme.storage_mb": "7"}
        given |= {"storage.garbage_after_s": "0", "jobs.result_ttl_s": "0.001", **settings}
        flags = [part for name, value in given.items() for part in ("--set", f"{name}={value}")]
        return main(["objects", *args, *flags])

    return command


def test_usage_says_what_tenants_keep_and_may(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """In words and as JSON."""
    assert run("usage") == 0
    assert capsys.readouterr().out.split() == ["acme", "0.5", "MB", "of", "7"]
    assert run("usage", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"acme": {"bytes": 500_004, "limit": 7_000_000}}


def test_a_check_exits_with_what_it_found(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """1 for a reference without its object, which is named."""
    assert run("check", "--read") == 1
    first, last = capsys.readouterr().out.splitlines()
    assert first.startswith("missing  ")
    assert first.endswith("tenant acme, job job-1")
    assert last == "2 references, 1 faults"
    assert run("check", "--json") == 1
    assert json.loads(capsys.readouterr().out)["references"] == 2


def test_garbage_is_told_and_then_deleted(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """A dry run changes nothing; what is referred to stays."""
    assert run("collect", "--dry-run") == 0
    assert capsys.readouterr().out == "2 objects, 1.2 MB; 1 that nothing refers to, 0.7 MB\n"
    assert run("collect") == 0
    assert capsys.readouterr().out == "2 objects, 1.2 MB; 1 that nothing refers to, 0.7 MB; deleted 1, 0.7 MB\n"
    assert run("collect", "--json") == 0
    assert json.loads(capsys.readouterr().out)["objects"] == 1


def test_an_older_store_is_left_alone(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """The command says why, and from when on it would not; taking over says the same of a lost Redis."""
    assert run("collect", **{"jobs.result_ttl_s": "3600"}) == 2
    assert "knows references only since" in capsys.readouterr().err
    assert run("take-over") == 0
    assert "belongs to this Redis now" in capsys.readouterr().out
