"""Objects as recipes make them: kept apart by tenant, within quotas, and safe from a collection that comes between."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
import pytest

from streamforge.broker.broker import Broker
from streamforge.broker.quotas import Quotas
from streamforge.collector.collector import Collector
from streamforge.collector.garbage import Garbage
from streamforge.collector.references import References
from streamforge.config import JobsSettings, TenantSettings
from streamforge.jobs.model import Artifact, JobState
from streamforge.runtime.context import Context
from streamforge.storage.objects import Objects
from tests.integration.engine import Text
from tests.integration.moves import raw
from tests.integration.runtime.conftest import Build

LARGE = "x" * 100_000
SMALL_INLINE = JobsSettings(inline_bytes=1000)


async def test_a_recipe_never_sees_a_collection(build: Build, broker: Broker, objects: Objects) -> None:
    """What it saves and returns had just been given up by a collection: it is put again, unseen, and stays."""
    content = b"the same in every job"
    keys = {hashlib.sha256(data).hexdigest(): 1 << 50 for data in (content, msgspec.msgpack.encode(LARGE))}
    await raw(broker).zadd(broker.keys.deleted, keys)

    async def recipe(ctx: Context, _: Text) -> int:
        text = await ctx.step("text", lambda: returning(LARGE), returns=str)
        file = await ctx.save("f", content, "text/plain")
        return len(text) + len(await ctx.load(file))

    async with build(recipe, jobs=SMALL_INLINE) as engine:
        job = await engine.ended(await engine.submit())
        assert (job.state, bytes(job.result or b"")) == (JobState.SUCCEEDED, b"100021")
        view = objects.of("default")
        assert {Path(copy.path).name for key in keys for copy in await view.copies(key)} >= {str(1 << 50)}
        done = await Collector(objects, References(broker), Garbage(broker)).collect(-5.0)
        assert [await view.exists(key) for key in keys] == [True, True]
        assert done.garbage == 0


async def returning(value: str) -> str:
    """The value."""
    return value


async def test_what_a_large_checkpoint_names_is_kept(build: Build, broker: Broker, objects: Objects) -> None:
    """Files that only a step's value names, which is itself in the object store, are there for the next attempt."""

    async def recipe(ctx: Context, _: Text) -> None:
        async def made() -> list[Artifact]:
            return [await ctx.save("f", str(number).encode() * 100, "text/plain") for number in range(20)]

        files = await ctx.step("files", made, returns=list[Artifact])  # of one name: the last alone is the job's file
        await ctx.load(files[0])
        if ctx.attempt == 1:
            await Collector(objects, References(broker), Garbage(broker)).collect(-5.0)
            raise OSError("once")
        for file in files:
            await ctx.load(file)

    async with build(recipe, jobs=SMALL_INLINE) as engine:
        job = await engine.ended(await engine.submit())
    assert (job.state, job.attempt, list(job.artifacts)) == (JobState.SUCCEEDED, 2, ["f"])


@pytest.mark.parametrize("how", ["save", "step"])
async def test_over_its_quota_a_job_fails_and_says_why(
    build: Build, objects: Objects, broker: Broker, how: str
) -> None:
    """For good, at the first attempt, with what is kept, what may be, and the setting; another tenant's goes on."""
    objects.quota = Quotas(broker, 0, {"small": TenantSettings(storage_mb=1)})

    async def recipe(ctx: Context, _: Text) -> int:
        large = "x" * 2_000_000
        if how == "step":
            return len(await ctx.step("large", lambda: returning(large), returns=str))
        return (await ctx.save("f", large.encode(), "text/plain")).size

    async with build(recipe) as engine:
        refused = await engine.ended(await engine.submit(tenant="small"))
        other = await engine.ended(await engine.submit(tenant="other"))
    assert (refused.state, refused.attempt, other.state) == (JobState.FAILED, 1, JobState.SUCCEEDED)
    assert refused.error is not None
    assert (refused.error.code, refused.error.field) == ("quota_exceeded", "tenants.small.storage_mb")
    assert "of the 1 MB that it may" in refused.error.message
    assert await Quotas(broker, 0, {}).kept() == {"other": 2_000_000 + (5 if how == "step" else 0)}


async def test_a_job_cannot_load_another_tenants_file(build: Build, objects: Objects) -> None:
    """Not even with its whole record: the key opens nothing."""
    ref = await objects.of("other").put(b"theirs")

    async def recipe(ctx: Context, _: Text) -> bytes:
        return await ctx.load(Artifact(name="f", key=ref.key, media_type="text/plain", size=ref.size))

    async with build(recipe) as engine:
        job = await engine.ended(await engine.submit())
    assert job.error is not None
    assert (job.state, job.error.code) == (JobState.FAILED, "object_missing")
