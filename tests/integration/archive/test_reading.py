"""The archive read: its lists are those of Redis, to the row; a job's page, its cost, the audit log, figures."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

import msgspec
import pytest

from streamforge.archive import reader as reading
from streamforge.archive.answers import DAY_MS, ActFilter, ActPlace
from streamforge.archive.carrier import Carrier
from streamforge.archive.engines import Database
from streamforge.archive.figures import Figures, span_of
from streamforge.archive.reader import Reader
from streamforge.broker.broker import Broker
from streamforge.broker.messages import Settlement
from streamforge.jobs.acts import act, acting
from streamforge.jobs.listing import JobFilter, Place
from streamforge.jobs.model import Job, JobState
from streamforge.jobs.store import JobStore
from tests.integration.moves import checkpoint, raw, settle, submit, take_one

T0 = 1_700_000_000_000
ODD = b'{"code":"odd","message":"50% of \\"Stra\xc3\x9fe\\" is_gone/away"}'

JOBS = (
    ("a-1", "acme", "echo", "succeeded", 0),
    ("a-2", "acme", "echo", "failed", 0),
    ("A-2", "acme", "other", "succeeded", 0),
    ("a-3", "acme", "other", "failed", 10),
    ("a-4", "acme", "echo", "cancelled", 20),
    ("b-1", "beta", "echo", "succeeded", 10),
    ("b-2", "beta", "echo", "failed", 30),
)
"""Id, tenant, kind, how it ended, and when it was submitted, after T0 (ms): several at once."""

FILTERS = (
    JobFilter(),
    JobFilter(states=frozenset({JobState.FAILED})),
    JobFilter(states=frozenset({JobState.FAILED, JobState.CANCELLED, JobState.QUEUED})),
    JobFilter(states=frozenset({JobState.QUEUED, JobState.RUNNING})),
    JobFilter(kind="other"),
    JobFilter(kind="other", states=frozenset({JobState.FAILED})),
    JobFilter(queue="default"),
    JobFilter(queue="elsewhere"),
    JobFilter(since_ms=T0 + 10),
    JobFilter(until_ms=T0 + 10),
    JobFilter(since_ms=T0 + 10, until_ms=T0 + 20),
    *(
        JobFilter(text=text)
        for text in ("A-2", "OTHER", "stra\u00dfe", "50%", "is_gone", '"', "/away", "0%%", "\u2028")
    ),
    JobFilter(text="\u00dcber", states=frozenset({JobState.SUCCEEDED})),
)


@pytest.fixture
async def reader(broker: Broker, database: Database, carrier: Carrier) -> Reader:
    """Over jobs that Redis has, too."""
    for job_id, tenant, kind, outcome, after_ms in JOBS:
        await submit(broker, job_id, tenant=tenant, kind=kind, input=b'{"title":"\xc3\xbcber die Stra\xc3\x9fe"}')
        claim = await take_one(broker)
        await broker.record(checkpoint(claim, "a.png", FILE, event="artifact.saved", target="files"))
        if outcome == "failed":
            await broker.settle([Settlement(claim.id, claim.token, claim.stream, claim.entry, outcome, ODD, "x")])
        else:
            await settle(broker, claim, outcome)
        await raw(broker).hset(broker.keys.job(job_id), "created_ms", T0 + after_ms)
        await raw(broker).zadd(broker.keys.index(tenant), {job_id: T0 + after_ms})
    while await carrier.carry():
        pass
    return Reader(database)


FILE = b'{"name":"a.png","key":"' + b"0" * 64 + b'","media_type":"image/png","size":7}'

Pages = Callable[[Place | None], Awaitable[tuple[list[Job], Place | None]]]


async def every(page: Pages) -> list[Job]:
    """What all pages hold, which come to an end."""
    found, place = await page(None)
    for _ in range(20):
        if place is None:
            return found
        more, place = await page(place)
        found += more
    raise AssertionError("there is no end to it")


@pytest.mark.parametrize("scan", [3, 5000])
async def test_lists_are_those_of_redis(
    monkeypatch: pytest.MonkeyPatch, reader: Reader, store: JobStore, scan: int
) -> None:
    """The same jobs, equal in every field, in the same order, for each filter, tenant and size of page."""
    monkeypatch.setattr(reading, "SCAN_MAX", scan)
    for only in FILTERS:
        for tenant, tenants in (("acme", ["acme"]), ("beta", ["beta"]), (None, ["acme", "beta"]), ("nobody", [])):
            live = await every(partial(_live_page, store, tenants, only))
            for count in (1, 2, 50):
                old = await every(partial(_old_page, reader, tenant, only, count))
                assert [job.id for job in old] == [job.id for job in live], (only, tenant, count)
                assert old == live


async def _live_page(
    store: JobStore, tenants: list[str], only: JobFilter, after: Place | None
) -> tuple[list[Job], Place | None]:
    return await store.listing.page(tenants, only, after=after)


async def _old_page(
    reader: Reader, tenant: str | None, only: JobFilter, count: int, after: Place | None
) -> tuple[list[Job], Place | None]:
    return await reader.page(tenant, only, after=after, count=count)


async def test_a_jobs_story_is_that_of_redis(reader: Reader, store: JobStore) -> None:
    """Record, result, files, input and events are equal; there is no story of what is not there."""
    for job_id, *_ in JOBS:
        story = await reader.story(job_id)
        assert story is not None
        assert story.job == await store.get(job_id)
        assert (story.given, story.events) == (await store.input_of(job_id), await store.events_since(job_id))
        assert await reader.tenant_of(job_id) == story.job.tenant
    assert await reader.story("a-9") is None
    assert await reader.tenant_of("a-9") is None


@pytest.mark.parametrize("odd", ["\x00", "\u00e4", "x" * 64, "'; --", "\U0001f389", "\\"])
async def test_what_a_stranger_sends_is_only_not_found(database: Database, odd: str) -> None:
    """No id, text or place that a request may hold is an error of the database's."""
    reader = Reader(database)
    assert await reader.story(odd) is None
    assert await reader.tenant_of(odd) is None
    assert await reader.spent(odd) is None
    for number in (-(2**63), 0, 2**64 - 1):
        assert await reader.page(None, JobFilter(text=odd), after=Place(number, odd)) == ([], None)
        acts = await reader.acts(None, ActFilter(subject=odd), after=ActPlace(number, odd, odd))
        assert acts == ([], None)


