"""Commands that go to a daemon's HTTP by its URL: they need nothing of it on this machine, and leave nothing there."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import Launch
from tests.acceptance.daemon import PROGRAM

Command = Callable[..., Any]


@pytest.fixture
def told(launch: Launch) -> Command:
    """Runs a command with nothing but the daemon's address and a key, ``operator`` or ``acme``; gives its JSON."""
    daemon = launch(api__auth="always").start()
    keys = {
        "operator": daemon.command("keys", "create", "--admin").stdout.strip(),
        "acme": daemon.command("keys", "create", "--tenant", "acme").stdout.strip(),
    }

    def run(who: str, *words: str, code: int = 0) -> Any:  # noqa: ANN401 - JSON
        nowhere = daemon.home / "nothing-here"
        there = {**daemon.environment, "STREAMFORGE_API_KEY": keys[who], "STREAMFORGE_PATHS__DATA_DIR": str(nowhere)}
        done = subprocess.run(
            [PROGRAM, *words, "--json", "--url", daemon.url], env=there, capture_output=True, check=False
        )
        assert done.returncode == code, done.stderr
        assert not nowhere.exists()
        return json.loads(done.stdout) if done.stdout else done.stderr.decode()

    return run


def test_kits_of_a_server_elsewhere(told: Command, tmp_path: Path) -> None:
    """A kit is kept, shown, listed and forgotten, each tenant's apart; an operator names whose."""
    file = tmp_path / "kit.json"
    file.write_text(json.dumps({"name": "Acme", "forbidden": ["#112233"]}))
    assert told("acme", "banner", "kit", "put", "spring", str(file)) == {"name": "spring", "kept": True}
    assert told("acme", "banner", "kit", "list") == ["spring"]
    assert told("acme", "banner", "kit", "show", "spring")["name"] == "Acme"
    assert told("operator", "banner", "kit", "list") == []
    assert told("operator", "banner", "kit", "list", "--tenant", "acme") == ["spring"]
    assert "not_found" not in told("acme", "banner", "kit", "delete", "spring")
    assert "no brand kit 'spring'" in told("acme", "banner", "kit", "delete", "spring", code=4)


def test_money_of_a_server_elsewhere(told: Command) -> None:
    """Credits are given and shown, and what was spent; a tenant sees its own alone, and gives itself nothing."""
    given = told("operator", "models", "credit", "acme", "2.5", "--id", "pay-1")
    assert (given["left_usd"], given["granted_usd"]) == (2.5, 2.5)
    assert told("operator", "models", "credit", "acme", "2.5", "--id", "pay-1")["granted_usd"] == 2.5
    assert told("acme", "models", "credit", "acme")["left_usd"] == 2.5
    assert told("acme", "models", "spent")["tenant"] == "acme"
    assert told("operator", "models", "spent", "--tenant", "acme", "--day", "2026-01-31")["day"] == "2026-01-31"
    assert "scope admin" in told("acme", "models", "credit", "acme", "9", "--id", "p", code=2)
    assert "other" in told("acme", "models", "credit", "other", code=4)


def test_models_of_a_server_elsewhere(told: Command) -> None:
    """An operator sees how they stand, of which this server has none outside; a tenant does not."""
    assert told("operator", "models", "health", "--lift") == {"circuits": [], "keys": []}
    assert "every tenant" in told("acme", "models", "health", code=2)
