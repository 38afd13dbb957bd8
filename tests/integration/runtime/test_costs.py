"""What a job costs Redis, in counts that are the same on every machine: a dearer job is seen before it is released."""

from __future__ import annotations

from collections import Counter
from typing import Any, cast

import pytest
from msgspec import Struct

from streamforge import Context, Pipeline
from streamforge.config import WorkerSettings
from streamforge.jobs.model import Submission
from streamforge.ops import metrics
from streamforge.testing import InProcessWorker
from streamforge.testing.server import TestServer
from streamforge.testing.waiting import until

JOBS = 400
AT_ONCE = 100
STEPS = 2


class Spec(Struct, frozen=True):
    """No input."""


async def nothing(_: Context, __: Spec) -> int:
    """End at once."""
    return 1


async def stepwise(ctx: Context, _: Spec) -> int:
    """Two checkpoints."""

    async def one() -> int:
        return 1

    return sum([await ctx.step(f"s{number}", one, returns=int) for number in range(STEPS)])


PIPELINES = [
    Pipeline("nothing", Spec, nothing, result_type=int),
    Pipeline("stepwise", Spec, stepwise, result_type=int),
]


def ended() -> float:
    """Jobs that this process has ended so far."""
    found = metrics.REGISTRY.collect()
    samples = (one for family in found if family.name == "streamforge_jobs" for one in family.samples)
    return sum(one.value for one in samples if one.name == "streamforge_jobs_total")


async def cost_of(kind: str, server: TestServer) -> Counter[str]:
    """Commands by their names, script calls among them, for a backlog that one worker works off, for each job."""
    worker = WorkerSettings(name="costs", concurrency=AT_ONCE, lease_s=600.0, renew_s=200.0)
    async with InProcessWorker(PIPELINES, url=server.url, worker=worker) as running:
        client, before = cast("Any", running.daemon.broker.client), ended()
        await running.store.pause("default")
        await running.store.submit_all([Submission(kind=kind, id=f"j-{n}", input=b"{}") for n in range(JOBS)])
        await client.config_resetstat()
        await running.store.resume("default")
        await until(lambda: ended() - before == JOBS, "every job has ended", 30.0)
        stats: dict[str, dict[str, int]] = await client.info("commandstats")
    return Counter({name.removeprefix("cmdstat_"): told["calls"] / JOBS for name, told in stats.items()})


@pytest.mark.parametrize(("kind", "commands", "calls"), [("nothing", 17.0, 0.2), ("stepwise", 44.0, 0.6)])
async def test_a_job_costs_no_more_than_it_did(
    shared_server: TestServer, kind: str, commands: float, calls: float
) -> None:
    """In commands that Redis performs, within scripts or outside, and in round trips, which jobs share."""
    cost = await cost_of(kind, shared_server)
    assert cost.total() <= commands
    assert cost["evalsha"] <= calls
