"""Jobs: list them, show one, follow it, cancel and retry."""

from __future__ import annotations

import argparse
import sys

from streamforge.cli.desk import Desk, desk_of
from streamforge.cli.main import FAILED, OK
from streamforge.cli.session import run_async
from streamforge.cli.text import event_line, job_lines, job_row, print_json, print_line
from streamforge.client import Job
from streamforge.jobs.store import Cancellation

CANCELLED = {
    Cancellation.ENDED: "cancelled",
    Cancellation.ASKED: "its worker has been told",
    Cancellation.OVER: "had ended before",
}
"""What is said of a request to cancel."""


def list_jobs(args: argparse.Namespace) -> int:
    """The newest jobs that the filters admit, a line each."""
    given = {"state": args.state, "kind": args.kind, "queue": args.queue, "tenant": args.tenant, "q": args.text}
    filters = {name: value for name, value in given.items() if value}

    async def show_all() -> int:
        async with desk_of(args) as desk:
            async for job in desk.jobs(limit=args.count, **filters):
                print_json(job) if args.json else print_line(job_row(job))
        return OK

    return run_async(show_all())


def status(args: argparse.Namespace) -> int:
    """Print the job as it stands."""

    async def show() -> int:
        async with desk_of(args) as desk:
            print_job(await desk.job(args.id), is_json=args.json)
        return OK

    return run_async(show())


def watch(args: argparse.Namespace) -> int:
    """Follow the job until it ends: a live view on a terminal, else its events, a line each."""

    async def show() -> int:
        async with desk_of(args) as desk:
            await follow(desk, args.id, is_json=args.json)
            job = await desk.job(args.id)
        return OK if job.has_succeeded else FAILED

    return run_async(show())


def cancel(args: argparse.Namespace) -> int:
    """Ask for the end of each job; with --wait, return when it has come."""

    async def cancel_all() -> int:
        async with desk_of(args) as desk:
            for job_id in args.id:
                answer = await desk.cancel(job_id, reason=args.reason)
                print_json(answer) if args.json else print_line(
                    f"{job_id}  {CANCELLED[Cancellation(answer['cancel'])]}"
                )
            for job_id in args.id if args.wait else ():
                async for _ in desk.events(job_id):
                    pass
        return OK

    return run_async(cancel_all())


def retry(args: argparse.Namespace) -> int:
    """Start failed or cancelled jobs again, from their checkpoints."""

    async def retry_all() -> int:
        async with desk_of(args) as desk:
            for job_id in args.id:
                answer = await desk.retry(job_id)
                print_json(answer) if args.json else print_line(f"{job_id}  queued again")
        return OK

    return run_async(retry_all())


async def follow(desk: Desk, job_id: str, *, is_json: bool = False) -> None:
    """Show a job until it ends: a live view on a terminal, else its events, a line each."""
    if sys.stdout.isatty() and not is_json:
        from streamforge.cli.board import follow_live  # noqa: PLC0415 - what prints a line need not wait for rich

        await follow_live(job_id, desk.events(job_id))
        return
    async for event in desk.events(job_id):
        print_json(event) if is_json else print_line(event_line(event))


def print_job(job: Job, *, is_json: bool) -> None:
    """The job for a program, or for people."""
    if is_json:
        print_json(job)
        return
    for line in job_lines(job):
        print_line(line)
