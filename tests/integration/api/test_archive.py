"""The archive over HTTP: what Redis has forgotten is there still, in one list with the rest; and erased for good."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest
from msgspec import structs

from streamforge.archive import recall as recalling
from streamforge.archive.carrier import Carrier, Pace
from streamforge.archive.erasure import Eraser
from streamforge.archive.handle import Archive
from streamforge.archive.recall import Recall
from streamforge.archive.references import ArchivedReferences
from streamforge.broker.broker import Broker
from streamforge.broker.outbox import Outbox
from streamforge.collector.collector import Collector
from streamforge.collector.garbage import Garbage
from streamforge.collector.references import References
from streamforge.config import ArchiveSettings
from streamforge.jobs.model import Artifact
from tests.integration.api.gate import Gate, opened
from tests.integration.moves import checkpoint, raw, settle, take_one

FILE = b"\x89PNG bytes of a file"


class Kept:
    """A gate with an archive, a file in a directory."""

    def __init__(self, broker: Broker, path: Path, **settings: Any) -> None:  # noqa: ANN401 - ApiSettings'
        self.broker = broker
        self.path = path
        self.archive = Archive(ArchiveSettings(url=f"sqlite:///{path}"), path.parent)
        self.gate = Gate(broker, **settings)
        front = self.gate.front
        assert front.webhooks is not None
        others = [self.gate.accounts.keys.revoke_all, front.webhooks.delete_all]
        eraser = Eraser(broker, self.archive, self.gate.objects, others)
        self.gate.front = structs.replace(front, recall=Recall(self.archive), eraser=eraser)
        self.gate.serve()

    async def carry(self) -> None:
        """Archive what has ended."""
        carrier = await Carrier.join(Outbox(self.broker), await self.archive.database(), Pace(100, 2**20, 1000))
        while await carrier.carry():
            pass

    async def forget(self, *job_ids: str, tenant: str = "acme") -> None:
        """Have Redis forget jobs, as it does once their time is over."""
        keys = self.broker.keys
        for job_id in job_ids:
            await raw(self.broker).delete(keys.job(job_id), keys.log(job_id), keys.files(job_id), keys.steps(job_id))
            await self.broker.unlist(tenant, [job_id])

    async def finish(self, job_id: str, tenant: str = "acme", outcome: str = "succeeded", **more: Any) -> str:  # noqa: ANN401 - Submission's
        """A job that has ended with a file; the file's key."""
        await self.gate.submit(job_id, tenant, **more)
        claim = await take_one(self.broker)
        ref = await self.gate.objects.of(tenant).put(FILE)
        file = Artifact(name="a.png", key=ref.key, media_type="image/png", size=ref.size)
        await self.broker.record(checkpoint(claim, "a.png", msgspec.json.encode(file), target="files"))
        await settle(self.broker, claim, outcome, body=b"{}", reason="x")
        return ref.key

    async def end(self, job_id: str, tenant: str = "acme", outcome: str = "succeeded") -> None:
        """A job that has ended."""
        await self.gate.submit(job_id, tenant)
        await settle(self.broker, await take_one(self.broker), outcome)

    async def ids(self, query: str = "", limit: int = 2, key: str = "") -> list[str]:
        """Every job of a list, a few on each page."""
        found: list[str] = []
        cursor = ""
        while True:
            page = (await self.gate.get(f"/api/v1/jobs?limit={limit}&cursor={cursor}{query}", key)).json
            assert len(page["items"]) <= limit
            found += [row["id"] for row in page["items"]]
            if not (cursor := page.get("next_cursor", "")):
                return found


@pytest.fixture
async def kept(broker: Broker, tmp_path: Path) -> AsyncIterator[Kept]:
    """A server with an archive, without keys."""
    made = Kept(broker, tmp_path / "archive.db")
    await made.carry()  # whatever happens from now on is told to the archive
    async with opened(made.gate):
        yield made
    await made.archive.close()


@pytest.fixture
async def guarded(broker: Broker, tmp_path: Path) -> AsyncIterator[Kept]:
    """The same with keys."""
    made = Kept(broker, tmp_path / "archive.db", auth="always")
    await made.carry()  # whatever happens from now on is told to the archive
    async with opened(made.gate):
        yield made
    await made.archive.close()


async def test_an_archived_job_is_there_as_before(kept: Kept) -> None:
    """Its page, log, status and files are, to the byte, what they were while Redis had it."""
    await kept.finish("job-1")
    await kept.carry()
    paths = [f"/api/v1/{path}" for path in ("jobs/job-1", "jobs/job-1/log", "status/job-1", "artifacts/job-1/a.png")]
    before = [await kept.gate.get(path) for path in paths]
    await kept.forget("job-1")
    after = [await kept.gate.get(path) for path in paths]
    assert [answer.status for answer in after] == [200] * 4
    assert [answer.body for answer in after] == [answer.body for answer in before]
    assert (await kept.gate.get("/api/v1/jobs/job-2")).status == 404


