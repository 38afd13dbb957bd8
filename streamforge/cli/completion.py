"""Completion for shells."""

from __future__ import annotations

import argparse

import shtab

from streamforge.cli.main import OK, build_parser
from streamforge.cli.text import print_line


def completion(args: argparse.Namespace) -> int:
    """Print what a shell must source: ``source <(streamforge completion bash)``."""
    print_line(shtab.complete(build_parser(), shell=args.shell))
    return OK
