"""The object store: what tenants keep, whether all is there, what nothing refers to any more."""

from __future__ import annotations

import argparse
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

import msgspec
from msgspec import Struct

from streamforge.archive.handle import Archive
from streamforge.archive.references import ArchivedReferences
from streamforge.broker.quotas import MB, Quotas
from streamforge.cli.main import FAILED, OK
from streamforge.cli.session import broker_of, run_async, settings_from
from streamforge.cli.text import print_json, print_line
from streamforge.collector.check import Checked, check
from streamforge.collector.collector import Collector, Round
from streamforge.collector.garbage import Garbage
from streamforge.collector.references import References
from streamforge.config import Settings
from streamforge.storage.objects import Objects


class Tools(Struct, frozen=True):
    """What these commands work with."""

    settings: Settings
    collector: Collector
    references: References
    quotas: Quotas


@asynccontextmanager
async def _tools(args: argparse.Namespace) -> AsyncGenerator[Tools]:
    settings = settings_from(args)
    archive = Archive(settings.archive, settings.paths.data_dir)
    async with AsyncExitStack() as stack:
        broker = await stack.enter_async_context(broker_of(settings))
        stack.push_async_callback(archive.close)
        references = References(broker, ArchivedReferences(archive) if archive.is_on else None)
        collector = Collector(Objects.named_by(settings), references, Garbage(broker))
        yield Tools(settings, collector, references, Quotas(broker, settings.storage.tenant_mb, settings.tenants))


def usage(args: argparse.Namespace) -> int:
    """What each tenant keeps, and what it may."""

    async def show() -> int:
        async with _tools(args) as tools:
            kept = await tools.quotas.kept()
        if args.json:
            print_json(
                {tenant: {"bytes": size, "limit": tools.quotas.limit_of(tenant)} for tenant, size in kept.items()}
            )
            return OK
        for tenant, size in kept.items():
            limit = tools.quotas.limit_of(tenant)
            print_line(f"{tenant:<24}{size / MB:>12.1f} MB{f' of {limit / MB:.0f}' if limit else ''}")
        return OK

    return run_async(show())


def collect(args: argparse.Namespace) -> int:
    """Delete what nothing refers to any more, now; with --dry-run only say how much that is."""

    async def go() -> int:
        async with _tools(args) as tools:
            storage, jobs = tools.settings.storage, tools.settings.jobs
            await tools.collector.require_allowed(max(storage.garbage_after_s, jobs.result_ttl_s))
            done = await tools.collector.collect(storage.garbage_after_s, is_dry=args.dry_run)
        if args.json:
            print_line(msgspec.json.encode(done).decode())
        else:
            print_line(_in_words(done, is_dry=args.dry_run))
        return OK

    return run_async(go())


def check_all(args: argparse.Namespace) -> int:
    """Look for the object of every reference; exit 1 where one is missing, or with --read where one is damaged."""

    async def go() -> int:
        async with _tools(args) as tools:
            objects = Objects.named_by(tools.settings)
            checked = await check(objects, tools.references, reads=args.read)
        _tell(checked, as_json=args.json)
        return FAILED if checked.faults else OK

    return run_async(go())


def take_over(args: argparse.Namespace) -> int:
    """Make this Redis the one whose references count, after the one that did is lost."""

    async def go() -> int:
        async with _tools(args) as tools:
            await tools.collector.take_over()
            wait_s = max(tools.settings.storage.garbage_after_s, tools.settings.jobs.result_ttl_s)
        words = f"the object store belongs to this Redis now; nothing is deleted for {wait_s / 86_400:.1f} days"
        print_json({"waits_s": wait_s}) if args.json else print_line(words)
        return OK

    return run_async(go())


def _in_words(done: Round, *, is_dry: bool) -> str:
    many = f"{done.objects} objects, {done.size / MB:.1f} MB"
    garbage = f"{done.garbage} that nothing refers to, {done.garbage_size / MB:.1f} MB"
    more = "" if done.is_complete else "; there is more, collect again"
    if is_dry:
        return f"{many}; {garbage}{more}"
    return f"{many}; {garbage}; deleted {done.deleted}, {done.deleted_size / MB:.1f} MB{more}"


def _tell(checked: Checked, *, as_json: bool) -> None:
    if as_json:
        print_line(msgspec.json.encode(checked).decode())
        return
    for fault in checked.faults:
        whose = f"job {fault.job_id}" if fault.job_id else "the archive"
        print_line(f"{fault.what}  {fault.key}  tenant {fault.tenant}, {whose}")
    print_line(f"{checked.references} references, {len(checked.faults)} faults")
