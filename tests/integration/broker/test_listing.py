"""Finding jobs: newest first, page by page, by what is known of them; and the index behind it."""

from __future__ import annotations

from time import time_ns
from typing import Any

import pytest

from streamforge.broker.broker import Broker
from streamforge.jobs.listing import CHUNK, SCAN_MAX, JobFilter, Place
from streamforge.jobs.model import Job, JobState
from streamforge.jobs.store import JobStore
from tests.integration.moves import raw, settle, submission, submit, take_one

ONE = ("default",)


async def submitted(store: JobStore, *names: str, **fields: Any) -> None:  # noqa: ANN401 - any of Submission's
    """Jobs of these names, in one script call: of one millisecond."""
    await store.submit_all([submission(name, **fields) for name in names])


async def every(
    store: JobStore, only: JobFilter | None = None, count: int = 2, tenants: tuple[str, ...] = ONE
) -> list[str]:
    """Every job that is found, page after page."""
    found: list[Job] = []
    place: Place | None = None
    while True:
        jobs, place = await store.listing.page(tenants, only or JobFilter(), after=place, count=count)
        assert len(jobs) <= count
        found += jobs
        if place is None:
            return [job.id for job in found]


async def test_pages_hold_every_job_once_newest_first(store: JobStore) -> None:
    """Jobs of one millisecond and of several come in one order, and no page repeats or leaves out any."""
    for number in range(3):
        await submitted(store, *(f"job-{number}-{letter}" for letter in "abcde"))
    found = await every(store)
    assert sorted(found) == [f"job-{number}-{letter}" for number in range(3) for letter in "abcde"]
    assert len(set(found)) == 15
    created = [(await store.get(job_id)).created_ms for job_id in found]
    assert created == sorted(created, reverse=True)
    assert found == await every(store, count=100)


async def test_more_than_a_chunk_of_one_moment(store: JobStore, broker: Broker) -> None:
    """A batch whose jobs share their millisecond is paged through whole, however small the pages."""
    names = [f"job-{number:04}" for number in range(CHUNK + 50)]
    await submitted(store, *names)
    index = broker.keys.index("default")
    await raw(broker).zadd(index, dict.fromkeys(names, 1_000))
    assert await every(store, count=200) == names[::-1]


async def test_a_tenant_finds_its_own(store: JobStore) -> None:
    """The list is of the tenants that are asked for; several are merged by time."""
    await submitted(store, "a", tenant="one")
    await submitted(store, "b", tenant="two")
    assert await every(store, tenants=("one",)) == ["a"]
    assert sorted(await every(store, tenants=("one", "two"))) == ["a", "b"]
    assert await every(store, tenants=("three",)) == []
    assert await every(store, tenants=()) == []
    assert await store.listing.tenants() == ["one", "two"]


async def test_many_tenants_are_merged_by_time(store: JobStore, broker: Broker) -> None:
    """Of each index a few rows are read at once, and still no job comes before a newer one of a busier tenant."""
    tenants = [f"t{number:02}" for number in range(30)]
    moments: dict[str, int] = {}
    for place, tenant in enumerate(tenants):
        names = [f"{tenant}-{number}" for number in range(60 if place == 7 else 3)]
        await submitted(store, *names, tenant=tenant)
        scores = {name: 10_000 + (9_000 if place == 7 else 0) + place + number for number, name in enumerate(names)}
        await raw(broker).zadd(broker.keys.index(tenant), scores)
        moments |= scores
    found = await every(store, count=7, tenants=tuple(tenants))
    assert sorted(found) == sorted(moments)
    assert [moments[name] for name in found] == sorted(moments.values(), reverse=True)


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        (JobFilter(states=frozenset({JobState.FAILED})), ["failed"]),
        (JobFilter(states=frozenset({JobState.QUEUED, JobState.FAILED})), ["failed", "other", "waiting"]),
        (JobFilter(kind="other"), ["other"]),
        (JobFilter(queue="fast"), ["other"]),
        (JobFilter(queue="fast", kind="echo"), []),
        (JobFilter(text="FAIL"), ["failed"]),
        (JobFilter(text="internal"), ["failed"]),
        (JobFilter(text="summer SALE"), ["other"]),
        (JobFilter(text="nothing like it"), []),
        (JobFilter(since_ms=9_000_000_000_000), []),
        (JobFilter(until_ms=1), []),
        (JobFilter(since_ms=1, until_ms=9_000_000_000_000), ["failed", "other", "waiting"]),
    ],
)
async def test_filters(broker: Broker, store: JobStore, only: JobFilter, expected: list[str]) -> None:
    """Each condition that is given must hold; the text is found in whatever case."""
    await submit(broker, "failed")
    await settle(broker, await take_one(broker), "failed", reason="x")
    await submit(broker, "waiting")
    await submit(broker, "other", kind="other", queue="fast", input=b'{"prompt":"The  Summer\\nsale"}')
    assert sorted(await every(store, only)) == expected


async def test_a_scarce_find_ends_its_page_in_time(store: JobStore) -> None:
    """A page reads so many records at most, and is given with what was found and where to go on."""
    await submitted(store, "needle", kind="rare")
    names = [f"job-{number}" for number in range(SCAN_MAX + 1)]
    for first in range(0, len(names), 500):
        await submitted(store, *names[first : first + 500])
    jobs, place = await store.listing.page(ONE, JobFilter(kind="rare"))
    assert (jobs, place is not None) == ([], True)
    jobs, place = await store.listing.page(ONE, JobFilter(kind="rare"), after=place)
    assert ([job.id for job in jobs], place) == (["needle"], None)


async def test_an_expired_job_is_not_found(broker: Broker, store: JobStore) -> None:
    """A record that is gone is left out, whatever the index says."""
    await submitted(store, "gone", "there")
    await raw(broker).delete(broker.keys.job("gone"))
    assert await every(store) == ["there"]


async def test_the_index_forgets_what_has_expired(broker: Broker, store: JobStore) -> None:
    """Jobs whose records are gone leave the index once their time is over; a tenant without any leaves, too."""
    await submitted(store, "gone", tenant="left")
    await submitted(store, "gone-too", "there")
    await submitted(store, "young")
    for name in ("gone", "gone-too", "young"):
        await raw(broker).delete(broker.keys.job(name))
    old_ms = time_ns() // 1_000_000 - 10_000
    await raw(broker).zadd(broker.keys.index("left"), {"gone": old_ms})
    await raw(broker).zadd(broker.keys.index("default"), {"gone-too": old_ms, "there": old_ms})
    assert await store.listing.forget(5) == 2
    assert await raw(broker).zrange(broker.keys.index("default"), 0, -1) == [b"there", b"young"]
    assert await store.listing.tenants() == ["default"]
    assert not await raw(broker).exists(broker.keys.index("left"))


async def test_a_job_that_is_made_anew_from_its_letter_is_listed(broker: Broker, store: JobStore) -> None:
    """A requeue whose record had expired puts the job into the index again."""
    await submit(broker)
    await settle(broker, await take_one(broker), "failed", reason="x")
    (letter,) = await store.letters.list()
    await raw(broker).delete(broker.keys.job("job-1"), broker.keys.index("default"), broker.keys.tenants)
    await store.letters.requeue(letter.id)
    assert await every(store, tenants=tuple(await store.listing.tenants())) == ["job-1"]
