"""API keys: over HTTP, or straight in Redis, since the first one is made before anybody can call the server.

Where the daemon brings its own Redis and does not run now, that Redis is started for the moment, and that is told.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import time_ns
from typing import Any, Protocol

import msgspec
from msgspec.structs import replace

from streamforge.accounts.keys import ApiKeys, Issued, NewKey
from streamforge.accounts.model import EVERY_TENANT
from streamforge.broker.embedded import EmbeddedServer, embedded_socket
from streamforge.cli.desk import client_at, url_of
from streamforge.cli.main import OK
from streamforge.cli.session import NO_DAEMON_HINT, broker_of, run_async, settings_from
from streamforge.cli.text import print_json, print_line
from streamforge.client import IssuedKey, Key
from streamforge.config import Settings
from streamforge.errors import BrokerUnavailable, ConfigError, InvalidInput
from streamforge.ops import logs

ONCE = "keep it: it is not shown again"
DEFAULT_TENANT = "default"


class KeyDesk(Protocol):
    """What these commands need; a client of the HTTP interface has it."""

    def keys(self, *, limit: int = 0) -> AsyncIterator[Key]:
        """Every key, oldest first."""
        ...

    async def create_key(self, **wanted: object) -> IssuedKey:
        """Make one: ``tenant``, ``scopes``, ``note``, ``expires_in_s``."""
        ...

    async def rotate_key(self, key_id: str, *, overlap_s: float = 0.0) -> IssuedKey:
        """Give one another secret."""
        ...

    async def revoke_key(self, key_id: str) -> None:
        """Forget one."""
        ...


def create(args: argparse.Namespace) -> int:
    """Make a key and print it: the only time that its secret is shown."""
    if args.admin and (args.scope or args.tenant):
        raise InvalidInput("is an operator's key already", field="--admin", hint="leave --scope and --tenant out")
    wanted: dict[str, object] = {
        "scopes": ["admin"] if args.admin else args.scope or ["submit"],
        "note": args.note,
        "expires_in_s": args.expires_in,
    }
    if tenant := EVERY_TENANT if args.admin else args.tenant:
        wanted["tenant"] = tenant
    return _with_keys(args, lambda desk: _issue(args, desk.create_key(**wanted)), may_begin=True)


def list_keys(args: argparse.Namespace) -> int:
    """Every key, a line each, without its secret."""

    async def show(desk: KeyDesk) -> None:
        found = [key async for key in desk.keys(limit=0) if args.tenant in ("", EVERY_TENANT, key.tenant)]
        if args.json:
            print_json(found)
        for key in [] if args.json else found:
            until = f"  {'expired' if key.is_expired else 'until'} {_day(key.expires_ms)}" if key.expires_ms else ""
            note = f"  {key.note}" if key.note else ""
            used = f"used {_day(key.last_used_ms):<12}"
            print_line(f"{key.id}  {key.tenant:<20}{','.join(key.scopes):<14}{used}{until}{note}".rstrip())

    return _with_keys(args, show)


def rotate(args: argparse.Namespace) -> int:
    """Give a key another secret and print it."""
    return _with_keys(args, lambda desk: _issue(args, desk.rotate_key(args.id, overlap_s=args.overlap)))


def revoke(args: argparse.Namespace) -> int:
    """Forget keys; daemons refuse them within seconds."""

    async def forget(desk: KeyDesk) -> None:
        for key_id in args.id:
            await desk.revoke_key(key_id)
            print_json({"id": key_id, "revoked": True}) if args.json else print_line(f"revoked {key_id}")

    return _with_keys(args, forget)


async def _issue(args: argparse.Namespace, making: Awaitable[IssuedKey]) -> None:
    issued = await making
    if args.json:
        print_json(issued)
        return
    print_line(issued.key)  # alone on standard output, for KEY=$(streamforge keys create)
    sys.stderr.write(f"key {issued.id}: tenant {issued.tenant}, {', '.join(issued.scopes)}; {ONCE}\n")


def _with_keys(args: argparse.Namespace, act: Callable[[KeyDesk], Awaitable[None]], *, may_begin: bool = False) -> int:
    """``may_begin`` allows to make the keys' first home where there is none yet."""

    async def run() -> int:
        if url := url_of(args):
            async with client_at(url) as client:
                await act(client)
            return OK
        settings = settings_from(args)
        logs.configure(replace(settings.logs, level="warning"))  # what is done is printed
        async with _stored(settings, may_begin=may_begin) as desk:
            await act(desk)
        return OK

    return run_async(run())


@asynccontextmanager
async def _stored(settings: Settings, *, may_begin: bool) -> AsyncGenerator[KeyDesk]:
    """The keys in the Redis of the settings, or of their data directory; the latter is started where it rests."""
    data_dir = settings.paths.data_dir
    if settings.redis.url or embedded_socket(data_dir).exists():
        async with broker_of(settings) as broker:
            yield StoredKeys(ApiKeys(broker))
        return
    if not may_begin and not (data_dir / "redis").exists():
        raise BrokerUnavailable(f"no daemon runs over {data_dir}, and none has", hint=NO_DAEMON_HINT)
    _require_own(data_dir)
    async with EmbeddedServer(data_dir, settings.embedded), broker_of(settings) as broker:
        yield StoredKeys(ApiKeys(broker))
    sys.stderr.write(
        f"no daemon runs over {data_dir}: this is for the next one there "
        "(one that runs elsewhere: --url or $STREAMFORGE_URL, --set paths.data_dir=…, --set redis.url=…)\n"
    )


class StoredKeys:
    """A ``KeyDesk`` over Redis; it sees every tenant."""

    def __init__(self, keys: ApiKeys) -> None:
        self._keys = keys

    async def keys(self, *, limit: int = 0) -> AsyncGenerator[Key]:
        """Every key, oldest first."""
        now_ms = time_ns() // 1_000_000
        for entry in (await self._keys.list())[: limit or None]:
            facts = _of(entry.key, "id", "tenant", "scopes", "note", "created_ms")
            is_expired = not entry.key.is_live(now_ms)
            until, used = entry.key.expires_ms or None, entry.used_ms or None
            yield Key(**facts, expires_ms=until, last_used_ms=used, is_expired=is_expired)

    async def create_key(self, **wanted: object) -> IssuedKey:
        """Make one; without ``tenant`` it is the default one's."""
        return _issued(await self._keys.create(NewKey(**{"tenant": DEFAULT_TENANT, **wanted})))  # pyright: ignore[reportArgumentType] - checked there

    async def rotate_key(self, key_id: str, *, overlap_s: float = 0.0) -> IssuedKey:
        """Give one another secret."""
        return _issued(await self._keys.rotate(key_id, overlap_s))

    async def revoke_key(self, key_id: str) -> None:
        """Forget one."""
        await self._keys.revoke(key_id)


def _issued(issued: Issued) -> IssuedKey:
    return IssuedKey(key=issued.token, **_of(issued.key, "id", "tenant", "scopes"))


def _of(key: object, *names: str) -> dict[str, Any]:
    """Some of its fields, in plain types."""
    return {name: msgspec.to_builtins(getattr(key, name)) for name in names}


def _require_own(data_dir: Path) -> None:
    """Files that root leaves in another user's directory would keep his daemon from starting."""
    if data_dir.exists() and (owner := data_dir.stat().st_uid) != os.geteuid():
        raise ConfigError(
            f"{data_dir} belongs to the user {owner}, whose daemon does not run now",
            field="paths.data_dir",
            hint=f"sudo -u '#{owner}' streamforge keys …, or start the daemon first",
        )


def _day(at_ms: int | None) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).date().isoformat() if at_ms else "never"
