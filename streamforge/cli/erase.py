"""Erasing jobs and tenants, from everywhere and for good."""

from __future__ import annotations

import argparse
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from msgspec.structs import replace

from streamforge.accounts.accounts import Accounts
from streamforge.app import open_objects
from streamforge.archive.erasure import Erased, Eraser
from streamforge.archive.handle import Archive, ArchiveUnavailable, loaded
from streamforge.archive.recall import Recall
from streamforge.broker.broker import Broker
from streamforge.broker.outbox import Outbox
from streamforge.cli.main import OK
from streamforge.cli.session import broker_of, run_async, settings_from
from streamforge.cli.text import print_json, print_line
from streamforge.errors import InvalidInput, UnknownJob
from streamforge.jobs.store import JobStore, unknown_job
from streamforge.ops import logs
from streamforge.webhooks.store import Webhooks


def erase_jobs(args: argparse.Namespace) -> int:
    """Erase jobs that have ended."""

    async def erase(eraser: Eraser, broker: Broker, archive: Archive) -> None:
        for job_id in args.id:
            _tell(args, job_id, await eraser.job(await _tenant_of(job_id, broker, archive), job_id))

    return _run(args, erase)


def erase_tenants(args: argparse.Namespace) -> int:
    """Erase everything of tenants whose jobs have all ended."""
    if not args.yes:
        raise InvalidInput("this cannot be undone", field="--yes", hint="repeat the command with --yes")

    async def erase(eraser: Eraser, _: Broker, __: Archive) -> None:
        for tenant in args.tenant:
            _tell(args, tenant, await eraser.tenant(tenant))

    return _run(args, erase)


async def _tenant_of(job_id: str, broker: Broker, archive: Archive) -> str:
    try:
        return (await JobStore(broker).get(job_id)).tenant
    except UnknownJob:
        tenant = await Recall(archive).ask(lambda reader: reader.tenant_of(job_id)) if archive.is_on else None
    if tenant is None:
        raise unknown_job(job_id)
    return tenant


def _tell(args: argparse.Namespace, name: str, erased: Erased) -> None:
    if args.json:
        return print_json({"erased": name, "jobs": erased.jobs, "is_complete": erased.is_complete})
    rest = "" if erased.is_complete else "; the archive does the rest when it is back"
    return print_line(f"{name}  erased, {erased.jobs} jobs{rest}")


def _run(args: argparse.Namespace, erase: Callable[[Eraser, Broker, Archive], Awaitable[None]]) -> int:
    async def go() -> int:
        async with _tools(args) as tools:
            await erase(*tools)
        return OK

    return run_async(go())


async def _meet(archive: Archive, broker: Broker) -> None:
    """Have the archive know whose this Redis is, as a daemon's archiver does; one that is away erases later."""
    claim = await Outbox(broker).claimed()
    if not archive.is_on or claim is None:
        return
    with suppress(ArchiveUnavailable):
        own = await (await loaded("streamforge.archive.migrating")).identity_of(await archive.database())
        archive.claimed_by = claim.database if claim.database != own else ""


@asynccontextmanager
async def _tools(args: argparse.Namespace) -> AsyncGenerator[tuple[Eraser, Broker, Archive]]:
    settings = settings_from(args)
    logs.configure(replace(settings.logs, level="warning"))  # what is done is printed
    archive = Archive(settings.archive, settings.paths.data_dir)
    try:
        async with broker_of(settings) as broker:
            await _meet(archive, broker)
            webhooks = Webhooks(broker, settings.webhooks, settings.jobs.feed_max)
            others = [Accounts(broker).keys.revoke_all, webhooks.delete_all]
            yield Eraser(broker, archive, open_objects(settings), others), broker, archive
    finally:
        await archive.close()
