"""The archive's database: bring it up to date, look at it, write it out, read it in, and whose records are whose."""

from __future__ import annotations

import argparse
import gzip
import os
import sys
import zlib
from collections.abc import AsyncGenerator, Generator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from streamforge.archive.engines import Database, open_database
from streamforge.archive.exports import exported, imported
from streamforge.archive.handle import OFF
from streamforge.archive.migrating import identity_of, state_of
from streamforge.archive.migrating import upgrade as brought_up
from streamforge.broker.outbox import Outbox
from streamforge.cli.main import FAILED, OK
from streamforge.cli.session import broker_of, run_async, settings_from, why_unreadable
from streamforge.cli.text import print_json, print_line
from streamforge.config import Settings
from streamforge.errors import BrokerUnavailable, ConfigError, InvalidInput, WrongState

STANDARD: Final = "-"
"""Standard input or output, where a file is named."""


def upgrade(args: argparse.Namespace) -> int:
    """Bring the tables up to date; daemons may go on writing meanwhile."""

    async def go() -> int:
        async with _database(args) as (_, database):
            before = await state_of(database)
            after = before if before.is_newer else await brought_up(database)
        words = "nothing to do" if before == after else f"before: {before.current or 'empty'}"
        facts = {"database": database.name, "schema": after.current, "before": before.current}
        _say(args, facts, f"{database.name} stands at {after.current} ({words})")
        return OK

    return run_async(go())


def check(args: argparse.Namespace) -> int:
    """Say where the database stands, and whether the daemon's Redis is archived in it; exit 1 where not."""

    async def go() -> int:
        async with _database(args) as (settings, database):
            state = await state_of(database)
            is_good = state.is_current or state.is_newer
            own = await identity_of(database) if is_good else ""
            claim, waiting = await _claim(settings)
        facts = {
            "database": database.name,
            "schema": state.current,
            "wanted": state.head,
            "is_current": is_good,
            "id": own,
            "redis_archived_by": claim,
            "entries_waiting": waiting,
        }
        _tell(facts, as_json=args.json)
        return OK if is_good and claim in (own, "", None) else FAILED

    return run_async(go())


async def _claim(settings: Settings) -> tuple[str | None, int | None]:
    """Whose the daemon's Redis is (empty: nobody's), and what waits in it; None where it does not answer."""
    try:
        async with broker_of(settings) as broker:
            outbox = Outbox(broker)
            claim = await outbox.claimed()
            return claim.database if claim else "", (await outbox.backlog()).entries
    except BrokerUnavailable:
        return None, None


def _tell(facts: Mapping[str, object], *, as_json: bool) -> None:
    if as_json:
        print_json(facts)
        return
    for name, value in facts.items():
        print_line(f"{name.replace('_', ' '):<18} {'unknown' if value is None else value}")


def export(args: argparse.Namespace) -> int:
    """Write the whole archive, as it is at one moment, into one compressed file."""

    async def go() -> int:
        written = 0
        async with _database(args) as (_, database):
            with _output(args.file) as file:
                async for lines in exported(database):
                    file.write(lines)
                    written += len(lines)
        if args.file != STANDARD:
            facts = {"file": args.file, "bytes": written}
            _say(args, facts, f"{args.file}: {written / 1e6:.1f} MB of JSON lines, compressed")
        return OK

    return run_async(go())


def import_(args: argparse.Namespace) -> int:
    """Read an export into an empty database, whole or not at all."""

    async def go() -> int:
        async with _database(args) as (_, database):
            await brought_up(database)
            with _input(args.file) as lines:
                rows = await imported(database, lines)
        words = f"{database.name}: {sum(rows.values())} rows, {rows.get('jobs', 0)} of them jobs"
        _say(args, {"database": database.name, "rows": rows}, words)
        return OK

    return run_async(go())


def claim(args: argparse.Namespace) -> int:
    """Have the daemon's Redis archived in this database from now on, with every ended job that it still has."""

    async def go() -> int:
        async with _database(args) as (settings, database), broker_of(settings) as broker:
            outbox, own = Outbox(broker), await identity_of(database)
            before = await outbox.claimed()
            if before is not None and before.database != own and not args.take_over:
                hint = "where that one is lost or given up: --take-over"
                raise WrongState(f"Redis is archived in the database {before.database}", field="redis", hint=hint)
            facts = {"database": database.name, "is_claimed": before is not None, "enlisted": 0}
            if before is None:
                _say(args, facts, "nobody has claimed this Redis: the next daemon will")
                return OK
            await outbox.take_over(own)
            enlisted = facts["enlisted"] = await outbox.enlist()
        _say(args, facts, f"{database.name} has this Redis now; {enlisted} ended jobs are archived again")
        return OK

    return run_async(go())


def release(args: argparse.Namespace) -> int:
    """Have the daemon's Redis archived by nobody: records expire there as without an archive."""

    async def go() -> int:
        settings = settings_from(args)
        async with broker_of(settings) as broker:
            left = await Outbox(broker).release(settings.jobs.result_ttl_s)
        _say(args, {"left": left}, f"this Redis has no archive now; {left} entries were not archived yet")
        return OK

    return run_async(go())


def _say(args: argparse.Namespace, facts: Mapping[str, object], words: str) -> None:
    print_json(facts) if args.json else print_line(words)


@asynccontextmanager
async def _database(args: argparse.Namespace) -> AsyncGenerator[tuple[Settings, Database]]:
    """The database of the settings, whatever its tables are."""
    settings = settings_from(args)
    if settings.archive.url == OFF:
        raise ConfigError("there is no archive", field="archive.url", hint="name a database, or leave it empty")
    database = open_database(settings.archive, settings.paths.data_dir)
    try:
        yield settings, database
    finally:
        await database.close()


@contextmanager
def _output(name: str) -> Generator[BinaryIO]:
    """Compressed, for its owner alone, and under its name only when it is whole; equal exports are equal files."""
    if name == STANDARD:
        with gzip.GzipFile(filename="", mode="wb", fileobj=sys.stdout.buffer, mtime=0) as packed:
            yield packed  # type: ignore[misc]  # pyright: ignore[reportReturnType]
        return
    path = Path(name)
    part = path.with_name(f"{path.name}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed:
                yield packed  # type: ignore[misc]  # pyright: ignore[reportReturnType]
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise InvalidInput(f"cannot write {name}: {error.strerror or type(error).__name__}", field="file") from error
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _input(name: str) -> Generator[Iterator[bytes]]:
    try:
        with gzip.open(sys.stdin.buffer if name == STANDARD else name, "rb") as packed:
            yield _lines(packed)  # type: ignore[arg-type]
    except OSError as error:
        raise InvalidInput(f"cannot read {name}: {why_unreadable(error)}", field="file") from error


def _lines(packed: BinaryIO) -> Iterator[bytes]:
    try:
        yield from packed
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InvalidInput("the file is cut off, or damaged", field="file", hint="nothing was imported") from error
