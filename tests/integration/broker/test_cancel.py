"""Cancelling: at once where nobody runs the job, by a durable mark where somebody does, and once in any case."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import cast

import msgspec
import pytest

from streamforge.broker.broker import Broker
from streamforge.broker.leasing import CANCEL_ASKED, RENEWED, LeaseKeeper
from streamforge.config import RedisSettings
from streamforge.errors import UnknownJob
from streamforge.jobs.events import Event
from streamforge.jobs.model import Claim, JobState
from streamforge.jobs.store import Cancellation, JobStore
from streamforge.testing.server import TestServer
from tests.integration.moves import (
    checkpoint,
    dump,
    entries,
    field,
    pending,
    raw,
    scheduled,
    settle,
    submit,
    take,
    take_one,
)

FAR_MS = 4_102_444_800_000  # 2100-01-01
ERROR = b'{"code":"cancelled","message":"no longer wanted"}'


def codes(server: TestServer, broker: Broker, *claims: Claim) -> list[int]:
    """What the lease of each claim is renewed with."""
    keeper = LeaseKeeper(RedisSettings(), server.url, broker.keys, "w1", 15_000)
    try:
        return keeper.renew(b"{}", claims)
    finally:
        keeper.close()


def told(event: Event) -> str:
    """The reason that an event of a job's end tells."""
    return cast("dict[str, dict[str, str]]", event.payload())["error"]["message"]


async def assert_cancelled(store: JobStore, job_id: str = "job-1") -> None:
    """The job ended so: state, error and time, one event, no dead letter."""
    job = await store.get(job_id)
    assert (job.state, job.owner) == (JobState.CANCELLED, "")
    assert job.error is not None
    assert (job.error.code, job.error.message) == ("cancelled", "no longer wanted")
    assert job.finished_ms > 0
    events = await store.events_since(job_id)
    assert [event.type for event in events].count("job.cancelled") == 1
    assert told(events[-1]) == "no longer wanted"
    assert await store.letters.list() == []


async def cancel(store: JobStore, job_id: str = "job-1") -> Cancellation:
    """Ask for the end, with a reason."""
    return await store.cancel(job_id, "no longer wanted")


async def test_a_queued_job_ends_at_once(broker: Broker, store: JobStore) -> None:
    """It leaves its line, whose other jobs keep their places."""
    for name in ("a", "job-1", "b"):
        await submit(broker, name)
    assert await cancel(store) is Cancellation.ENDED
    await assert_cancelled(store)
    assert await entries(broker) == ["a", "b"]
    assert [claim.id for claim in await take(broker)] == ["a", "b"]


async def test_a_line_ends_with_its_last_job(broker: Broker, store: JobStore) -> None:
    """Cancelling the only job of a line leaves nothing of the line, and the next job makes it anew."""
    await submit(broker)
    await cancel(store)
    keys = {key.decode() for key in await raw(broker).keys("*")}
    index = {broker.keys.index("default"), broker.keys.tenants}
    own = {broker.keys.job("job-1"), broker.keys.log("job-1")}
    assert keys == {broker.keys.feed, broker.keys.bell("default")} | own | index
    await submit(broker, "next")
    assert (await take_one(broker)).id == "next"


async def test_a_line_with_a_running_job_goes_on(broker: Broker, store: JobStore) -> None:
    """Cancelling what waits behind a running job leaves that one's claim alone, and who comes next is served."""
    await submit(broker, "running")
    claim = await take_one(broker)
    await submit(broker)
    await cancel(store)
    assert await pending(broker) == 1
    await submit(broker, "next")
    assert (await take_one(broker)).id == "next"
    assert await settle(broker, claim) == 1


@pytest.mark.parametrize("way", ["later", "retry", "snooze"])
async def test_a_scheduled_job_ends_at_once(broker: Broker, store: JobStore, way: str) -> None:
    """It leaves the schedule; its time does not bring it back."""
    if way == "later":
        await submit(broker, not_before_ms=FAR_MS)
    else:
        await submit(broker)
        await settle(broker, await take_one(broker), way)
    assert await cancel(store) is Cancellation.ENDED
    assert await scheduled(broker) == []
    await assert_cancelled(store)
    assert (await broker.promote()).moved == 0
    assert await take(broker) == []


async def test_a_job_that_was_handed_back_ends_at_once(broker: Broker, store: JobStore) -> None:
    """Nobody holds it, though its entry is in the pending list: that is dropped with it."""
    await submit(broker)
    await settle(broker, await take_one(broker), "released")
    assert await cancel(store) is Cancellation.ENDED
    await assert_cancelled(store)
    assert (await entries(broker), await take(broker, mode="expired")) == ([], [])


