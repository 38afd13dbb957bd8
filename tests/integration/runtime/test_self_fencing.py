"""A worker that cannot renew a lease gives its job up: handed back where nobody has taken it, else without a word."""

from __future__ import annotations

import anyio
import pytest

from streamforge.config import LogsSettings
from streamforge.jobs.model import JobState
from streamforge.ops import logs
from streamforge.runtime.context import Context
from streamforge.testing.waiting import until
from tests.integration.engine import Text, pipeline
from tests.integration.moves import field, take_one
from tests.integration.runtime.conftest import Build


class Sleeper:
    """A recipe that waits for ever in its first attempt, and returns in any later one."""

    def __init__(self) -> None:
        self.began = 0

    async def run(self, ctx: Context, spec: Text) -> str:
        """One step."""
        del spec

        async def wait() -> str:
            self.began += 1
            if self.began == 1:
                await anyio.sleep_forever()
            return "done"

        return await ctx.step("wait", wait, returns=str)


async def test_a_job_given_up_is_handed_back_uncharged(build: Build) -> None:
    """Nobody has taken it: it goes on at once, as its first attempt, without a crash."""
    sleeper = Sleeper()
    async with build(pipeline(sleeper.run)) as engine:
        job_id = await engine.submit()
        await until(lambda: sleeper.began == 1, "the first attempt")
        (run,) = engine.worker.running
        engine.worker.give_up(job_id, run.claim.token, "its lease could not be renewed")
        job = await engine.ended(job_id)
        events = await engine.events(job_id)
    assert (job.state, job.attempt, job.crashes) == (JobState.SUCCEEDED, 1, 0)
    assert [event for event in events if event.startswith("job.")] == [
        "job.queued",
        "job.started",
        "job.released",
        "job.started",
        "job.succeeded",
    ]


async def test_a_job_given_up_too_late_stays_with_its_new_owner(build: Build) -> None:
    """Somebody else has taken it meanwhile: handing it back is refused, and changes nothing."""
    sleeper = Sleeper()
    async with build(pipeline(sleeper.run)) as engine:
        job_id = await engine.submit()
        await until(lambda: sleeper.began == 1, "the first attempt")
        (run,) = engine.worker.running
        claim = await take_one(engine.broker, worker="other", mode="expired", lease_ms=0)
        engine.worker.give_up(job_id, run.claim.token, "its lease could not be renewed")
        await until(lambda: not engine.worker.running, "the attempt is over")
        assert (await field(engine.broker, job_id, "owner"), claim.token) == ("other", run.claim.token + 1)
        assert "job.released" not in await engine.events(job_id)


async def test_what_ends_anyway_is_not_told_again(build: Build, capsys: pytest.CaptureFixture[str]) -> None:
    """A job that is given up stays here while Redis is away; a renewal that fails again has no more to say about it."""
    logs.configure(LogsSettings(format="json"))
    sleeper = Sleeper()
    async with build(pipeline(sleeper.run)) as engine:
        job_id = await engine.submit()
        await until(lambda: sleeper.began == 1, "the first attempt")
        (run,) = engine.worker.running
        for _ in range(5):
            engine.worker.give_up(job_id, run.claim.token, "its lease could not be renewed")
        await engine.ended(job_id)
    assert capsys.readouterr().err.count("lease_lost") == 1


async def test_another_attempt_is_left_alone(build: Build) -> None:
    """Word of an earlier attempt does not stop the one that runs now."""
    sleeper = Sleeper()
    async with build(pipeline(sleeper.run)) as engine:
        job_id = await engine.submit()
        await until(lambda: sleeper.began == 1, "the first attempt")
        (run,) = engine.worker.running
        engine.worker.give_up(job_id, run.claim.token - 1, "too late")
        assert list(engine.worker.running) == [run]
        assert run.asked is None
        engine.worker.lose(job_id, run.claim.token, "so that it ends")
