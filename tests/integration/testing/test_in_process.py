"""The worker that authors test with: the daemon's own parts, quick, and gone without a trace."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest

from streamforge import Context, PermanentError, Pipeline, RetryPolicy, Snooze, pipeline
from streamforge.config import JobsSettings, RedisSettings, WorkerSettings
from streamforge.errors import ConfigError, InvalidInput, ProviderUnavailable, UnknownKind
from streamforge.jobs.model import JobState
from streamforge.jobs.store import Cancellation
from streamforge.providers.text import TextModel
from streamforge.testing import InProcessWorker, ScriptedText, TestServer, until
from tests.integration.testing.pool_calls import die, process_of


class Spec(msgspec.Struct):
    """An input."""

    text: str = ""
    times: int = 0


@pipeline("echo", steps=("say",))
async def echo(ctx: Context, spec: Spec) -> str:
    """Says it again."""

    async def say() -> str:
        return spec.text

    text = await ctx.step("say", say, returns=str)
    await ctx.save("said.txt", text.encode(), "text/plain")
    return text


@pipeline("flaky", retry=RetryPolicy(max_attempts=5, base_s=3600, cap_s=3600))
async def flaky(ctx: Context, spec: Spec) -> int:
    """Fails so many times, with an hour between."""
    if ctx.attempt <= spec.times:
        raise ProviderUnavailable("overloaded")
    return ctx.attempt


@pipeline("patient")
async def patient(ctx: Context, spec: Spec) -> int:
    """Snoozes for a day at a time."""
    naps = NAPS.setdefault(ctx.job_id, [])
    if len(naps) < spec.times:
        naps.append(ctx.attempt)
        raise Snooze.until(datetime.now(UTC) + timedelta(days=1), "tomorrow")
    return len(naps)


NAPS: dict[str, list[int]] = {}


@pipeline("wrong")
async def wrong(ctx: Context, spec: Spec) -> None:
    """Never works."""
    del ctx
    raise PermanentError(f"no {spec.text}")


@pipeline("endless")
async def endless(ctx: Context, spec: Spec) -> None:
    """Runs until it is cancelled."""
    del spec
    await ctx.log("begun")
    await asyncio.Event().wait()


@pipeline("loud")
async def loud(ctx: Context, spec: Spec) -> list[Any]:
    """Has a pool child shout."""
    return list(await ctx.step("shout", lambda: ctx.offload(process_of, spec.text), returns=tuple[str, int]))


@pipeline("fatal")
async def fatal(ctx: Context, spec: Spec) -> None:
    """Takes its pool child down."""
    await ctx.offload(die, spec.text)


PIPELINES: list[Pipeline[Any]] = [echo, flaky, patient, wrong, endless, loud, fatal]


@pytest.fixture(scope="module")
def server() -> Iterator[TestServer]:
    """A server that several workers share."""
    with tempfile.TemporaryDirectory(prefix="sf-") as name, TestServer(Path(name)) as server:
        yield server


@pytest.fixture
def worker(server: TestServer) -> InProcessWorker:
    """A worker over the shared server; not yet running."""
    return InProcessWorker(PIPELINES, url=server.url)


def left_of(worker: InProcessWorker) -> list[Path]:
    """The directories of its files and of its server that are there."""
    socket = Path(urlsplit(worker.daemon.url).path)
    return [path for path in (worker.daemon.settings.paths.data_dir, socket.parent) if path.exists()]


async def test_a_job_runs_to_its_end_on_a_server_of_its_own() -> None:
    """Result, events, checkpoints and files are there to be looked at, and nothing of the worker stays behind."""
    async with InProcessWorker(PIPELINES) as worker:
        job = await worker.run("echo", Spec("hello"))
        assert worker.result_of(job, str) == "hello"
        events = [event.type for event in await worker.events(job.id)]
        assert (events[0], events[-1]) == ("job.queued", "job.succeeded")
        assert [told["step"] for told in await worker.happened(job.id, "step.completed")] == ["say"]
        assert await worker.checkpoints(job.id) == ["say"]
        assert await worker.files(job.id) == {"said.txt": b"hello"}
        assert await worker.dead_letters() == []
        assert len(left_of(worker)) == 2
    assert left_of(worker) == []


async def test_pauses_pass_at_once(worker: InProcessWorker) -> None:
    """An hour between attempts, a day's snooze and a job of tomorrow are there now, and are told as what they are."""
    async with worker:
        assert worker.result_of(await worker.run("flaky", Spec(times=3)), int) == 4
        job = await worker.run("patient", Spec(times=2))
        assert (worker.result_of(job, int), job.attempt) == (2, 1)
        assert [told["reason"] for told in await worker.happened(job.id, "job.snoozed")] == ["tomorrow"] * 2
        tomorrow_ms = round((datetime.now(UTC) + timedelta(days=1)).timestamp() * 1000)
        job = await worker.run("echo", Spec("later"), not_before_ms=tomorrow_ms)
        assert (job.state, job.due_ms) == (JobState.SUCCEEDED, tomorrow_ms)


