"""The whole API, fuzzed from its own document by Schemathesis: with every check, with keys and without."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from streamforge.testing.server import TestServer

pytestmark = pytest.mark.long

EXAMPLES: Final = os.environ.get("STREAMFORGE_API_EXAMPLES", "4")
"""Of each operation; ``make fuzz-api`` asks for more."""
SEED: Final = os.environ.get("STREAMFORGE_API_SEED", "1")
"""Another one sends other requests."""

LIMIT_S: Final = 280 if EXAMPLES == "4" else 3600

ENDLESS: Final = r"/(events|ws)$"
"""Streams do not end; ``test_streams.py`` and ``test_sockets.py`` listen to them."""
FATAL: Final = r"/drain$"
"""It ends the daemon, as it should."""
LOCKING_OUT: Final = r"/keys/\{key_id\}"
"""They would take away the key that the fuzzer calls with; without keys they are fuzzed, too."""


@contextmanager
def whole(server: TestServer, home: Path, auth: str) -> Generator[dict[str, str]]:
    """The daemon's address and an operator's key, while it runs."""
    program = [sys.executable, "-m", "tests.integration.api.whole", server.url, str(home), auth]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as daemon:
        assert daemon.stdin is not None
        assert daemon.stdout is not None
        told = json.loads(daemon.stdout.readline())
        yield {"url": told["url"], "key": told["keys"]["operator"]}
        assert daemon.poll() is None, "the daemon did not survive"
        daemon.stdin.close()
        assert daemon.wait(30) == 0


def fuzz(url: str, home: Path, leave_out: str, *options: str) -> str:
    """What the fuzzer says in the end; fails with all that it found."""
    config = Path(__file__).with_name("schemathesis.toml")
    program = [str(Path(sys.executable).with_name("st")), "--config-file", str(config), "run", f"{url}/openapi.json"]
    program += ["--checks", "all", "--phases", "examples,coverage,fuzzing,stateful", "--max-examples", EXAMPLES]
    program += ["--seed", SEED, "--request-timeout", "10", "--no-color", "--continue-on-failure"]
    program += ["--exclude-path-regex", leave_out, *options]
    done = subprocess.run(program, capture_output=True, text=True, timeout=LIMIT_S, check=False, cwd=home)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr
    return done.stdout


def calls_in(report: str) -> int:
    """How many requests were made."""
    found = re.search(r"(\d+) generated", report)
    return int(found[1]) if found else 0


@pytest.mark.timeout(LIMIT_S + 60)
def test_everything_is_as_documented(own_server: TestServer, short_dir: Path) -> None:
    """Where no key is asked for: no 5xx, no undocumented answer, nothing wrong accepted, nothing right refused."""
    with whole(own_server, short_dir, "auto") as site:
        report = fuzz(site["url"], short_dir, f"{ENDLESS}|{FATAL}")
    assert calls_in(report) > 1000


@pytest.mark.timeout(LIMIT_S + 60)
def test_everything_is_as_documented_with_keys(own_server: TestServer, short_dir: Path) -> None:
    """The same with an operator's key; and without one, or with a wrong one, nothing that asks for a key is let in."""
    with whole(own_server, short_dir, "always") as site:
        key = ("--header", f"Authorization: Bearer {site['key']}")
        report = fuzz(site["url"], short_dir, f"{ENDLESS}|{FATAL}|{LOCKING_OUT}", *key)
    assert calls_in(report) > 1000
    assert "Authentication failed" not in report, report[-5000:]
