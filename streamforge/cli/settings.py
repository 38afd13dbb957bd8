"""Check, show and explain the settings."""

from __future__ import annotations

import argparse
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, cast

from streamforge.broker.server_program import find_server
from streamforge.cli.main import OK
from streamforge.cli.session import settings_from, why_not_writable
from streamforge.cli.text import print_json, print_line
from streamforge.config import Settings, render_example, show
from streamforge.config.loader import listed
from streamforge.errors import ConfigError
from streamforge.models import require_usable
from streamforge.registry import kinds_of, load_pipelines
from streamforge.runtime.cron import check_cron


def check(args: argparse.Namespace) -> int:
    """Load the settings and look at what they name; every problem is reported, with the name of its source."""
    settings = settings_from(args)
    check_cron(settings, kinds_of(load_pipelines(settings), settings.routes))
    require_usable(settings)
    if found := list(obstacles(settings)):
        raise ConfigError(listed(found))
    print_json({"usable": True}) if args.json else print_line("the settings can be used")
    return OK


def obstacles(settings: Settings) -> Iterator[str]:
    """What on this machine keeps a daemon from starting with these settings: its directory, its server program."""
    directory = settings.paths.data_dir
    if why := why_not_writable(directory):
        yield f"paths.data_dir: cannot use {directory}: {why} (from {settings.source('paths.data_dir')})"
    if settings.redis.url:
        return
    try:
        find_server(settings.embedded.server)
    except ConfigError as error:
        yield f"{error} (from {settings.source('embedded.server')})"


def show_settings(args: argparse.Namespace) -> int:
    """Every setting and where it came from."""
    settings = settings_from(args)
    text = show(settings).rstrip()
    if not args.json:
        print_line(text)
        return OK
    held = dict(_flat(tomllib.loads(text)))
    print_json({name: {"value": value, "source": settings.source(name)} for name, value in held.items()})
    return OK


def _flat(tables: Mapping[str, Any], inside: str = "") -> Iterator[tuple[str, Any]]:
    """Settings by their whole names."""
    for name, value in tables.items():
        if isinstance(value, dict):
            yield from _flat(cast("dict[str, Any]", value), f"{inside}{name}.")
        else:
            yield f"{inside}{name}", value


def example(args: argparse.Namespace) -> int:
    """The example file."""
    del args
    print_line(render_example().rstrip())
    return OK
