"""Brand kits in the object store: keep, show, list, forget."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, cast

import msgspec

from streamforge.app import open_kits
from streamforge.cli.briefs import data_uri
from streamforge.cli.main import NOT_FOUND, OK
from streamforge.cli.session import run_async, settings_from, why_unreadable
from streamforge.cli.text import print_json, print_line
from streamforge.errors import InvalidInput
from streamforge.jobs.kinds import BROKEN_JSON
from streamforge.pipelines.banner.kit import BrandKit


def put(args: argparse.Namespace) -> int:
    """Keep a kit in place of what was under its name; nothing is kept where it cannot be followed."""
    kit = read_kit(Path(args.file))

    async def keep() -> int:
        await open_kits(settings_from(args)).put(args.tenant, args.name, kit)
        print_json({"name": args.name, "kept": True}) if args.json else print_line(f"kept {args.name}")
        return OK

    return run_async(keep())


def show(args: argparse.Namespace) -> int:
    """Print a kit as JSON, with the size of each picture in its place."""

    async def found() -> int:
        kit = cast(
            "dict[str, Any]", msgspec.to_builtins(await open_kits(settings_from(args)).get(args.tenant, args.name))
        )
        for logo in kit["logos"]:
            logo["picture"] = f"({len(logo['picture'])} characters)"
        print_json(kit) if args.json else print_line(msgspec.json.format(msgspec.json.encode(kit), indent=2).decode())
        return OK

    return run_async(found())


def list_kits(args: argparse.Namespace) -> int:
    """The names, a line each."""

    async def names() -> int:
        known = await open_kits(settings_from(args)).list(args.tenant)
        if args.json:
            print_json(known)
        for name in () if args.json else known:
            print_line(name)
        return OK

    return run_async(names())


def delete(args: argparse.Namespace) -> int:
    """Forget a kit."""

    async def forget() -> int:
        gone = await open_kits(settings_from(args)).delete(args.tenant, args.name)
        told = f"deleted {args.name}" if gone else f"no brand kit {args.name}"
        print_json({"name": args.name, "deleted": bool(gone)}) if args.json else print_line(told)
        return OK if gone else NOT_FOUND

    return run_async(forget())


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
