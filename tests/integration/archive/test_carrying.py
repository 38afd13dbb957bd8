"""What is archived, when Redis lets go of it, and what happens when things come twice or late."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from streamforge.archive.carrier import Carrier
from streamforge.archive.engines import Database
from streamforge.archive.handle import ClaimedElsewhere, CursorMoved
from streamforge.archive.writer import Writer
from streamforge.broker.broker import Broker
from streamforge.broker.messages import UploadRecord
from streamforge.broker.outbox import ClaimLost, Outbox, Places
from streamforge.jobs.events import Event
from streamforge.jobs.model import FileWanted
from streamforge.jobs.store import JobStore
from tests.integration.archive.conftest import TTL_S, joined
from tests.integration.archive.reading import everything, row, rows
from tests.integration.moves import checkpoint, raw, settle, submission, submit, take_one

LEAST_MS = round(TTL_S * 900)


async def ended(broker: Broker, job_id: str = "job-1", outcome: str = "succeeded", **more: object) -> None:
    """A job that has been submitted, run and settled."""
    await submit(broker, job_id, **more)
    await settle(broker, await take_one(broker), outcome)


async def expiries(broker: Broker, job_id: str = "job-1") -> dict[str, int]:
    """How long (ms) each of a job's keys lives on; -1 for good, -2 it is not there."""
    keys = broker.keys
    names = {"job": keys.job(job_id), "log": keys.log(job_id), "steps": keys.steps(job_id), "files": keys.files(job_id)}
    return {name: await raw(broker).pttl(key) for name, key in names.items()}


async def test_a_job_is_archived_whole(broker: Broker, store: JobStore, database: Database, carrier: Carrier) -> None:
    """Record, input, result, events, runs, steps with their sizes, files and versions: all that its page shows."""
    await submit(broker, input=b'{"title":"Nul \\u0000 \xf0\x9f\x8e\x89","n":1}')
    claim = await take_one(broker)
    await broker.record(checkpoint(claim, event="step.started", target="", data=b'{"step":"design"}'))
    await broker.record(checkpoint(claim, "design", b"v" + b"x" * 99, data=b'{"step":"design","seconds":0.25}'))
    file = b'{"name":"a.png","key":"' + b"0" * 64 + b'","media_type":"image/png","size":7}'
    await broker.record(checkpoint(claim, "a.png", file, event="artifact.saved", target="files"))
    other = b"ab" * 32
    result = b'{"versions":[{"number":1,"best":true}],"note":"\xc3\xa4","see":["%b","%b"]}' % (other, b"0" * 64)
    await settle(broker, claim, body=result)
    job, events = await store.get("job-1"), await store.events_since("job-1")
    assert await carrier.carry() == 2  # the claim is an act of its own
    assert await rows(database, "refused") == []

    found = await row(database, "jobs")
    assert {name: found[name] for name in ("id", "tenant", "kind", "state", "queue", "priority", "source")} == {
        "id": job.id,
        "tenant": job.tenant,
        "kind": job.kind,
        "state": "succeeded",
        "queue": job.queue,
        "priority": "normal",
        "source": job.source,
    }
    assert found["title"] == "Nul \ufffd \U0001f389"
    times = ("created_ms", "started_ms", "finished_ms", "token", "attempt", "crashes")
    assert [found[name] for name in times] == [getattr(job, name) for name in times]
    body = await row(database, "bodies")
    assert msgspec.json.decode(body["input"]) == {"title": "Nul \x00 \U0001f389", "n": 1}
    assert body["result"].encode() == result
    assert msgspec.json.decode(body["log"], type=list[Event]) == events
    assert body["events"] == len(events)
    attempt = await row(database, "attempts")
    assert (attempt["number"], attempt["worker"], attempt["outcome"]) == (1, "w1", "succeeded")
    step = await row(database, "steps")
    assert (step["name"], step["state"], step["seconds"], step["bytes"]) == ("design", "completed", 0.25, 100)
    artifact = await row(database, "artifacts")
    assert (artifact["tenant"], artifact["object_key"], artifact["size"]) == ("default", "0" * 64, 7)
    assert (await row(database, "mentions"))["object_key"] == other.decode()  # the artifact is named as one
    assert msgspec.json.decode((await row(database, "versions"))["report"]) == {"number": 1, "best": True}


