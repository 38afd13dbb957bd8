"""Submit a job, show it, follow it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from time import time_ns

import anyio
import msgspec

from streamforge.api.status import status_of
from streamforge.cli.main import FAILED, OK
from streamforge.cli.session import job_store, run_async, settings_from, why_unreadable
from streamforge.clock import iso
from streamforge.config import Settings
from streamforge.errors import InvalidInput
from streamforge.jobs.events import ENDINGS, Event
from streamforge.jobs.kinds import check_size, submission_from
from streamforge.jobs.model import Job, JobError, JobState, Submission, new_job_id
from streamforge.jobs.store import Cancellation, JobStore
from streamforge.registry import kinds_of, load_pipelines

POLL_S = 0.1

CANCELLED = {
    Cancellation.ENDED: "cancelled",
    Cancellation.ASKED: "its worker has been told",
    Cancellation.OVER: "had ended before",
}
"""What is said of a request to cancel."""


def submit(args: argparse.Namespace) -> int:
    """Check the input against its kind, hand it in, print the id; with --wait, follow it to its end."""
    settings = settings_from(args)
    kinds = kinds_of(load_pipelines(settings), settings.routes)
    kind = kinds[args.kind]
    raw = read_argument(args.input)
    check_size({"input": raw}, settings.jobs.max_input_bytes)
    submission = submission_from(
        id=args.id or new_job_id(),
        kind=kind.name,
        input=kind.normalise(raw),
        queue=args.queue or kind.queue,
        priority=args.priority,
        tenant=args.tenant,
        idempotency_key=args.idempotency_key,
        not_before_ms=_moment(args.delay),
        expires_at_ms=_moment(args.expires_in),
        source="cli",
    )
    if submission.queue not in settings.worker.queues:
        sys.stderr.write(_not_served(submission.queue, settings))
    return run_async(_submit(settings, submission, is_waiting=args.wait, is_json=args.json))


def _moment(seconds: float) -> int:
    """That many seconds from now, in milliseconds since 1970; 0 stays 0."""
    return time_ns() // 1_000_000 + round(seconds * 1000) if seconds else 0


def _not_served(queue: str, settings: Settings) -> str:
    return (
        f"streamforge: warning: queue {queue!r} is not in worker.queues ({', '.join(settings.worker.queues)}); "
        "the job waits until a daemon serves it\n"
    )


async def _submit(settings: Settings, submission: Submission, *, is_waiting: bool, is_json: bool) -> int:
    async with job_store(settings) as store:
        submitted = await store.submit(submission)
        if not is_waiting:
            _print_json({"job_id": submitted.id, "is_new": submitted.is_new}) if is_json else print_line(submitted.id)
            return OK
        if not is_json:
            print_line(submitted.id)
        async for event in follow(store, submitted.id):
            if not is_json:
                print_line(event_line(event))
        job = await store.get(submitted.id)
        _print_job(job, is_json=is_json)
        return OK if job.state is JobState.SUCCEEDED else FAILED


def status(args: argparse.Namespace) -> int:
    """Print the job as it stands."""

    async def show() -> int:
        async with job_store(settings_from(args)) as store:
            _print_job(await store.get(args.id), is_json=args.json)
        return OK

    return run_async(show())


def cancel(args: argparse.Namespace) -> int:
    """Ask for the end of each job; with --wait, return when it has come."""

    async def cancel_all() -> int:
        async with job_store(settings_from(args)) as store:
            for job_id in args.id:
                print_line(f"{job_id}  {CANCELLED[await store.cancel(job_id, args.reason)]}")
            for job_id in args.id if args.wait else ():
                async for _ in follow(store, job_id):
                    pass
        return OK

    return run_async(cancel_all())


def watch(args: argparse.Namespace) -> int:
    """Print the job's events, the past ones first, until it ends."""

    async def show() -> int:
        async with job_store(settings_from(args)) as store:
            async for event in follow(store, args.id):
                print_line(msgspec.json.encode(_as_object(event)).decode() if args.json else event_line(event))
            job = await store.get(args.id)
        return OK if job.state is JobState.SUCCEEDED else FAILED

    return run_async(show())


async def follow(store: JobStore, job_id: str) -> AsyncGenerator[Event]:
    """The job's events, past and coming, until it has ended. Raises UnknownJob."""
    last = ""
    job = await store.get(job_id)
    while True:
        events = await store.events_since(job_id, last)
        for event in events:
            yield event
            last = event.id
        if (events and events[-1].type in ENDINGS) or (not events and job.is_terminal):
            return
        if not events:
            await anyio.sleep(POLL_S)
            job = await store.get(job_id)


def event_line(event: Event) -> str:
    """An event for people: when, what, and what matters of its data."""
    data = event.payload()
    told = [f"{data[name]}" for name in ("step", "message", "name", "reason", "worker") if data.get(name)]
    if data.get("error"):
        told.append(error_line(msgspec.convert(data["error"], JobError)))
    if "seconds" in data:
        told.append(f"{data['seconds']:.2f} s")
    if "progress" in data:
        told.append(f"{data['progress']:.0f} %")
    return f"{iso(event.at_ms)[11:23]}  {event.type:<16} {'  '.join(told)}".rstrip()


def error_line(error: JobError) -> str:
    """One line: where, what, how to fix."""
    where = f"{error.field}: " if error.field else ""
    how = f" ({error.hint})" if error.hint else ""
    return f"{where}{error.message}{how}"


def read_argument(text: str) -> bytes:
    """The argument itself, a file's content for ``@FILE``, standard input for ``@-``."""
    if not text.startswith("@"):
        return os.fsencode(text)
    if text == "@-":
        return sys.stdin.buffer.read()
    try:
        return Path(text[1:]).read_bytes()
    except OSError as error:
        raise InvalidInput(f"cannot read {text[1:]}: {why_unreadable(error)}", field="--input") from error


def print_line(text: str) -> None:
    """One line to standard output, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _print_json(value: object) -> None:
    print_line(msgspec.json.encode(value).decode())


def _print_job(job: Job, *, is_json: bool) -> None:
    if is_json:
        _print_json(status_of(job))
        return
    for line in job_lines(job):
        print_line(line)


def job_lines(job: Job) -> list[str]:
    """A job for people: where it stands, its error with field, details and hint, its files."""
    shown = status_of(job)
    lines = [f"{shown.job_id}  {shown.kind}  {shown.state}  {shown.progress:.0f} %  attempt {shown.attempt}"]
    if shown.step:
        lines.append(f"  step   {shown.step}")
    if shown.error:
        where = f"{shown.error.field}: " if shown.error.field else ""
        lines.append(f"  error  {shown.error.code}: {where}{shown.error.message}")
        lines += [f"         {detail}" for detail in shown.error.details]
        if shown.error.hint:
            lines.append(f"  hint   {shown.error.hint}")
    lines += [f"  file   {file.name}  {file.media_type}  {file.size} bytes  {file.url}" for file in shown.files]
    return lines


def _as_object(event: Event) -> dict[str, object]:
    return {
        "id": event.id,
        "type": event.type,
        "at_ms": event.at_ms,
        "attempt": event.attempt,
        "data": event.payload(),
    }