async def test_a_jobs_cost_is_the_sum_of_its_calls(broker: Broker, reader: Reader, carrier: Carrier) -> None:
    """A call that is told of twice is one call; one without a price costs nothing and is counted."""
    assert await reader.spent("a-1") is None
    call = {"tenant": "acme", "job": "a-1", "step": "s", "provider": "p", "model": "m", "is_answered": 1}
    for charge, is_priced, cost in (("c1", 1, 30), ("c1", 1, -10), ("c2", 0, 0)):
        measures = {"charge": charge, "call": charge, "is_priced": is_priced, "cost_uusd": cost, "input_tokens": 5}
        await raw(broker).xadd(broker.keys.charges, call | measures)
    await carrier.carry()
    spent = await reader.spent("a-1")
    assert spent is not None
    assert (spent.calls, spent.unpriced_calls, spent.cost_uusd, spent.input_tokens) == (2, 1, 20, 15)


async def test_files_of_jobs_are_references(reader: Reader) -> None:
    """Those of the keys that a job has as a file; and all of them, a batch at a time."""
    assert await reader.referenced(["0" * 64, "1" * 64]) == {"0" * 64}
    batches = [batch async for batch in reader.references(2)]
    assert max(map(len, batches)) <= 2
    assert sorted(pair for batch in batches for pair in batch) == sorted((job[1], "0" * 64) for job in JOBS)