@pytest.mark.parametrize("outcome", ["succeeded", "failed", "cancelled"])
async def test_redis_lets_go_only_of_what_is_archived(broker: Broker, carrier: Carrier, outcome: str) -> None:
    """However a job ends, none of its keys expires before its rows are committed; then all do, the outbox is empty."""
    await submit(broker)
    claim = await take_one(broker)
    await broker.record(checkpoint(claim))
    await broker.record(checkpoint(claim, "a", b'{"name":"a","key":"k","media_type":"x","size":1}', target="files"))
    await settle(broker, claim, outcome)
    assert set((await expiries(broker)).values()) == {-1}
    await carrier.carry()
    left = await expiries(broker)
    assert all(LEAST_MS < ms <= TTL_S * 1000 for ms in left.values()), left
    assert await raw(broker).xlen(broker.keys.outbox) == 0


@pytest.mark.parametrize("end", ["upload_failed", "cancelled"])
async def test_files_that_had_come_are_archived_however_late(
    broker: Broker, store: JobStore, database: Database, carrier: Carrier, end: str
) -> None:
    """Of a job that ended before it had all of them: they wait in Redis for the archive, and go with the record."""
    files = (FileWanted(name="a"), FileWanted(name="b"))
    await store.submit(submission(input=b"{}", files=files, upload_ttl_s=60))
    record = b'{"name":"a","key":"%b","media_type":"text/plain","size":7}' % (b"0" * 64)
    facts: dict[str, Any] = {"ttl_ms": 0, "max_total_bytes": 10, "event": "upload.received", "data": b"{}"}
    await broker.upload(UploadRecord(id="job-1", name="a", record=record, **facts))
    if end == "cancelled":
        await broker.cancel("job-1", b'{"code":"cancelled","message":"no"}')
    await broker.promote()
    uploads = broker.keys.uploads("job-1")
    assert await raw(broker).pttl(uploads) == -1
    await carrier.carry()
    assert (await row(database, "jobs"))["state"] == end
    assert (await row(database, "uploads"))["name"] == "a"
    assert await raw(broker).pttl(uploads) > LEAST_MS
    await Outbox(broker).enlist()  # as for another archive
    assert await raw(broker).pttl(uploads) == -1


async def test_without_an_archive_nothing_is_kept_for_one(broker: Broker) -> None:
    """A Redis that no database has claimed has no outbox, and an ended job expires as ever."""
    await ended(broker)
    assert not await raw(broker).exists(broker.keys.outbox, broker.keys.archive)
    left = await expiries(broker)
    assert left["job"] > 0
    assert left["log"] > 0


async def test_what_ended_before_is_archived_too(broker: Broker, database: Database) -> None:
    """An archive that comes later gets every job that Redis still has, and none that has not ended."""
    await ended(broker, "before")
    await submit(broker, "waiting")
    carrier = await joined(broker, database)
    assert (await expiries(broker, "before"))["job"] == -1
    await carrier.carry()
    assert [found["id"] for found in await rows(database, "jobs")] == ["before"]
    assert (await expiries(broker, "before"))["job"] > 0
    await joined(broker, database)
    assert await raw(broker).xlen(broker.keys.outbox) == 0  # once is enough


async def test_a_requeued_job_is_archived_again(
    broker: Broker, store: JobStore, database: Database, carrier: Carrier
) -> None:
    """A second end replaces the first with all its rows, and the keys of a job that runs again do not expire."""
    await ended(broker, outcome="failed")
    await carrier.carry()
    assert (await row(database, "jobs"))["error_code"] == "internal"
    await store.restart("job-1")
    claim = await take_one(broker)
    assert (await expiries(broker))["job"] == -1
    await settle(broker, claim)
    await carrier.carry()
    found = await row(database, "jobs")
    assert (found["state"], found["error"], found["error_code"]) == ("succeeded", None, "")
    assert [run["outcome"] for run in await rows(database, "attempts")] == ["failed", "succeeded"]
    assert (await expiries(broker))["job"] > 0


