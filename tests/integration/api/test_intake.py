"""The intake: submissions that come together go together, and each gets its own answer."""

from __future__ import annotations

from collections.abc import Sequence

import anyio
import pytest

from streamforge.api.intake import BATCH_MAX, Intake
from streamforge.broker.broker import Broker
from streamforge.errors import BrokerUnavailable, IdempotencyConflict
from streamforge.jobs.model import Submission, Submitted
from streamforge.jobs.store import JobStore, Order
from tests.integration.moves import entries, submission


class Counted(JobStore):
    """A store that tells how its jobs came."""

    def __init__(self, broker: Broker) -> None:
        super().__init__(broker)
        self.batches: list[int] = []
        self.is_away = False

    async def submit_orders(self, orders: Sequence[Order]) -> list[Submitted | IdempotencyConflict]:
        """As the store does."""
        self.batches.append(len(orders))
        if self.is_away:
            raise BrokerUnavailable("away", hint="wait")
        return await super().submit_orders(orders)


async def submitted(intake: Intake, jobs: Sequence[Submission]) -> list[Submitted | Exception]:
    """The answer to each of these, which come at once."""
    answers: dict[int, Submitted | Exception] = {}

    async def one(place: int, job: Submission) -> None:
        try:
            answers[place] = await intake.submit(Order(job))
        except (BrokerUnavailable, IdempotencyConflict) as error:
            answers[place] = error

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(intake.run)
        await anyio.lowlevel.checkpoint()
        async with anyio.create_task_group() as requests:
            for place, job in enumerate(jobs):
                requests.start_soon(one, place, job)
        intake.stop()
    return [answers[place] for place in range(len(jobs))]


async def test_what_comes_together_goes_together(broker: Broker) -> None:
    """A hundred jobs at once take a few round trips, none larger than the limit; all are in the queue."""
    store = Counted(broker)
    answers = await submitted(Intake(store), [submission(f"job-{number}") for number in range(100)])
    assert [answer.id for answer in answers if isinstance(answer, Submitted)] == [f"job-{n}" for n in range(100)]
    assert len(store.batches) < 10
    assert max(store.batches) <= BATCH_MAX
    assert sum(store.batches) == len(await entries(broker)) == 100


async def test_each_gets_its_own_answer(broker: Broker) -> None:
    """A job that was known, and one whose id stands for another input, are told so; their neighbours are not."""
    jobs = [submission("a"), submission("a"), submission("a", input=b"{}"), submission("b")]
    first, again, conflict, other = await submitted(Intake(Counted(broker)), jobs)
    assert [answer.is_new for answer in (first, again, other) if isinstance(answer, Submitted)] == [True, False, True]
    assert isinstance(conflict, IdempotencyConflict)


async def test_an_outage_is_told_to_each(broker: Broker) -> None:
    """Everybody who waits hears of it, in an error of his own with its hint; the intake goes on."""
    store = Counted(broker)
    store.is_away = True
    intake = Intake(store)
    answers = await submitted(intake, [submission("a"), submission("b")])
    assert {type(answer) for answer in answers} == {BrokerUnavailable}
    assert len({id(answer) for answer in answers}) == 2
    assert [answer.hint for answer in answers if isinstance(answer, BrokerUnavailable)] == ["wait", "wait"]
    store.is_away = False
    assert [type(answer) for answer in await submitted(intake, [submission("a")])] == [Submitted]


class Broken(JobStore):
    """A store with a mistake in it."""

    async def submit_orders(self, orders: Sequence[Order]) -> list[Submitted | IdempotencyConflict]:
        """Never works."""
        raise ValueError(f"{len(orders)} jobs")


async def test_a_surprise_is_each_requests_own(broker: Broker) -> None:
    """What nobody foresaw reaches those who asked, and the intake goes on: it would take the daemon with it."""
    intake = Intake(Broken(broker))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(intake.run)
        await anyio.lowlevel.checkpoint()
        for _ in range(2):
            with pytest.raises(ValueError, match="1 jobs"):
                await intake.submit(Order(submission("a")))
        intake.stop()


async def test_without_a_run_each_goes_by_itself(broker: Broker) -> None:
    """Before the server runs, and after, nobody waits for a round trip that never comes."""
    assert (await Intake(Counted(broker)).submit(Order(submission("a")))).is_new


async def test_who_goes_away_leaves_his_job(broker: Broker) -> None:
    """A request that is cut off while it waits takes nothing from the others, and its job is accepted."""
    store = Counted(broker)
    intake = Intake(store)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(intake.run)
        await anyio.lowlevel.checkpoint()
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as requests:
                requests.start_soon(intake.submit, Order(submission("gone")))
                await anyio.lowlevel.checkpoint()
                scope.cancel()
        assert (await intake.submit(Order(submission("stays")))).is_new
        intake.stop()
    assert sorted(await entries(broker)) == ["gone", "stays"]


@pytest.mark.parametrize("waiting", [0, 5])
async def test_it_ends_once_nothing_waits(broker: Broker, waiting: int) -> None:
    """A stop lets through what has come, and returns."""
    store = Counted(broker)
    answers = await submitted(Intake(store), [submission(f"job-{number}") for number in range(waiting)])
    assert len(answers) == waiting == len(await entries(broker))