async def test_pauses_may_be_kept(server: TestServer) -> None:
    """Without skipping them a job waits, until the test lets its time come."""
    async with InProcessWorker(PIPELINES, url=server.url, skip_pauses=False) as worker:
        job_id = await worker.submit("patient", Spec(times=1))
        await until(lambda: worker.happened(job_id, "job.snoozed"), "it sleeps")
        with pytest.raises(AssertionError, match="has ended"):
            await worker.ended(job_id, timeout_s=0.05)
        await worker.make_due(job_id)
        assert worker.result_of(await worker.ended(job_id), int) == 1
        await worker.make_due(job_id)
        assert (await worker.store.get(job_id)).state is JobState.SUCCEEDED


async def test_a_failed_job_is_a_dead_letter(worker: InProcessWorker) -> None:
    """With the job's own error; asking for its result says what happened instead."""
    async with worker:
        job = await worker.run("wrong", Spec("way"))
        (letter,) = await worker.dead_letters()
        assert (letter.job, letter.reason, letter.error.message) == (job.id, "permanent_error", "no way")
        with pytest.raises(AssertionError, match="no way"):
            worker.result_of(job, str)


async def test_a_running_job_can_be_cancelled(worker: InProcessWorker) -> None:
    """As from anywhere else."""
    async with worker:
        job_id = await worker.submit("endless", Spec())
        await until(lambda: worker.happened(job_id, "job.log"), "it runs")
        assert await worker.cancel(job_id, "enough") is Cancellation.ASKED
        job = await worker.ended(job_id)
        assert (job.state, job.error and job.error.message) == (JobState.CANCELLED, "enough")
        assert await worker.cancel(job_id) is Cancellation.OVER


async def test_children_are_real_jobs(server: TestServer) -> None:
    """A job that waits for one is not hurried: it sleeps once, until its child's end wakes it."""
    may_end = asyncio.Event()

    @pipeline("slow")
    async def slow(ctx: Context, spec: Spec) -> str:
        del ctx
        await may_end.wait()
        return spec.text

    @pipeline("parent")
    async def parent(ctx: Context, spec: Spec) -> str:
        return (await ctx.child("ask", "slow", spec, returns=str)).upper()

    async with InProcessWorker([slow, parent], url=server.url) as worker:
        job_id = await worker.submit("parent", Spec("hi"))
        with pytest.raises(AssertionError, match="has ended"):
            await worker.ended(job_id, timeout_s=0.1)
        may_end.set()
        assert worker.result_of(await worker.ended(job_id), str) == "HI"
        assert len(await worker.happened(job_id, "job.snoozed")) == 1


async def test_offloaded_work_is_done_by_a_pool_child(worker: InProcessWorker) -> None:
    """In another process; one that dies is a crash of the job, up to the cap, and not of the test."""
    async with worker:
        text, pid = worker.result_of(await worker.run("loud", Spec("hey")), tuple[str, int])
        assert (text, pid != os.getpid()) == ("HEY", True)
        job = await worker.run("fatal", Spec())
        assert (job.state, job.error and job.error.code) == (JobState.FAILED, "slot_crashed")
        (letter,) = await worker.dead_letters()
        assert (letter.reason, letter.signal) == ("crashed", "SIGKILL")


async def test_what_no_door_lets_in_is_refused(worker: InProcessWorker) -> None:
    """A spec that does not fit, a kind that is not there, and a submission's own fields."""
    async with worker:
        with pytest.raises(InvalidInput, match="times"):
            await worker.submit("echo", {"times": "many"})
        with pytest.raises(UnknownKind, match="echo"):
            await worker.submit("ecko", Spec())
        with pytest.raises(InvalidInput, match="priority"):
            await worker.submit("echo", Spec(), priority="urgent")
        job = await worker.run("echo", Spec("x"), id="mine", priority="high", tenant="acme")
        assert (job.id, job.priority, job.tenant) == ("mine", "high", "acme")