async def test_the_worker_of_a_running_job_is_told(broker: Broker, store: JobStore, shared_server: TestServer) -> None:
    """The job runs on with a mark, its worker hears it on the channel and with the next renewal."""
    await submit(broker)
    await submit(broker, "other")
    first, other = await take(broker)
    async with raw(broker).pubsub(ignore_subscribe_messages=True) as channel:
        await channel.subscribe(broker.keys.control)
        await channel.get_message(timeout=5)
        assert await cancel(store) is Cancellation.ASKED
        message = await channel.get_message(timeout=5)
    assert msgspec.json.decode(message["data"]) == {"cancel": "job-1"}
    job = await store.get("job-1")
    assert (job.state, job.is_cancel_asked) == (JobState.RUNNING, True)
    assert codes(shared_server, broker, first, other) == [CANCEL_ASKED, RENEWED]
    assert await broker.record(checkpoint(first))


@pytest.mark.parametrize("outcome", ["retry", "snooze", "released", "cancelled"])
@pytest.mark.parametrize("charge", ["attempt", "crash", "soft_limit"])
async def test_a_marked_job_does_not_go_on(broker: Broker, store: JobStore, outcome: str, charge: str) -> None:
    """What would be tried again, parked or handed back ends for the reason that was given, and leaves nothing."""
    await submit(broker)
    claim = await take_one(broker)
    await cancel(store)
    assert await settle(broker, claim, outcome, delay_ms=60_000, charge=charge) == 1
    await assert_cancelled(store)
    assert (await scheduled(broker), await entries(broker), await pending(broker)) == ([], [], 0)
    assert not await raw(broker).exists(broker.keys.running, broker.keys.lines("default"))
    assert await settle(broker, claim, outcome) == 2


@pytest.mark.parametrize("outcome", ["succeeded", "failed"])
async def test_an_end_in_spite_of_the_mark_stands(broker: Broker, store: JobStore, outcome: str) -> None:
    """Who was done before he heard of it has done it: the result or the failure is kept."""
    await submit(broker)
    claim = await take_one(broker)
    await cancel(store)
    assert await settle(broker, claim, outcome, reason="x") == 1
    job = await store.get("job-1")
    assert job.state == outcome
    assert (job.result is not None) == (outcome == "succeeded")
    assert len(await store.letters.list()) == (outcome == "failed")
    assert await cancel(store) is Cancellation.OVER


async def test_a_requeued_job_is_not_marked_any_more(broker: Broker, store: JobStore) -> None:
    """The mark belongs to the life in which it was set."""
    await submit(broker)
    claim = await take_one(broker)
    await cancel(store)
    await settle(broker, claim, "failed", reason="x")
    (letter,) = await store.letters.list()
    await store.letters.requeue(letter.id)
    assert not (await store.get("job-1")).is_cancel_asked
    await settle(broker, await take_one(broker), "retry")
    assert (await store.get("job-1")).state is JobState.SCHEDULED


@pytest.mark.parametrize("mode", ["crashed", "expired", "lost"])
async def test_a_crash_after_the_mark_is_the_end(broker: Broker, store: JobStore, mode: str) -> None:
    """Whoever takes the job over ends it as cancelled instead of running it, and charges no crash."""
    await submit(broker)
    claim = await take_one(broker)
    await cancel(store)
    assert await take(broker, mode=mode, lease_ms=0) == []  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await assert_cancelled(store)
    assert (await store.get("job-1")).crashes == 0
    assert not await raw(broker).exists(broker.keys.running, broker.keys.lines("default"))
    before = await dump(broker)
    assert await settle(broker, claim) == 0
    assert await dump(broker) == before


async def _succeeded(broker: Broker) -> None:
    await submit(broker)
    await settle(broker, await take_one(broker))


async def _failed(broker: Broker) -> None:
    await submit(broker)
    await settle(broker, await take_one(broker), "failed", reason="x")


async def _cancelled(broker: Broker) -> None:
    await submit(broker)
    await broker.cancel("job-1", ERROR)


async def _expired(broker: Broker) -> None:
    await submit(broker, expires_at_ms=1)
    await broker.promote()


@pytest.mark.parametrize("end", [_succeeded, _failed, _cancelled, _expired])
async def test_what_has_ended_is_left_alone(
    broker: Broker, store: JobStore, end: Callable[[Broker], Awaitable[None]]
) -> None:
    """A job that is over stays exactly as it is."""
    await end(broker)
    before = await dump(broker)
    assert await cancel(store) is Cancellation.OVER
    assert await dump(broker) == before


