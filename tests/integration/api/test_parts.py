"""Files that arrive in parts: in any order, again after a break, and whole in the end or not at all."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from streamforge.broker.broker import Broker
from streamforge.jobs import parts
from streamforge.jobs.model import FileWanted, JobState
from streamforge.storage.objects import Objects
from tests.integration.api.gate import Answer, Gate, opened

FILE = b"\x89PNG\r\n\x1a\n" + os.urandom(100_000)
SHA = hashlib.sha256(FILE).hexdigest()
AT = "/api/v1/jobs/j1/uploads/a.png"


@pytest.fixture
async def gate(broker: Broker, tmp_path: Path) -> AsyncIterator[Gate]:
    """A server over files, and a job that waits for one."""
    settings: dict[str, Any] = {"upload_max_bytes": 200_000, "upload_total_bytes": 200_000}
    async with opened(Gate(broker, Objects.open("", tmp_path), **settings)) as made:
        await made.submit("j1", "acme", "a.png")
        yield made


async def send(gate: Gate, start: int, end: int, total: int = len(FILE), data: bytes | None = None) -> Answer:
    """Send the bytes from ``start`` up to ``end``."""
    sent = FILE[start:end] if data is None else data
    return await gate.call("PUT", AT, data=sent, Content_Range=f"bytes {start}-{end - 1}/{total}")


def kept(tmp_path: Path) -> list[str]:
    """The parts that lie on the disk."""
    return sorted(path.name for path in (tmp_path / "named" / "uploads").rglob("*-*") if path.is_file())


async def test_a_file_is_whole_with_its_last_part(gate: Gate, tmp_path: Path) -> None:
    """Until then it says how far it is; then it is as if it had been sent whole, and no part is left."""
    first = await send(gate, 0, 40_000)
    assert (first.status, first.json["received"]) == (202, 40_000)
    shown = (await gate.get(AT)).json
    assert (shown["received"], shown.get("is_here", False)) == (40_000, False)
    assert (await gate.call("POST", "/api/v1/jobs/j1/process")).status == 409
    last = await send(gate, 40_000, len(FILE))
    assert (last.status, last.json["sha256"], last.json["media_type"]) == (200, SHA, "image/png")
    assert await gate.objects.of("acme").get(SHA) == FILE
    assert kept(tmp_path) == []
    assert (await gate.call("POST", "/api/v1/jobs/j1/process")).status == 202


async def test_parts_come_in_any_order_and_again(gate: Gate) -> None:
    """Overlapping, twice, backwards: what counts is which bytes are there."""
    assert (await send(gate, 70_000, len(FILE))).json["received"] == 0
    assert (await send(gate, 20_000, 60_000)).json["received"] == 0
    for _ in range(2):
        assert (await send(gate, 0, 30_000)).json["received"] == 60_000
    assert (await send(gate, 50_000, 80_000)).json["sha256"] == SHA


async def test_parts_may_come_at_once(gate: Gate) -> None:
    """Side by side they make one file."""
    edges = [*range(0, len(FILE), 10_000), len(FILE)]
    answers = await asyncio.gather(*(send(gate, a, b) for a, b in pairwise(edges)))
    assert {answer.status for answer in answers} <= {200, 202}
    assert (await gate.get(AT)).json["sha256"] == SHA


NO_RANGES = [
    "bytes 0-9/5",
    "bytes 9-0/100",
    "bytes */100",
    "bytes 0-9/*",
    "bytes=0-9/100",
    "0-9/100",
    "bytes 0-/100",
    "bytes -1-9/100",
    "bytes 0-9/" + "9" * 30,
    "bytes ²-9/100",
    "",
]


@pytest.mark.parametrize("said", NO_RANGES)
async def test_what_is_no_range_is_refused(gate: Gate, said: str) -> None:
    """The header is named."""
    answer = await gate.call("PUT", AT, data=b"0123456789", Content_Range=said)
    assert (answer.status, answer.json["field"]) == (422, "Content-Range")


async def test_a_part_keeps_to_its_announcement(gate: Gate, tmp_path: Path) -> None:
    """Too short, too long, over the limits or of a type that is not taken: refused, and nothing kept."""
    assert (await send(gate, 0, 100, data=FILE[:99])).status == 422
    assert (await send(gate, 0, 100, data=FILE[:101])).status == 413
    assert (await send(gate, 0, 100, total=200_001)).status == 413
    assert (await send(gate, 0, 100, data=b"MZ" + bytes(98))).status == 415
    assert kept(tmp_path) == []
    assert (await gate.store.get("j1")).state is JobState.CREATED


async def test_parts_that_make_another_file_are_forgotten(gate: Gate, tmp_path: Path) -> None:
    """With a wrong SHA-256 the file is refused, and can be sent again from its beginning."""
    path = "/api/v1/jobs/j2/uploads/a"
    await gate.submit("j2", files=(FileWanted(name="a", sha256=SHA, size=len(FILE)),))
    statuses: list[int] = []
    for start, end, data in ((0, 50_000, FILE[:50_000]), (50_000, len(FILE), bytes(len(FILE) - 50_000))):
        said = f"bytes {start}-{end - 1}/{len(FILE)}"
        statuses.append((await gate.call("PUT", path, data=data, Content_Range=said)).status)
    assert statuses == [202, 422]
    assert kept(tmp_path) == []
    assert (await gate.get(path)).json["received"] == 0


async def test_parts_of_another_length_make_no_file(gate: Gate) -> None:
    """Whoever says two lengths for one file gets none of them."""
    assert (await send(gate, 0, 1000)).status == 202
    assert (await send(gate, 0, 500, total=500)).status == 422
    assert not (await gate.get(AT)).json.get("is_here")


async def test_parts_without_end_are_refused(gate: Gate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither their number nor their bytes together grow beyond what the file can need."""
    monkeypatch.setattr(parts, "MOST_PARTS", 5)
    statuses = [(await send(gate, start, start + 1)).status for start in range(1, 9)]
    assert statuses == [202] * 5 + [413] * 3
    assert len(kept(tmp_path)) == 5
    monkeypatch.setattr(parts, "MOST_PARTS", 1000)
    statuses = [(await send(gate, 1, end)).status for end in range(len(FILE) - 9, len(FILE))]
    assert statuses == [202] * 3 + [413] * 6


async def test_what_nobody_goes_on_with_is_swept(gate: Gate, tmp_path: Path) -> None:
    """Parts of a job that was given up do not stay."""
    await send(gate, 0, 100)
    assert await gate.objects.sweep(3600) == 0
    assert await gate.objects.sweep(0) == 1
    assert kept(tmp_path) == []
    await gate.objects.sweep(0)
    assert not any("uploads" in directory for directory, _, __ in os.walk(tmp_path))