async def test_workers_of_one_server_do_not_meet(server: TestServer) -> None:
    """Each has keys of its own, so that no test sees what another left."""
    async with InProcessWorker(PIPELINES, url=server.url) as one:
        await one.run("wrong", Spec(), id="same")
        async with InProcessWorker(PIPELINES, url=server.url) as other:
            assert (await one.store.get("same")).state is JobState.FAILED
            assert (await other.run("echo", Spec("x"), id="same")).state is JobState.SUCCEEDED
            assert await other.dead_letters() == []


async def test_a_job_goes_on_with_the_next_worker(server: TestServer, tmp_path: Path) -> None:
    """Under one prefix and home, a worker takes up what another handed back, from its checkpoints."""
    ran: list[str] = []
    may_end = asyncio.Event()

    @pipeline("long")
    async def long(ctx: Context, spec: Spec) -> str:
        async def first() -> str:
            ran.append("first")
            return spec.text

        text = await ctx.step("first", first, returns=str)
        await may_end.wait()
        return text

    shared: dict[str, Any] = {"url": server.url, "home": tmp_path, "redis": RedisSettings(prefix="handed-on")}
    async with InProcessWorker([long], worker=WorkerSettings(name="one", grace_s=0), **shared) as one:
        job_id = await one.submit("long", Spec("kept"))
        await until(lambda: one.checkpoints(job_id), "the first step is kept")
    may_end.set()
    async with InProcessWorker([long], worker=WorkerSettings(name="two"), **shared) as two:
        job = await two.ended(job_id)
        assert (two.result_of(job, str), job.attempt, ran) == ("kept", 1, ["first"])


async def test_resources_and_settings_are_the_tests(server: TestServer) -> None:
    """What is lent is what the test gives, and nothing else; a section of the settings holds."""

    @pipeline("ask")
    async def ask(ctx: Context, spec: Spec) -> str:
        return f"{ctx.use(TextModel).name}: {spec.text}"

    given: dict[str, Any] = {"url": server.url, "jobs": JobsSettings(result_max_bytes=20)}
    model = ScriptedText(name="s:m")
    async with InProcessWorker([ask], resources={TextModel: model}, **given) as worker:
        assert worker.result_of(await worker.run("ask", Spec("x")), str) == "s:m: x"
        assert (await worker.run("ask", Spec("x" * 30))).error.code == "result_too_large"  # pyright: ignore[reportOptionalMemberAccess]
    assert model.is_closed
    async with InProcessWorker([ask], **given) as worker:
        assert "TextModel" in str((await worker.run("ask", Spec("x"))).error)


async def test_a_worker_that_cannot_start_says_why(tmp_path: Path) -> None:
    """The part that broke down, and its reason, instead of a test that hangs."""
    nowhere = f"unix://{tmp_path}/nowhere.sock"
    redis = RedisSettings(startup_patience_s=0.05)
    with pytest.raises(AssertionError, match="service redis ended") as caught:
        async with InProcessWorker(PIPELINES, url=nowhere, redis=redis):
            pass
    assert "BrokerUnavailable" in str(caught.value)
    with pytest.raises(ConfigError, match="two pipelines"):
        async with InProcessWorker([echo, Pipeline("echo", Spec, echo.recipe)]):
            pass


async def test_a_worker_that_breaks_down_says_so(worker: InProcessWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    """To whoever waits for a job, at once."""

    async def broken() -> None:
        raise ZeroDivisionError

    async def use() -> None:
        async with worker:
            job_id = await worker.submit("endless", Spec())
            monkeypatch.setattr(worker.daemon.broker, "promote", broken)
            await worker.ended(job_id)

    with pytest.raises(AssertionError, match="broke down: service scheduler ended: ZeroDivisionError"):
        await use()


@pytest.fixture
async def running(server: TestServer) -> Any:  # noqa: ANN401 - an async generator
    """A worker started by a fixture."""
    async with InProcessWorker(PIPELINES, url=server.url) as worker:
        yield worker


async def test_a_fixture_may_run_it(running: InProcessWorker) -> None:
    """Started in one task and stopped in another, as fixtures are."""
    assert running.result_of(await running.run("echo", Spec("fixed")), str) == "fixed"