async def test_an_archived_job_tells_its_events(kept: Kept) -> None:
    """As a stream: from the first, or after the one that was seen last, by the same ids as before; then it ends."""

    async def seen(**headers: str) -> list[bytes]:
        answer = await kept.gate.call("GET", "/api/v1/jobs/job-1/events", **headers)
        return [line for line in answer.body.splitlines() if line.startswith((b"id:", b"event:"))] or [
            str(answer.status).encode()
        ]

    await kept.finish("job-1")
    await kept.carry()
    before = await seen()
    ids = [line.removeprefix(b"id:").strip().decode() for line in before if line.startswith(b"id:")]
    await kept.forget("job-1")
    assert await seen() == before
    assert before[-1] == b"event: end"
    assert await seen(**{"Last-Event-ID": ids[0]}) == before[before.index(f"id: {ids[1]}".encode()) :]
    assert await seen(**{"Last-Event-ID": ids[-1]}) == [b"204"]


async def test_an_archived_job_has_ended(kept: Kept) -> None:
    """Cancelling it says that it is over; it cannot be started anew, and the answer says why."""
    await kept.end("job-1", outcome="failed")
    await kept.carry()
    await kept.forget("job-1")
    cancelled = await kept.gate.call("POST", "/api/v1/jobs/job-1/cancel")
    assert (cancelled.status, cancelled.json["cancel"]) == (200, "over")
    retried = await kept.gate.call("POST", "/api/v1/jobs/job-1/retry")
    assert (retried.status, retried.json["code"]) == (409, "wrong_state")


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
async def test_one_list_holds_both(kept: Kept, limit: int) -> None:
    """Each job once, newest first, whether Redis has it, the archive, or both; by one cursor, for any size of page."""
    for number in range(6):
        await kept.end(f"job-{number}", "acme" if number % 3 else "beta")
    await kept.carry()
    await kept.end("job-6")
    await kept.gate.submit("job-7")
    everything = await kept.ids(limit=50)
    assert everything == [f"job-{number}" for number in reversed(range(8))]
    await kept.forget("job-1", "job-2", "job-4")
    await kept.forget("job-0", tenant="beta")
    assert await kept.ids(limit=limit) == everything
    assert await kept.ids("&tenant=beta", limit) == ["job-3", "job-0"]
    assert await kept.ids("&state=queued", limit) == ["job-7"]
    assert await kept.ids("&state=succeeded&q=JOB-", limit) == everything[1:]


async def test_redis_is_right_about_what_both_have(kept: Kept) -> None:
    """A job that was started anew is listed as it stands now, and not among those that failed."""
    await kept.end("job-1", outcome="failed")
    await kept.carry()
    assert await kept.ids("&state=failed") == ["job-1"]
    await kept.gate.call("POST", "/api/v1/jobs/job-1/retry")
    assert await kept.ids("&state=failed") == []
    assert await kept.ids("&state=queued") == ["job-1"]
    assert (await kept.gate.get("/api/v1/jobs/job-1")).json["state"] == "queued"


async def test_tenants_see_their_own_of_both(guarded: Kept) -> None:
    """In lists, pages, figures and the audit log; another's archived job is not there, nor are its files."""
    await guarded.finish("theirs", "other")
    await guarded.end("mine")
    await guarded.carry()
    await guarded.forget("mine")
    await guarded.forget("theirs", tenant="other")
    key, gate = await guarded.gate.key("acme"), guarded.gate
    await guarded.carry()
    assert await guarded.ids(key=key) == ["mine"]
    assert await guarded.ids("&tenant=other", key=key) == []
    for path in ("jobs/theirs", "jobs/theirs/log", "status/theirs", "artifacts/theirs/a.png"):
        assert (await gate.get(f"/api/v1/{path}", key)).status == 404
    assert (await gate.call("DELETE", "/api/v1/jobs/theirs", key)).status == 404
    assert (await gate.call("DELETE", "/api/v1/tenants/acme", key)).status == 403
    figures = (await gate.get("/api/v1/stats?by=tenant", key)).json["groups"]
    assert [(group["key"], group["jobs"]) for group in figures] == [("acme", 1)]
    assert (await gate.get("/api/v1/stats?tenant=other", key)).json["groups"] == []
    acts = (await gate.get("/api/v1/audit", key)).json["items"]
    assert [(act["action"], act["tenant"]) for act in acts] == [("key.created", "acme")]
    assert (await gate.get("/api/v1/audit?tenant=other", key)).json == {"items": []}


