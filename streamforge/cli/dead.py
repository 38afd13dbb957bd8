"""Dead letters: list, show, requeue."""

from __future__ import annotations

import argparse

import msgspec

from streamforge.cli.jobs import print_line
from streamforge.cli.main import OK
from streamforge.cli.session import job_store, run_async, settings_from
from streamforge.clock import iso
from streamforge.jobs.store import DeadLetter

SHOWN_CHARS = 2000
"""Of each original field, for people; --json gives it whole."""


def list_letters(args: argparse.Namespace) -> int:
    """The newest dead letters, a line each."""

    async def show_all() -> int:
        async with job_store(settings_from(args)) as store:
            letters = await store.dead(count=args.count, before=args.before)
        if args.json:
            print_line(msgspec.json.encode(letters).decode())
        for letter in [] if args.json else letters:
            print_line(f"{letter.id}  {iso(letter.at_ms)}  {letter.reason:<20} {letter.kind:<12} {_what(letter)}")
        return OK

    return run_async(show_all())


def show(args: argparse.Namespace) -> int:
    """One dead letter with its original fields."""

    async def show_one() -> int:
        async with job_store(settings_from(args)) as store:
            letter = await store.dead_letter(args.id)
        if args.json:
            print_line(msgspec.json.encode(letter).decode())
            return OK
        print_line(f"{letter.id}  {iso(letter.at_ms)}  from {letter.source}, {letter.reason}")
        print_line(f"  {_what(letter)}")
        if letter.error.hint:
            print_line(f"  hint: {letter.error.hint}")
        if letter.job:
            print_line(f"  job {letter.job}, attempts {letter.attempts}, crashes {letter.crashes}")
        for name, value in letter.fields.items():
            more = f" … ({len(value)} characters)" if len(value) > SHOWN_CHARS else ""
            print_line(f"  {name} = {value[:SHOWN_CHARS]}{more}")
        return OK

    return run_async(show_one())


def requeue(args: argparse.Namespace) -> int:
    """Try each again; a job goes on from its checkpoints."""

    async def requeue_all() -> int:
        async with job_store(settings_from(args)) as store:
            for dead_id in args.id:
                print_line(f"{dead_id}  requeued as {await store.requeue(dead_id)}")
        return OK

    return run_async(requeue_all())


def _what(letter: DeadLetter) -> str:
    where = f"{letter.error.field}: " if letter.error.field else ""
    return f"{where}{letter.error.message}"
