"""Dead letters: list, show, requeue, purge."""

from __future__ import annotations

import argparse
from collections.abc import AsyncGenerator

import msgspec

from streamforge.cli.jobs import print_line
from streamforge.cli.main import FAILED, OK
from streamforge.cli.session import job_store, run_async, settings_from
from streamforge.clock import iso
from streamforge.errors import InputError, InvalidInput
from streamforge.jobs.dead import DeadLetter, DeadLetters, Filter

SHOWN_CHARS = 2000
"""Of each original field, for people; --json gives it whole."""


def list_letters(args: argparse.Namespace) -> int:
    """The newest dead letters, a line each."""

    async def show_all() -> int:
        async with job_store(settings_from(args)) as store:
            letters = await store.letters.list(count=args.count, before=args.before, only=_filter(args))
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
            letter = await store.letters.get(args.id)
        if args.json:
            print_line(msgspec.json.encode(letter).decode())
            return OK
        for line in _lines(letter):
            print_line(line)
        return OK

    return run_async(show_one())


def requeue(args: argparse.Namespace) -> int:
    """Try again the named ones, or all that the filter admits; a job goes on from its checkpoints unless --fresh."""

    async def requeue_all() -> int:
        failed = 0
        async with job_store(settings_from(args)) as store:
            async for dead_id in _chosen(store.letters, args):
                try:
                    print_line(f"{dead_id}  requeued as {await store.letters.requeue(dead_id, fresh=args.fresh)}")
                except InputError as error:
                    if args.id:
                        raise
                    failed += 1
                    print_line(f"{dead_id}  {error}")
        return FAILED if failed else OK

    return run_async(requeue_all())


def purge(args: argparse.Namespace) -> int:
    """Forget the named ones, or all that the filter admits."""

    async def purge_all() -> int:
        async with job_store(settings_from(args)) as store:
            chosen = [dead_id async for dead_id in _chosen(store.letters, args)]
            print_line(f"{await store.letters.purge(chosen)} forgotten")
        return OK

    return run_async(purge_all())


async def _chosen(letters: DeadLetters, args: argparse.Namespace) -> AsyncGenerator[str]:
    """The ids that the command line names, or those of its filter."""
    only = _filter(args)
    if bool(args.id) == (args.all or only != Filter()):
        how = "name them, or say which by --reason, --kind, --tenant, --older-than or --all, not both"
        raise InvalidInput("which dead letters?", field="id", hint=how)
    for dead_id in args.id:
        yield dead_id
    if not args.id:
        for letter in [letter async for letter in letters.all(only=only)]:
            yield letter.id


def _filter(args: argparse.Namespace) -> Filter:
    older_ms = round((args.older_than or 0.0) * 1000)
    return Filter(reason=args.reason, kind=args.kind, tenant=args.tenant, older_than_ms=older_ms)


def _lines(letter: DeadLetter) -> list[str]:
    lines = [f"{letter.id}  {iso(letter.at_ms)}  from {letter.source}, {letter.reason}", f"  {_what(letter)}"]
    if letter.error.hint:
        lines.append(f"  hint: {letter.error.hint}")
    if letter.job:
        lines.append(f"  job {letter.job}, attempts {letter.attempts}, crashes {letter.crashes}")
    if letter.signal:
        peak = f", peak memory {letter.peak_rss_kb / 1024:.0f} MiB" if letter.peak_rss_kb else ""
        lines.append(f"  last crash: {letter.signal}{peak}")
    for name, value in letter.fields.items():
        more = f" … ({len(value)} characters)" if len(value) > SHOWN_CHARS else ""
        lines.append(f"  {name} = {value[:SHOWN_CHARS]}{more}")
    return lines


def _what(letter: DeadLetter) -> str:
    where = f"{letter.error.field}: " if letter.error.field else ""
    return f"{where}{letter.error.message}"