async def test_what_redis_has_is_there_without_the_archive(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the database broken: lists, and say what they leave out; pages of live jobs; 503 for what may be there."""
    await kept.end("job-1")
    await kept.carry()
    await kept.archive.close()
    kept.path.write_bytes(b"this is no database at all" * 100)
    monkeypatch.setattr(recalling, "REST_S", 0.0)
    page = await kept.gate.get("/api/v1/jobs")
    assert (page.status, [row["id"] for row in page.json["items"]]) == (200, ["job-1"])
    assert page.json["incomplete"] == "the archive does not answer: what Redis has forgotten is left out"
    assert (await kept.gate.get("/api/v1/jobs/job-1")).status == 200
    unknown = await kept.gate.get("/api/v1/jobs/job-2")
    assert (unknown.status, unknown.json["code"]) == (503, "archive_unavailable")
    assert str(kept.path) not in unknown.body.decode()


async def test_a_slow_archive_is_not_waited_for(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that does not answer in time counts as away, and is left alone for a while."""
    await kept.end("job-1")
    await kept.archive.database()
    monkeypatch.setattr(recalling, "SOON_S", 0.0)
    assert "incomplete" in (await kept.gate.get("/api/v1/jobs")).json
    monkeypatch.setattr(recalling, "SOON_S", 60.0)
    assert "incomplete" in (await kept.gate.get("/api/v1/jobs")).json
    recall = kept.gate.front.recall
    assert recall is not None
    recall._rests_until = 0.0  # pyright: ignore[reportPrivateUsage]
    assert "incomplete" not in (await kept.gate.get("/api/v1/jobs")).json


async def test_another_ones_archive_is_not_asked(kept: Kept) -> None:
    """Where this Redis belongs to another database: what is not in Redis is neither given nor denied, nor counted."""
    await kept.end("job-1")
    kept.archive.claimed_by = "another"
    page = (await kept.gate.get("/api/v1/jobs")).json
    assert ([row["id"] for row in page["items"]], "incomplete" in page) == (["job-1"], True)
    for path in ("jobs/job-2", "stats", "audit"):
        assert (await kept.gate.get(f"/api/v1/{path}")).status == 503


async def test_figures_leave_room_for_others(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many ask for sums at once, some are counted at a time; one that takes too long takes nobody's answer."""
    recall = kept.gate.front.recall
    assert recall is not None
    await kept.archive.database()
    begun, are_all, may_end = list[object](), anyio.Event(), anyio.Event()

    async def count(figures: object) -> None:
        begun.append(figures)
        if len(begun) == recalling.COUNTING:
            are_all.set()
        await may_end.wait()

    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(recall.figure, count)
        await are_all.wait()
        assert await recall.ask(lambda reader: reader.story("job-1")) is None
        assert len(begun) == recalling.COUNTING
        may_end.set()
    assert len(begun) == 20
    monkeypatch.setattr(recalling, "FIGURES_S", 0.0)
    late = await kept.gate.get("/api/v1/stats")
    assert (late.status, "Retry-After" in late.headers) == (503, True)
    assert "incomplete" not in (await kept.gate.get("/api/v1/jobs")).json


async def test_figures_and_audit_are_told(kept: Kept) -> None:
    """Counts, lengths and costs of today's jobs; who cancelled what; and 404 where there is no archive."""
    await kept.end("job-1")
    await kept.gate.submit("job-2")
    await kept.gate.call("POST", "/api/v1/jobs/job-2/cancel", body={"reason": "a mistake"})
    await kept.carry()
    ((group,), rest) = ((found := (await kept.gate.get("/api/v1/stats?by=kind")).json)["groups"], found["by"])
    assert (group["key"], group["jobs"], group["states"]) == ("banner", 2, {"succeeded": 1, "cancelled": 1})
    assert (group["cost_usd"], group["ran_s"].keys(), rest) == (0.0, {"p50", "p95"}, "kind")
    (act,) = (await kept.gate.get("/api/v1/audit?action=job.cancelled")).json["items"]
    assert (act["subject"], act["actor"], act["data"]["reason"]) == ("job-2", "local", "a mistake")
    assert (await kept.gate.get("/api/v1/stats?since_ms=1")).status == 422


@pytest.mark.parametrize("where", ["both", "redis", "archive"])
async def test_a_job_is_erased_everywhere(kept: Kept, where: str) -> None:
    """Record, log, files, list, archive: nothing of it is left, its key is free, and the act is in the audit log."""
    given: dict[str, Any] = {"idempotency_key": "order-17", "input": b'{"prompt":"planted words"}'}
    key = await kept.finish("job-1", outcome="failed", **given)
    if where != "redis":
        await kept.carry()
    if where == "archive":
        await kept.forget("job-1")
    erased = await kept.gate.call("DELETE", "/api/v1/jobs/job-1")
    assert (erased.status, erased.json) == (200, {"jobs": 1, "is_complete": True})
    await kept.carry()
    assert (await kept.gate.get("/api/v1/jobs/job-1")).status == 404
    assert await kept.ids() == []
    assert await raw(kept.broker).keys("*job-1*") == []
    assert await kept.gate.store.letters.list() == []
    assert await raw(kept.broker).smembers(kept.broker.keys.unwanted) == {f"acme/{key}".encode()}
    (act,) = (await kept.gate.get("/api/v1/audit?action=job.erased")).json["items"]
    assert (act["subject"], act["tenant"]) == ("job-1", "acme")
    if where != "archive":  # where Redis has forgotten the job, its key is free in its own time
        again = await kept.gate.submit("job-9", idempotency_key="order-17", input=b'{"prompt":"other words"}')
        assert again == "job-9"


async def test_a_job_that_has_not_ended_is_not_erased(kept: Kept) -> None:
    """409, and it is all there."""
    await kept.gate.submit("job-1")
    refused = await kept.gate.call("DELETE", "/api/v1/jobs/job-1")
    assert (refused.status, refused.json["code"]) == (409, "wrong_state")
    assert (await kept.gate.get("/api/v1/jobs/job-1")).json["state"] == "queued"


async def test_erasing_waits_for_the_archive_without_its_caller(kept: Kept) -> None:
    """While the database is away the answer is 202, and Redis has forgotten; the rows go when it is back."""
    await kept.end("job-1")
    await kept.carry()
    await kept.archive.close()
    away = kept.path.rename(kept.path.with_suffix(".away"))
    kept.path.mkdir()
    erased = await kept.gate.call("DELETE", "/api/v1/jobs/job-1")
    assert (erased.status, erased.json["is_complete"]) == (202, False)
    kept.path.rmdir()
    away.rename(kept.path)
    await kept.carry()
    kept.gate.front.recall._rests_until = 0.0  # type: ignore[union-attr]  # pyright: ignore[reportPrivateUsage, reportOptionalMemberAccess]
    assert (await kept.gate.get("/api/v1/jobs/job-1")).status == 404


async def test_a_tenant_is_erased_whole(guarded: Kept) -> None:
    """Jobs, letters, keys, webhooks, files, rows, balances; the others' are untouched; repeated, it is the same."""
    gate = guarded.gate
    operator, theirs = await gate.key("*"), await gate.key("acme")
    hooks = gate.front.webhooks
    assert hooks is not None
    await hooks.create("acme", "https://planted.example/hook")
    key = await guarded.finish("mine")
    await guarded.end("dead", outcome="failed")
    await guarded.end("other", "beta")
    await raw(guarded.broker).hset(f"{guarded.broker.keys.base}:credits:acme", "balance", 5)
    await guarded.carry()
    await guarded.end("late")
    await gate.submit("open")
    refused = await gate.call("DELETE", "/api/v1/tenants/acme", operator)
    assert (refused.status, refused.json["field"]) == (409, "tenant")
    assert (await gate.get("/api/v1/jobs/mine", theirs)).status == 200
    await gate.call("POST", "/api/v1/jobs/open/cancel", operator)
    for _ in range(2):
        erased = await gate.call("DELETE", "/api/v1/tenants/acme", operator)
        assert (erased.status, erased.json["is_complete"]) == (200, True)
    await guarded.carry()
    assert await guarded.ids(key=operator) == ["other"]
    assert await guarded.ids("&tenant=acme", key=operator) == []
    assert await gate.accounts.keys.list("acme") == []
    assert await hooks.endpoints("acme") == []
    assert await gate.store.letters.list() == []
    assert await gate.store.listing.tenants() == ["beta"]
    references = References(guarded.broker, ArchivedReferences(guarded.archive))
    await Collector(gate.objects, references, Garbage(guarded.broker)).collect_erased()
    assert not await gate.objects.of("acme").exists(key)
    left = await raw(guarded.broker).keys("*acme*")
    assert left == []
    acts = (await gate.get("/api/v1/audit?tenant=acme&action=tenant.erased", operator)).json["items"]
    assert [act["subject"] for act in acts] == ["acme", "acme"]
