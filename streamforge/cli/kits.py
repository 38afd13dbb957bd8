"""Brand kits: keep, show, list, forget; over HTTP, or straight in the object store of the settings."""

from __future__ import annotations

import argparse
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol, cast

import msgspec

from streamforge.app import open_kits
from streamforge.cli.briefs import data_uri
from streamforge.cli.desk import client_at, url_of
from streamforge.cli.keys import DEFAULT_TENANT
from streamforge.cli.main import OK
from streamforge.cli.session import run_async, settings_from, why_unreadable
from streamforge.cli.text import print_json, print_line
from streamforge.errors import InvalidInput, NotFound
from streamforge.jobs.kinds import BROKEN_JSON
from streamforge.pipelines.banner.kit import BrandKit
from streamforge.pipelines.banner.kits import Kits


class KitDesk(Protocol):
    """What these commands need; a client of the HTTP interface has it. Without ``tenant`` it is the caller's own."""

    def kits(self, *, tenant: str = "") -> AsyncIterator[dict[str, Any]]:
        """The kits by ``name``."""
        ...

    async def kit(self, name: str, *, tenant: str = "") -> dict[str, Any]:
        """One of them."""
        ...

    async def put_kit(self, name: str, kit: BrandKit, *, tenant: str = "") -> object:
        """Keep one."""
        ...

    async def delete_kit(self, name: str, *, tenant: str = "") -> None:
        """Forget one; raises what says that there is none."""
        ...


def put(args: argparse.Namespace) -> int:
    """Keep a kit in place of what was under its name; nothing is kept where it cannot be followed."""
    kit = read_kit(Path(args.file))

    async def keep(desk: KitDesk) -> None:
        await desk.put_kit(args.name, kit, tenant=args.tenant)
        print_json({"name": args.name, "kept": True}) if args.json else print_line(f"kept {args.name}")

    return _with_kits(args, keep)


def show(args: argparse.Namespace) -> int:
    """Print a kit as JSON, with the size of each picture in its place."""

    async def found(desk: KitDesk) -> None:
        kit = await desk.kit(args.name, tenant=args.tenant)
        for logo in kit.get("logos", []):
            logo["picture"] = f"({len(logo['picture'])} characters)"
        print_json(kit) if args.json else print_line(msgspec.json.format(msgspec.json.encode(kit), indent=2).decode())

    return _with_kits(args, found)


def list_kits(args: argparse.Namespace) -> int:
    """The names, a line each."""

    async def names(desk: KitDesk) -> None:
        known = [str(kit["name"]) async for kit in desk.kits(tenant=args.tenant)]
        if args.json:
            print_json(known)
        for name in () if args.json else known:
            print_line(name)

    return _with_kits(args, names)


def delete(args: argparse.Namespace) -> int:
    """Forget a kit."""

    async def forget(desk: KitDesk) -> None:
        await desk.delete_kit(args.name, tenant=args.tenant)
        print_json({"name": args.name, "deleted": True}) if args.json else print_line(f"deleted {args.name}")

    return _with_kits(args, forget)


def _with_kits(args: argparse.Namespace, act: Callable[[KitDesk], Awaitable[None]]) -> int:
    async def run() -> int:
        if url := url_of(args):
            async with client_at(url) as client:
                await act(client)
        else:
            await act(StoredKits(open_kits(settings_from(args))))
        return OK

    return run_async(run())


class StoredKits:
    """A ``KitDesk`` over the object store of the settings; it sees every tenant."""

    def __init__(self, kits: Kits) -> None:
        self._kits = kits

    async def kits(self, *, tenant: str = "") -> AsyncGenerator[dict[str, Any]]:
        """The kits by ``name``."""
        for name in await self._kits.list(tenant or DEFAULT_TENANT):
            yield {"name": name}

    async def kit(self, name: str, *, tenant: str = "") -> dict[str, Any]:
        """One of them."""
        return cast("dict[str, Any]", msgspec.to_builtins(await self._kits.get(tenant or DEFAULT_TENANT, name)))

    async def put_kit(self, name: str, kit: BrandKit, *, tenant: str = "") -> object:
        """Keep one."""
        return await self._kits.put(tenant or DEFAULT_TENANT, name, kit)

    async def delete_kit(self, name: str, *, tenant: str = "") -> None:
        """Forget one; raises NotFound."""
        if not await self._kits.delete(tenant or DEFAULT_TENANT, name):
            raise NotFound(f"no brand kit {name[:64]!r}", field="name")


def read_kit(path: Path) -> BrandKit:
    """The kit in a file; a logo may be a file beside it. Raises InvalidInput."""
    try:
        given = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
        msgspec.convert(given, BrandKit)
        for number, logo in enumerate(given.get("logos", [])):
            picture = str(logo["picture"])
            if not picture.startswith(("data:", "https:", "http:")):
                logo["picture"] = data_uri(path.parent / picture, f"logos[{number}].picture")
        return msgspec.convert(given, BrandKit)
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {why_unreadable(error)}", field="KIT.json") from error
    except (*BROKEN_JSON, msgspec.ValidationError) as error:
        raise InvalidInput(f"{path}: {error}", field="KIT.json", hint="see docs/banner.md") from error
