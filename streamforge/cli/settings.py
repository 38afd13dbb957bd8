"""Check, show and explain the settings."""

from __future__ import annotations

import argparse

from streamforge.cli.jobs import print_line
from streamforge.cli.main import OK
from streamforge.cli.session import settings_from
from streamforge.config import render_example, show


def check(args: argparse.Namespace) -> int:
    """Load the settings; every problem is reported, with the name of its source."""
    settings_from(args)
    print_line("the settings can be used")
    return OK


def show_settings(args: argparse.Namespace) -> int:
    """Every setting and where it came from."""
    print_line(show(settings_from(args)).rstrip())
    return OK


def example(args: argparse.Namespace) -> int:
    """The example file."""
    del args
    print_line(render_example().rstrip())
    return OK