async def test_a_job_that_runs_again_is_left_out(
    broker: Broker, store: JobStore, database: Database, carrier: Carrier
) -> None:
    """An end that has been overtaken by a requeue is not archived: the next end comes by itself, and keeps its keys."""
    await ended(broker, outcome="failed")
    await store.restart("job-1")
    await carrier.carry()
    assert await rows(database, "jobs") == []
    assert (await expiries(broker))["job"] == -1
    await settle(broker, await take_one(broker))
    await carrier.carry()
    assert (await row(database, "jobs"))["state"] == "succeeded"


async def test_an_older_end_never_replaces_a_newer_one(broker: Broker, database: Database, carrier: Carrier) -> None:
    """A load that was read before a job ran again changes nothing of what is archived of it since."""
    outbox = Outbox(broker)
    claim = await outbox.claimed()
    assert claim is not None
    await ended(broker, outcome="failed")
    old = await outbox.unload(claim, Places(), count=10, max_bytes=2**20)
    await carrier.carry()
    await broker.restart("job-1", fresh=False)
    await settle(broker, await take_one(broker))
    await carrier.carry()
    before = await everything(database, "cursors")
    writer = Writer(database, claim)
    await writer.write(old.repeated(await writer.places()))
    assert await everything(database, "cursors") == before
    assert (await row(database, "jobs"))["state"] == "succeeded"


async def test_a_new_job_of_an_old_id_replaces_it(broker: Broker, database: Database, carrier: Carrier) -> None:
    """After a job has expired its id may be used again; its token begins anew, and yet the new one is archived."""
    await submit(broker)
    await settle(broker, await take_one(broker), "retry")
    await broker.promote()
    await settle(broker, await take_one(broker))
    await carrier.carry()
    assert (await row(database, "jobs"))["token"] == 2
    await raw(broker).delete(broker.keys.job("job-1"), broker.keys.log("job-1"))
    await ended(broker, outcome="failed")
    await carrier.carry()
    found = await row(database, "jobs")
    assert (found["token"], found["state"]) == (1, "failed")


async def test_redelivery_changes_nothing(broker: Broker, database: Database, carrier: Carrier) -> None:
    """Everything once more, as after a crash between commit and trimming: every row is as it was."""
    outbox = Outbox(broker)
    claim = await outbox.claimed()
    assert claim is not None
    for n in range(3):
        await ended(broker, f"job-{n}")
    await raw(broker).xadd(broker.keys.charges, charge("job-1"))
    load = await outbox.unload(claim, Places(), count=100, max_bytes=2**20)
    await carrier.carry()
    before = await everything(database)
    writer = Writer(database, claim)
    await writer.write(load.repeated(await writer.places()))
    assert await everything(database) == before
    assert len(before["charges"]) == 1


async def test_who_dies_after_the_commit_is_tidied_up_after(broker: Broker, database: Database) -> None:
    """Rows that were committed and not let go of in Redis are let go of by whoever comes next."""
    outbox = Outbox(broker)
    await joined(broker, database)
    claim = await outbox.claimed()
    assert claim is not None
    await ended(broker)
    writer = Writer(database, claim)
    await writer.write(await outbox.unload(claim, Places(), count=10, max_bytes=2**20))  # and no more
    before = await everything(database)
    assert (await expiries(broker))["job"] == -1
    carrier = await joined(broker, database)
    assert (await expiries(broker))["job"] > 0
    assert await raw(broker).xlen(broker.keys.outbox) == 0
    assert await carrier.carry() == 0
    assert await everything(database) == before


async def test_of_two_archivers_one_writes(broker: Broker, database: Database, carrier: Carrier) -> None:
    """The second to come with the same load finds the cursor moved, and has written nothing."""
    late = await joined(broker, database)
    await ended(broker)
    await carrier.carry()
    before = await everything(database)
    await submit(broker, "job-2")
    await settle(broker, await take_one(broker))
    with pytest.raises(CursorMoved):
        await late.carry()
    assert await everything(database) == before
    assert await raw(broker).xlen(broker.keys.outbox) == 1  # nothing was let go of either
    assert await carrier.carry() == 1


