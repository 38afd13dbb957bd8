"""A banner from one command: its own Valkey, the daemon in this process, the job through the inbox like anybody's."""

from __future__ import annotations

import argparse
import base64
import mimetypes
import sys
import tempfile
from pathlib import Path
from time import monotonic
from typing import Any, Final, cast

import anyio
import anyio.to_thread
import msgspec

from streamforge.app import Daemon
from streamforge.cli.jobs import event_line, follow, job_lines, print_line
from streamforge.cli.main import FAILED, INTERRUPTED, OK
from streamforge.cli.run import heed_signals
from streamforge.cli.session import run_async, settings_from, why_not_writable, why_unreadable
from streamforge.config import Settings
from streamforge.errors import InvalidInput, StreamForgeError, UnknownJob
from streamforge.jobs.kinds import BROKEN_JSON
from streamforge.jobs.model import Job, JobState
from streamforge.ops import logs
from streamforge.ops.service import ServiceFailed
from streamforge.pipelines.banner.pipeline import PIPELINE
from streamforge.pipelines.banner.spec import BannerResult, Check

BRIEF: Final[dict[str, Any]] = {
    "prompt": "Autumn tasting week at Blue Bean Coffee: 30% off every single-origin roast. Order at bluebean.example",
    "brand_name": "Blue Bean Coffee",
    "brand_colors": ["#12355b", "#e07a3f"],
}
APPEARS_WITHIN_S = 10.0
SIZE_CHARS = 20
BANNER_QUEUE = PIPELINE.kind.queue
SHOWN = frozenset({"job.started", "step.completed", "step.replayed", "job.retrying", "job.failed", "job.succeeded"})


def demo(args: argparse.Namespace) -> int:
    """Make one banner, print its verification table, and say where the files are."""
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
    for line in job_lines(job) if job.error else []:
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
    async for event in follow(daemon.store, job_id):
        if event.type in SHOWN:
            print_line(event_line(event))
    return await daemon.store.get(job_id)


async def _appearance(daemon: Daemon, job_id: str) -> None:
    """Wait for the inbox to make the job; a refused brief is raised with the reason that its dead letter holds."""
    with anyio.move_on_after(APPEARS_WITHIN_S):
        while True:
            for letter in await daemon.store.letters.list(count=1):
                raise InvalidInput(letter.error.message, field=letter.error.field, hint=letter.error.hint)
            try:
                await daemon.store.get(job_id)
            except UnknownJob:
                await anyio.sleep(0.01)
            else:
                return


async def _deliver(daemon: Daemon, job: Job, out: Path) -> None:
    result = msgspec.json.decode(job.result or b"{}", type=BannerResult)
    print_line("")
    for line in table(result.checks):
        print_line(line)
    left_out = f", left out: {', '.join(result.dropped)}" if result.dropped else ""
    print_line(f"\ndesigner: {result.designer}, layout: {result.solver}{left_out}")
    for artifact in job.artifacts.values():
        path = out / artifact.name
        await anyio.to_thread.run_sync(_write, path, await daemon.objects.get(artifact.key))
        print_line(f"{path}  ({artifact.media_type}, {artifact.size / 1000:.0f} kB)")


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise InvalidInput(f"cannot write {path}: {error.strerror}", field="--out") from error


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


def read_brief(args: argparse.Namespace) -> dict[str, Any]:
    """The brief that the options describe. Raises InvalidInput naming the option."""
    folder = Path()
    if args.brief is not None:
        brief, folder = _brief_file(args.brief)
    else:
        brief = {"prompt": args.prompt} if args.prompt is not None else dict(BRIEF)
    if args.size is not None:
        width, x, height = args.size.lower().partition("x")
        if not (x and width.isdecimal() and height.isdecimal() and len(args.size) < SIZE_CHARS):
            raise InvalidInput(f"not a size: {args.size}", field="--size", hint="for example 728x90")
        brief |= {"width": int(width), "height": int(height)}
    logo = args.logo if args.logo is not None else brief.get("logo")
    if logo is not None and not str(logo).startswith("data:"):
        brief["logo"] = _data_uri(folder / str(logo) if args.logo is None else Path(logo))
    return brief


def _brief_file(name: str) -> tuple[dict[str, Any], Path]:
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"cannot read {name!r}: {why_unreadable(error)}", field="--brief") from error
    folder = Path() if name == "-" else Path(name).parent
    if not text.lstrip().startswith("{"):
        return {"prompt": text.strip()}, folder
    try:
        return msgspec.json.decode(text, type=dict[str, Any]), folder
    except BROKEN_JSON as error:
        raise InvalidInput(f"{name} is not valid JSON: {error}", field="--brief") from error


def _data_uri(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidInput(
            f"cannot read {path}: {why_unreadable(error)}", field="logo", hint="give the path of a picture"
        ) from error
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"