async def test_the_audit_log_is_read_by_the_page(broker: Broker, database: Database, carrier: Carrier) -> None:
    """Newest first, each once, by whatever is asked for; a tenant's has nothing of another's."""
    await carrier.carry()
    for number in range(7):
        with acting(f"key:{number % 2}"):
            told = act("job.retried", f"job-{number}", "acme" if number % 3 else "beta", {"fresh": number})
        await raw(broker).xadd(broker.keys.outbox, {"act": told})
    await carrier.carry()
    reader, retried = Reader(database), ActFilter(action="job.retried")

    async def subjects(tenant: str | None, only: ActFilter, count: int = 2) -> list[str]:
        found, place = await reader.acts(tenant, only, count=count)
        while place is not None:
            more, place = await reader.acts(tenant, only, after=place, count=count)
            found += more
        return [row.subject for row in found]

    assert await subjects(None, retried) == [f"job-{number}" for number in reversed(range(7))]
    assert await subjects("beta", ActFilter()) == ["job-6", "job-3", "job-0"]
    assert await subjects("acme", ActFilter(actor="key:1")) == ["job-5", "job-1"]
    assert await subjects(None, ActFilter(subject="job-2")) == ["job-2"]
    assert await subjects(None, ActFilter(action="job.retried", until_ms=1)) == []
    ((newest,), _) = await reader.acts(None, retried, count=1)
    assert (newest.actor, newest.tenant, msgspec.json.decode(newest.data)) == ("key:0", "beta", {"fresh": 6})


@pytest.mark.usefixtures("reader")
async def test_figures_count_what_is_archived(database: Database) -> None:
    """States in each group of each kind of group, within the time and the tenant that were asked for."""
    figures = Figures(database)

    async def states(by: object, tenant: str | None = None, until_ms: int = T0 * 2) -> dict[str | int, object]:
        groups = await figures.groups(by, tenant=tenant, since_ms=T0, until_ms=until_ms)  # type: ignore[arg-type]
        return {group.key: group.states for group in groups}

    assert await states("tenant") == {
        "acme": {"succeeded": 2, "failed": 2, "cancelled": 1},
        "beta": {"succeeded": 1, "failed": 1},
    }
    assert await states("kind", "acme", T0) == {"echo": {"succeeded": 1, "failed": 1}, "other": {"succeeded": 1}}
    assert await states("day", "beta") == {T0 // DAY_MS * DAY_MS: {"succeeded": 1, "failed": 1}}
    assert await states("queue", "nobody") == {}


async def test_figures_tell_lengths_and_costs(broker: Broker, database: Database, carrier: Carrier) -> None:
    """Medians to two digits of each group's jobs; a job that was never begun has no length; costs are the jobs' own."""
    lengths = (5, 120, 1234, 1234, 1290, 1290, 1234, 99_000)
    for number, length in enumerate(lengths):
        await submit(broker, f"job-{number}")
        await settle(broker, await take_one(broker))
        times = {"created_ms": T0, "started_ms": T0 + 10, "finished_ms": T0 + 10 + length}
        await raw(broker).hset(broker.keys.job(f"job-{number}"), mapping=times)
    await submit(broker, "never")
    await broker.cancel("never", b'{"code":"cancelled","message":""}')
    await raw(broker).hset(broker.keys.job("never"), mapping={"created_ms": T0, "finished_ms": T0 + 5})
    call = {"tenant": "default", "job": "job-0", "charge": "c", "call": "c", "cost_uusd": 30, "charged_uusd": 20}
    await raw(broker).xadd(broker.keys.charges, call)
    while await carrier.carry():
        pass
    (group,) = await Figures(database).groups("kind", tenant=None, since_ms=T0, until_ms=T0)
    assert group.states == {"succeeded": 8, "cancelled": 1}
    assert (group.cost_uusd, group.charged_uusd) == (30, 20)
    assert group.ran is not None
    assert group.waited is not None
    assert (group.ran.p50_ms, group.ran.p95_ms) == (1250, 99_500)
    assert (group.waited.p50_ms, group.waited.p95_ms) == (10, 10)


def test_a_median_is_within_five_percent() -> None:
    """Whatever the length, the class that stands for it is read to within 5 %, and none at all as nothing."""
    assert span_of({}) is None
    for length in (0, 7, 99, 100, 109, 1999, 123_456, 86_400_000):
        digits = max(0, len(str(length)) - 2)
        found = span_of({length // 10**digits * 10**digits: 3})
        assert found is not None
        assert abs(found.p50_ms - length) <= 0.05 * length