async def test_another_database_keeps_off(broker: Broker, new_url: object, carrier: Carrier) -> None:
    """A record is not split over two databases: the second is refused, and told whose the Redis is."""
    del new_url, carrier
    claim = await Outbox(broker).claim("another", "source", b"{}")
    known = await Outbox(broker).claimed()
    assert known is not None
    assert (claim.is_ours, claim.database) == (False, known.database)


async def test_a_claim_that_is_lost_is_noticed(broker: Broker, database: Database, carrier: Carrier) -> None:
    """A Redis that was emptied, or given to another database, is not read on from the old place: it is claimed anew."""
    await ended(broker)
    await carrier.carry()
    await raw(broker).flushall()
    with pytest.raises(ClaimLost):
        await carrier.carry()
    again = await joined(broker, database)
    await ended(broker, "job-2")
    await again.carry()
    assert [found["id"] for found in await rows(database, "jobs")] == ["job-1", "job-2"]
    await Outbox(broker).take_over("another")
    with pytest.raises(ClaimLost):
        await again.carry()
    with pytest.raises(ClaimedElsewhere):
        await joined(broker, database)


async def test_a_released_redis_has_no_archive(broker: Broker, carrier: Carrier) -> None:
    """What waits expires then as it does without an archive, and what ends later is told to nobody."""
    del carrier
    await ended(broker)
    await Outbox(broker).release(TTL_S)
    assert (await expiries(broker))["job"] > 0
    assert not await raw(broker).exists(broker.keys.outbox, broker.keys.archive)
    await ended(broker, "job-2")
    assert (await expiries(broker, "job-2"))["job"] > 0


async def test_a_large_backlog_goes_in_parts(broker: Broker, database: Database) -> None:
    """A load has no more entries than the setting says, and no more bytes unless one job alone is larger."""
    carrier = await joined(broker, database, entries=3, most_bytes=5000)
    await carrier.carry()
    for n in range(4):
        await ended(broker, f"job-{n}", input=b'{"text":"%s"}' % (b"x" * (9000 if n == 1 else 100)))
    assert [await carrier.carry() for _ in range(4)] == [1, 1, 2, 0]
    assert len(await rows(database, "jobs")) == 4


async def test_charges_are_kept_until_they_are_archived(broker: Broker, database: Database, carrier: Carrier) -> None:
    """The ledger's calls go into rows of their own, and leave Redis after that."""
    place = await raw(broker).xadd(broker.keys.charges, charge("job-1"))
    await carrier.carry()
    found = await row(database, "charges")
    assert (found["place"], found["at_ms"]) == (place.decode(), int(place.split(b"-")[0]))
    assert (found["tenant"], found["job_id"], found["step"], found["call_id"]) == ("acme", "job-1", "write", "call")
    assert (found["cost_uusd"], found["charged_uusd"], found["input_tokens"]) == (30, 20, 5)
    assert (found["is_answered"], found["is_priced"]) == (True, False)
    assert await raw(broker).xlen(broker.keys.charges) == 0


async def test_a_balance_goes_with_what_moved_it(broker: Broker, database: Database, carrier: Carrier) -> None:
    """An account is archived as it stands when one of its calls is."""
    await raw(broker).hset(f"{broker.keys.base}:credits:acme", mapping={"balance": -5, "granted": 15, "spent": 20})
    await raw(broker).xadd(broker.keys.charges, charge("job-1"))
    await carrier.carry()
    found = await row(database, "accounts")
    assert (found["tenant"], found["balance_uusd"], found["granted_uusd"], found["spent_uusd"]) == ("acme", -5, 15, 20)


def charge(job_id: str) -> dict[str, str | int]:
    """An entry of the stream of charges, as the ledger's script writes it."""
    names = {"job": job_id, "tenant": "acme", "step": "write", "charge": "c", "call": "call", "fingerprint": "f"}
    counts = {"input_tokens": 5, "output_tokens": 6, "cache_read_tokens": 0, "cache_write_tokens": 0, "images": 0}
    facts = {"is_answered": 1, "is_priced": 0, "cost_uusd": 30, "charged_uusd": 20, "audio_ms": 0}
    return {**names, "provider": "p", "model": "m", **counts, **facts}
