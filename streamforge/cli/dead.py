"""Dead letters: list, show, requeue, purge."""

from __future__ import annotations

import argparse
from collections.abc import AsyncGenerator
from time import time

import msgspec

from streamforge.cli.desk import Desk, desk_of
from streamforge.cli.main import FAILED, OK
from streamforge.cli.session import run_async
from streamforge.cli.text import print_json, print_line
from streamforge.client import Letter
from streamforge.clock import iso
from streamforge.errors import InputError, InvalidInput
from streamforge.jobs.dead import check_id
from streamforge.jobs.events import is_after

SHOWN_CHARS = 2000
"""Of each original field, for people; --json gives it whole."""


def list_letters(args: argparse.Namespace) -> int:
    """The newest dead letters, a line each."""

    async def show_all() -> int:
        async with desk_of(args) as desk:
            letters = [letter async for letter in _admitted(desk, args, limit=args.count, before=args.before)]
        if args.json:
            print_json(letters)
        for letter in [] if args.json else letters:
            print_line(f"{letter.id}  {iso(letter.at_ms)}  {letter.reason:<20} {letter.kind:<12} {_what(letter)}")
        return OK

    return run_async(show_all())


def show(args: argparse.Namespace) -> int:
    """One dead letter with its original fields."""

    async def show_one() -> int:
        async with desk_of(args) as desk:
            letter = await desk.letter(args.id)
        if args.json:
            print_json(letter)
            return OK
        for line in _lines(letter):
            print_line(line)
        return OK

    return run_async(show_one())


def requeue(args: argparse.Namespace) -> int:
    """Try again the named ones, or all that the filter admits; a job goes on from its checkpoints unless --fresh."""

    async def requeue_all() -> int:
        failed = 0
        async with desk_of(args) as desk:
            for letter_id in await _chosen(desk, args):
                try:
                    job_id = await desk.requeue(letter_id, fresh=args.fresh)
                except InputError as error:
                    if args.id:
                        raise
                    failed += 1
                    print_json({"id": letter_id, "error": str(error)}) if args.json else print_line(
                        f"{letter_id}  {error}"
                    )
                else:
                    _tell_requeued(letter_id, job_id, is_json=args.json)
        return FAILED if failed else OK

    return run_async(requeue_all())


def purge(args: argparse.Namespace) -> int:
    """Forget the named ones, or all that the filter admits."""

    async def purge_all() -> int:
        async with desk_of(args) as desk:
            chosen = await _chosen(desk, args)
            for letter_id in chosen:
                await desk.forget(letter_id)
        print_json({"forgotten": chosen}) if args.json else print_line(f"{len(chosen)} forgotten")
        return OK

    return run_async(purge_all())


def _tell_requeued(letter_id: str, job_id: str, *, is_json: bool) -> None:
    row = {"id": letter_id, "job_id": job_id}
    print_json(row) if is_json else print_line(f"{letter_id}  requeued as {job_id}")


async def _chosen(desk: Desk, args: argparse.Namespace) -> list[str]:
    """The ids that the command line names, or those of its filter."""
    is_filtered = bool(args.reason or args.kind or args.tenant or args.older_than)
    if bool(args.id) == (args.all or is_filtered):
        how = "name them, or say which by --reason, --kind, --tenant, --older-than or --all, not both"
        raise InvalidInput("which dead letters?", field="id", hint=how)
    return list(args.id) or [letter.id async for letter in _admitted(desk, args)]


async def _admitted(
    desk: Desk, args: argparse.Namespace, *, limit: int = 0, before: str = ""
) -> AsyncGenerator[Letter]:
    """Letters that the filter admits, newest first."""
    if before:
        check_id(before)
    latest_ms = round((time() - (args.older_than or 0.0)) * 1000)
    number = 0
    async for letter in desk.letters(reason=args.reason, kind=args.kind, tenant=args.tenant):
        if letter.at_ms > latest_ms or (before and not is_after(before, letter.id)):
            continue
        yield letter
        number += 1
        if number == limit:
            return


def _lines(letter: Letter) -> list[str]:
    lines = [f"{letter.id}  {iso(letter.at_ms)}  from {letter.source}, {letter.reason}", f"  {_what(letter)}"]
    if letter.error.hint:
        lines.append(f"  hint: {letter.error.hint}")
    if letter.job_id:
        lines.append(f"  job {letter.job_id}, attempts {letter.attempts}, crashes {letter.crashes}")
    if letter.signal:
        peak = f", peak memory {letter.peak_rss_kb / 1024:.0f} MiB" if letter.peak_rss_kb else ""
        lines.append(f"  last crash: {letter.signal}{peak}")
    for name, value in _given(letter).items():
        more = f" … ({len(value)} characters)" if len(value) > SHOWN_CHARS else ""
        lines.append(f"  {name} = {value[:SHOWN_CHARS]}{more}")
    return lines


def _given(letter: Letter) -> dict[str, str]:
    if letter.input is None:
        return letter.fields
    return {**letter.fields, "input": msgspec.json.encode(letter.input).decode()}


def _what(letter: Letter) -> str:
    where = f"{letter.error.field}: " if letter.error.field else ""
    return f"{where}{letter.error.message}"
