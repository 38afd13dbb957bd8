"""The kinds of job that this installation knows."""

from __future__ import annotations

import argparse

import msgspec

from streamforge.cli.main import OK
from streamforge.cli.session import settings_from
from streamforge.cli.text import print_line
from streamforge.registry import kinds_of, load_pipelines


def kinds(args: argparse.Namespace) -> int:
    """Every kind with its steps, or one kind's input as JSON Schema."""
    settings = settings_from(args)
    known = kinds_of(load_pipelines(settings), settings.routes)
    if args.kind:
        schema = msgspec.json.schema(known[args.kind].input_type)
        print_line(msgspec.json.format(msgspec.json.encode(schema), indent=2).decode())
        return OK
    for name in known.names():
        print_line(f"{name}  queue: {known[name].queue}  steps: {', '.join(known[name].steps) or 'not declared'}")
    return OK
