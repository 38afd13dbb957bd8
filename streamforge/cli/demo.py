"""A banner from one command: its own Valkey, the daemon in this process, the job through the inbox like anybody's."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from time import monotonic
from typing import Any, cast

import anyio
import anyio.to_thread
import msgspec

from streamforge.app import Daemon
from streamforge.cli.briefs import read_brief
from streamforge.cli.desk import StoreDesk
from streamforge.cli.main import FAILED, INTERRUPTED, OK
from streamforge.cli.run import heed_signals
from streamforge.cli.session import run_async, settings_from, why_not_writable
from streamforge.cli.text import event_line, job_lines, print_line
from streamforge.config import Settings
from streamforge.errors import InvalidInput, StreamForgeError, UnknownJob
from streamforge.jobs.listing import Listing
from streamforge.jobs.model import Job, JobState
from streamforge.ops import logs
from streamforge.ops.service import ServiceFailed
from streamforge.pipelines.banner.pipeline import PIPELINE
from streamforge.pipelines.banner.report import BannerResult
from streamforge.pipelines.banner.spec import Check

APPEARS_WITHIN_S = 10.0
BANNER_QUEUE = PIPELINE.kind.queue
SHOWN = frozenset({"job.started", "step.completed", "step.replayed", "job.retrying", "job.failed", "job.succeeded"})


def demo(args: argparse.Namespace) -> int:
    """Make a set of banners, print what was verified, and say where the files are."""
    brief = read_brief(args)
    out = Path(args.out)
    if why := why_not_writable(out):
        raise InvalidInput(f"cannot write into {out}: {why}", field="--out", hint="name another directory")
    with tempfile.TemporaryDirectory(prefix="streamforge-demo-") as data_dir:
        settings = settings_from(
            args,
            redis__url="",
            paths__data_dir=data_dir,
            api__enabled="false",
            storage__url="",
            archive__url="off",
            worker__queues=BANNER_QUEUE,
            worker__grace_s=0,
            logs__level="debug" if args.debug else "error",
        )
        logs.configure(settings.logs)
        return run_async(_run(settings, brief, out))


async def _run(settings: Settings, brief: dict[str, Any], out: Path) -> int:
    """The demo beside its daemon; a signal ends the demo first, so that it misses nothing of what is taken away."""
    daemon, code, making = Daemon(settings), INTERRUPTED, anyio.CancelScope()
    failures: list[Exception] = []
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(heed_signals, making.cancel, name="signals")
        tasks.start_soon(_serve, daemon, failures, tasks.cancel_scope, name="daemon")
        with making:
            try:
                code = await _make(daemon, brief, out)
            except (StreamForgeError, BrokenPipeError) as error:
                failures.append(error)
        daemon.stop()
    if failures:
        raise failures[0]
    return code


async def _make(daemon: Daemon, brief: dict[str, Any], out: Path) -> int:
    started = monotonic()
    await daemon.ready.wait()
    print_line(f"daemon ready in {monotonic() - started:.1f} s: Valkey, pool, worker {daemon.settings.worker.name}")
    job = await _follow(daemon, brief)
    if job.state is JobState.SUCCEEDED:
        await _deliver(daemon, job, out)
    for line in job_lines(await _desk(daemon).job(job.id)) if job.error else []:
        print_line(line)
    print_line(f"{job.state} in {monotonic() - started:.1f} s")
    return OK if job.state is JobState.SUCCEEDED else FAILED


async def _serve(daemon: Daemon, failures: list[Exception], scope: anyio.CancelScope) -> None:
    try:
        await daemon.run()
    except ServiceFailed as failure:
        cause = failure.__cause__
        failures.append(cause if isinstance(cause, StreamForgeError) else StreamForgeError(f"{failure}: {cause}"))
    scope.cancel()


async def _follow(daemon: Daemon, brief: dict[str, Any]) -> Job:
    fields = cast("dict[Any, Any]", {"kind": "banner", "input": msgspec.json.encode(brief)})
    entry = cast("bytes", await daemon.broker.client.xadd(daemon.broker.keys.inbox, fields)).decode()
    print_line(f"XADD {daemon.broker.keys.inbox} * kind banner input '…'  ->  {entry}")
    job_id = f"in-{entry}"
    await _appearance(daemon, job_id)
    async for event in _desk(daemon).events(job_id):
        if event.type in SHOWN:
            print_line(event_line(event))
    return await daemon.store.get(job_id)


def _desk(daemon: Daemon) -> StoreDesk:
    return StoreDesk(daemon.settings, daemon.store, Listing(daemon.broker))


async def _appearance(daemon: Daemon, job_id: str) -> None:
    """Wait for the inbox to make the job; a refused brief is raised with the reason that its dead letter holds."""
    with anyio.move_on_after(APPEARS_WITHIN_S):
        while True:
            try:
                await daemon.store.get(job_id)
            except UnknownJob:
                for letter in await daemon.store.letters.list(count=1):  # a job's own letter comes after the job
                    raise InvalidInput(letter.error.message, field=letter.error.field, hint=letter.error.hint) from None
                await anyio.sleep(0.01)
            else:
                return


async def _deliver(daemon: Daemon, job: Job, out: Path) -> None:
    result = msgspec.json.decode(job.result or b"{}", type=BannerResult)
    print_line("")
    for line in summary(result) if len(result.banners) > 1 else table(result.checks):
        print_line(line)
    left_out = f", left out: {', '.join(result.dropped)}" if result.dropped else ""
    print_line(f"\ndesigner: {result.designer}, archetype: {result.archetype}, layout: {result.solver}{left_out}")
    for artifact in job.artifacts.values():
        path = out / artifact.name
        await anyio.to_thread.run_sync(_write, path, await daemon.objects.of(job.tenant).get(artifact.key))
        print_line(f"{path}  ({artifact.media_type}, {artifact.size / 1000:.0f} kB)")


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise InvalidInput(f"cannot write {path}: {error.strerror}", field="--out") from error


def summary(result: BannerResult) -> list[str]:
    """A line for each canvas: how many checks held, what was left out."""
    lines = [f"{'canvas':<11}{'checks':<9}{'layout':<9}left out"]
    for banner in result.banners:
        held = f"{sum(check.passed for check in banner.checks)}/{len(banner.checks)}"
        lines.append(f"{banner.size!s:<11}{held:<9}{banner.solver:<9}{', '.join(banner.dropped)}".rstrip())
    return lines


def table(checks: list[Check]) -> list[str]:
    """The verification as lines of text."""
    head = ("check", "element", "measured", "limit", "")
    rows = [
        (c.check, c.element, f"{c.measured:.2f}{c.unit}", f"{c.limit:g}{c.unit}", "ok" if c.passed else "FAILED")
        for c in checks
    ]
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(5)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in (head, *rows)
    ]
