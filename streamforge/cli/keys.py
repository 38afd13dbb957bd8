"""API keys, straight in Redis: the first one is made before anybody can call the server.

Where the daemon brings its own Redis and does not run now, that Redis is started for the moment.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import time_ns

import msgspec
from msgspec.structs import replace

from streamforge.accounts.keys import ApiKeys, Issued, Listed, NewKey
from streamforge.accounts.model import EVERY_TENANT, Scope
from streamforge.broker.embedded import EmbeddedServer, embedded_socket
from streamforge.cli.main import OK
from streamforge.cli.session import broker_of, run_async, settings_from
from streamforge.cli.text import print_line
from streamforge.config import Settings
from streamforge.errors import ConfigError, InvalidInput
from streamforge.ops import logs

ONCE = "keep it: it is not shown again"


def create(args: argparse.Namespace) -> int:
    """Make a key and print it: the only time that its secret is shown."""
    if args.admin and (args.scope or args.tenant):
        raise InvalidInput("is an operator's key already", field="--admin", hint="leave --scope and --tenant out")
    wanted = NewKey(
        tenant=EVERY_TENANT if args.admin else args.tenant or "default",
        scopes=(Scope.ADMIN,) if args.admin else tuple(map(Scope, args.scope or ["submit"])),
        note=args.note,
        expires_in_s=args.expires_in,
    )
    return _with_keys(args, lambda keys: _issue(args, keys.create(wanted)))


def list_keys(args: argparse.Namespace) -> int:
    """Every key, a line each, without its secret."""

    async def show(keys: ApiKeys) -> None:
        listed = await keys.list(args.tenant or EVERY_TENANT)
        if args.json:
            print_line(msgspec.json.encode([_facts(entry) for entry in listed]).decode())
            return
        for entry in listed:
            key = entry.key
            scopes = ",".join(key.scopes)
            until = f"  {_until(entry)}" if key.expires_ms else ""
            note = f"  {key.note}" if key.note else ""
            print_line(f"{key.id}  {key.tenant:<20}{scopes:<14}used {_day(entry.used_ms):<12}{until}{note}".rstrip())

    return _with_keys(args, show)


def rotate(args: argparse.Namespace) -> int:
    """Give a key another secret and print it."""
    return _with_keys(args, lambda keys: _issue(args, keys.rotate(args.id, args.overlap)))


def revoke(args: argparse.Namespace) -> int:
    """Forget keys; daemons refuse them within seconds."""

    async def forget(keys: ApiKeys) -> None:
        for key_id in args.id:
            await keys.revoke(key_id)
            print_line(
                msgspec.json.encode({"id": key_id, "revoked": True}).decode() if args.json else f"revoked {key_id}"
            )

    return _with_keys(args, forget)


async def _issue(args: argparse.Namespace, making: Awaitable[Issued]) -> None:
    issued = await making
    if args.json:
        facts = {"id": issued.key.id, "key": issued.token, "tenant": issued.key.tenant, "scopes": issued.key.scopes}
        print_line(msgspec.json.encode(facts).decode())
        return
    print_line(issued.token)  # alone on standard output, for KEY=$(streamforge keys create)
    sys.stderr.write(f"key {issued.key.id}: tenant {issued.key.tenant}, {', '.join(issued.key.scopes)}; {ONCE}\n")


def _with_keys(args: argparse.Namespace, act: Callable[[ApiKeys], Awaitable[None]]) -> int:
    settings = settings_from(args)
    logs.configure(replace(settings.logs, level="warning"))  # what is done is printed

    async def run() -> int:
        async with _keys_of(settings) as keys:
            await act(keys)
        return OK

    return run_async(run())


@asynccontextmanager
async def _keys_of(settings: Settings) -> AsyncGenerator[ApiKeys]:
    data_dir = settings.paths.data_dir
    if settings.redis.url or embedded_socket(data_dir).exists():
        async with broker_of(settings) as broker:
            yield ApiKeys(broker)
        return
    _require_own(data_dir)
    async with EmbeddedServer(data_dir, settings.embedded), broker_of(settings) as broker:
        yield ApiKeys(broker)


def _require_own(data_dir: Path) -> None:
    """Files that root leaves in another user's directory would keep his daemon from starting."""
    if data_dir.exists() and (owner := data_dir.stat().st_uid) != os.geteuid():
        raise ConfigError(
            f"{data_dir} belongs to the user {owner}, whose daemon does not run now",
            field="paths.data_dir",
            hint=f"sudo -u '#{owner}' streamforge keys …, or start the daemon first",
        )


def _facts(entry: Listed) -> dict[str, object]:
    key = entry.key
    return {
        "id": key.id,
        "tenant": key.tenant,
        "scopes": key.scopes,
        "note": key.note,
        "created_ms": key.created_ms,
        "expires_ms": key.expires_ms or None,
        "last_used_ms": entry.used_ms or None,
    }


def _until(entry: Listed) -> str:
    is_live = entry.key.is_live(time_ns() // 1_000_000)
    return f"{'until' if is_live else 'expired'} {_day(entry.key.expires_ms)}"


def _day(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).date().isoformat() if at_ms else "never"
