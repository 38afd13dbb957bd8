"""The kinds of job that a server knows, or this installation."""

from __future__ import annotations

import argparse

import msgspec

from streamforge.cli.desk import client_at, url_of
from streamforge.cli.main import OK
from streamforge.cli.session import run_async, settings_from
from streamforge.cli.text import print_json, print_line
from streamforge.client import Kind
from streamforge.registry import kinds_of, load_pipelines


def kinds(args: argparse.Namespace) -> int:
    """Every kind with its steps, or one kind's input as JSON Schema: the server's where there is a URL, else ours."""
    found = run_async(_there(url_of(args), args.kind)) if url_of(args) else _here(args)
    if args.kind:
        schema = msgspec.json.encode(found[0].input_schema)
        print_line((schema if args.json else msgspec.json.format(schema, indent=2)).decode())
    elif args.json:
        print_json(found)
    for kind in [] if args.kind or args.json else found:
        print_line(f"{kind.kind}  queue: {kind.queue}  steps: {', '.join(kind.steps) or 'not declared'}")
    return OK


async def _there(url: str, name: str | None) -> list[Kind]:
    async with client_at(url) as client:
        return [await client.kind(name)] if name else await client.kinds()


def _here(args: argparse.Namespace) -> list[Kind]:
    settings = settings_from(args)
    known = kinds_of(load_pipelines(settings), settings.routes)
    if args.kind:
        return [Kind(kind=args.kind, input_schema=msgspec.json.schema(known[args.kind].input_type))]
    return [Kind(kind=name, queue=known[name].queue, steps=list(known[name].steps)) for name in known.names()]