async def test_an_unknown_job_is_named(broker: Broker, store: JobStore) -> None:
    """A job that does not exist cannot be cancelled, and is not made by the try."""
    with pytest.raises(UnknownJob, match="job-1"):
        await cancel(store)
    assert await raw(broker).keys("*") == []


async def test_asking_again_changes_nothing_more(broker: Broker, store: JobStore) -> None:
    """A running job may be asked for as often as one likes; it ends once."""
    await submit(broker)
    claim = await take_one(broker)
    assert [await cancel(store) for _ in range(3)] == [Cancellation.ASKED] * 3
    await settle(broker, claim, "snooze", delay_ms=60_000)
    assert await cancel(store) is Cancellation.OVER
    await assert_cancelled(store)


async def test_a_reason_may_hold_anything(broker: Broker, store: JobStore) -> None:
    """Quotes, newlines, other scripts and endless reasons break neither the record nor the event."""
    await submit(broker)
    reason = 'a "quoted" \\ reason\n— ü 漢 \x01' + 400 * "x"
    await store.cancel("job-1", reason)
    job = await store.get("job-1")
    assert job.error is not None
    assert job.error.message == reason[:300]
    assert told((await store.events_since("job-1"))[-1]) == reason[:300]


# Parents.


async def wait_for_child(broker: Broker, parent: str = "job-1", child: str = "child") -> None:
    """A parent that is parked until its child ends; the child is queued."""
    await submit(broker, parent)
    claim = await take_one(broker)
    await submit(broker, child, parent=parent)
    await settle(broker, claim, "snooze", delay_ms=60_000, awaits=child)


async def test_the_awaited_child_ends_too(broker: Broker, store: JobStore) -> None:
    """Nobody wants the child's result any more: it is cancelled with its parent, which does not wake for it."""
    await wait_for_child(broker)
    assert await cancel(store) is Cancellation.ENDED
    for job_id in ("job-1", "child"):
        await assert_cancelled(store, job_id)
    assert (await scheduled(broker), await take(broker)) == ([], [])


async def test_a_whole_descent_ends(broker: Broker, store: JobStore) -> None:
    """Grandchildren end as well; the one that runs is told."""
    await wait_for_child(broker)
    claim = await take_one(broker)
    await submit(broker, "grandchild", parent="child")
    await take_one(broker, worker="w2")
    await settle(broker, claim, "snooze", delay_ms=60_000, awaits="grandchild")
    await cancel(store)
    await assert_cancelled(store, "child")
    assert (await store.get("grandchild")).is_cancel_asked


async def test_a_lost_answer_does_not_save_the_child(broker: Broker, store: JobStore) -> None:
    """Who was cut off between the parent's end and the child's asks again, and ends the child as well."""
    await wait_for_child(broker)
    assert await broker.cancel("job-1", ERROR) == 1
    await cancel(store)
    await assert_cancelled(store, "child")


async def test_a_parent_that_ends_as_it_parks_takes_its_child_along(broker: Broker, store: JobStore) -> None:
    """Marked while it started its child, it ends instead of waiting; the child that nobody waits for ends with it."""
    await submit(broker)
    claim = await take_one(broker)
    await submit(broker, "child", parent="job-1")
    await cancel(store)
    await settle(broker, claim, "snooze", delay_ms=60_000, awaits="child")
    assert await field(broker, "job-1", "state") == "cancelled"
    await cancel(store)  # at the latest when somebody asks again
    assert await field(broker, "child", "state") == "cancelled"


async def test_every_child_ends_with_its_parent(broker: Broker, store: JobStore) -> None:
    """Those that it has started and does not wait for now as well, and also where it runs when it is cancelled."""
    await submit(broker)
    claim = await take_one(broker)
    for child in ("one", "two"):
        await submit(broker, child, parent="job-1", queue="other")
    await settle(broker, claim, "snooze", delay_ms=0, awaits="one")
    await broker.promote()
    claim = await take_one(broker)
    await cancel(store)
    await settle(broker, claim, "cancelled")
    assert [await field(broker, child, "state") for child in ("job-1", "one", "two")] == ["cancelled"] * 3
    assert await raw(broker).exists(f"{broker.keys.base}:children:job-1") == 0


async def test_a_cancelled_child_does_not_end_its_parent(broker: Broker, store: JobStore) -> None:
    """The parent hears of it, and decides itself."""
    await wait_for_child(broker)
    await cancel(store, "child")
    assert (await store.get("job-1")).state is JobState.QUEUED
    assert (await take_one(broker)).id == "job-1"
