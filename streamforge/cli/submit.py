"""Hand a job in, and follow it."""

from __future__ import annotations

import argparse

import msgspec

from streamforge.cli.desk import Desk, desk_of
from streamforge.cli.jobs import follow, print_job
from streamforge.cli.main import FAILED, OK
from streamforge.cli.session import run_async
from streamforge.cli.text import print_json, print_line, read_argument


def submit(args: argparse.Namespace) -> int:
    """Check the input against its kind, hand it in, print the id; with --wait, follow it to its end."""
    terms = {
        "id": args.id or "",
        "queue": args.queue or "",
        "priority": args.priority,
        "tenant": args.tenant or "",
        "delay_s": args.delay,
        "expires_in_s": args.expires_in,
    }
    raw = read_argument(args.input)

    async def hand_in() -> int:
        async with desk_of(args) as desk:
            given = {name: value for name, value in terms.items() if value}
            submitted = await desk.submit(args.kind, msgspec.Raw(raw), key=args.idempotency_key or None, **given)
            if not args.wait:
                found = {"job_id": submitted.job_id, "is_new": submitted.is_new}
                print_json(found) if args.json else print_line(submitted.job_id)
                return OK
            await (_in_silence(desk, submitted.job_id) if args.json else _aloud(desk, submitted.job_id))
            job = await desk.job(submitted.job_id)
            print_job(job, is_json=args.json)
            return OK if job.has_succeeded else FAILED

    return run_async(hand_in())


async def _aloud(desk: Desk, job_id: str) -> None:
    print_line(job_id)
    await follow(desk, job_id)


async def _in_silence(desk: Desk, job_id: str) -> None:
    async for _ in desk.events(job_id):
        pass
