"""Hand a job in, and follow it."""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec

from streamforge.cli.desk import Desk, desk_of
from streamforge.cli.jobs import follow, print_job
from streamforge.cli.main import FAILED, OK
from streamforge.cli.session import run_async, why_unreadable
from streamforge.cli.text import print_json, print_line, read_argument
from streamforge.errors import InvalidInput


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
    files = dict(_file(given) for given in args.file)

    async def hand_in() -> int:
        async with desk_of(args) as desk:
            given = {name: value for name, value in terms.items() if value}
            key = args.idempotency_key or None
            submitted = await desk.submit(args.kind, msgspec.Raw(raw), key=key, files=files, **given)
            if not args.wait:
                found = {"job_id": submitted.job_id, "is_new": submitted.is_new}
                print_json(found) if args.json else print_line(submitted.job_id)
                return OK
            await (_in_silence(desk, submitted.job_id) if args.json else _aloud(desk, submitted.job_id))
            job = await desk.job(submitted.job_id)
            print_job(job, is_json=args.json)
            return OK if job.has_succeeded else FAILED

    return run_async(hand_in())


def _file(given: str) -> tuple[str, Path]:
    """Its name for the job, and where it is. Raises InvalidInput where it cannot be read."""
    name, equals, path = given.partition("=")
    found = Path(path if equals else given)
    try:
        found.open("rb").close()
    except OSError as error:
        raise InvalidInput(f"cannot read {found}: {why_unreadable(error)}", field="--file") from error
    return (name if equals else found.name), found


async def _aloud(desk: Desk, job_id: str) -> None:
    print_line(job_id)
    await follow(desk, job_id)


async def _in_silence(desk: Desk, job_id: str) -> None:
    async for _ in desk.events(job_id):
        pass
