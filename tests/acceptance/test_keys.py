"""API keys from the first one on: made on the command line, asked for by the daemon, gone when revoked."""

from __future__ import annotations

import json
import subprocess
from http import HTTPStatus
from typing import Any

from tests.acceptance.conftest import Launch
from tests.acceptance.daemon import PROGRAM, Answer, DaemonProcess, wait_for

ELSEWHERE = "127.1"
"""A name for this machine that does not look like one: as good as an address that others can reach."""


def call(daemon: DaemonProcess, path: str, key: str = "") -> Answer:
    """A GET, with the key."""
    return daemon.ask("GET", path, {"Authorization": f"Bearer {key}"} if key else {}, None)


def made(daemon: DaemonProcess, *arguments: str) -> Any:  # noqa: ANN401 - JSON
    """What a command says with --json."""
    done = daemon.command("keys", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_first_key_is_made_before_the_first_start(launch: Launch) -> None:
    """A daemon that others can reach does not start without a key; with one it does, and asks for it."""
    daemon = launch(api__host=ELSEWHERE)
    daemon.spawn()
    assert daemon.exit_code() == 2
    assert "there is no API key yet" in daemon.stderr()
    assert "streamforge keys create --admin" in daemon.stderr()
    done = daemon.command("keys", "create", "--admin")
    assert done.returncode == 0, done.stderr
    key = done.stdout.strip()
    key_id = key.removeprefix("sf_").partition("_")[0]
    told, where = done.stderr.splitlines()
    assert told == f"key {key_id}: tenant *, admin; keep it: it is not shown again"
    assert where.startswith(f"no daemon runs over {daemon.home}")
    daemon.start()
    assert call(daemon, "/api/v1/me").status == HTTPStatus.UNAUTHORIZED
    assert call(daemon, "/api/v1/me", key).json()["tenant"] == "*"
    assert key.split("_")[2] not in daemon.stderr()


def test_keys_are_kept_while_the_daemon_runs(launch: Launch) -> None:
    """Made, listed, rotated with an overlap and revoked from the command line; the daemon follows within seconds."""
    daemon = launch(api__auth="always").start()
    first = made(daemon, "create", "--tenant", "acme", "--scope", "read", "--note", "the shop", "--expires-in", "2h")
    assert call(daemon, "/api/v1/me", first["key"]).json() == {
        "tenant": "acme",
        "scopes": ["read"],
        "key_id": first["id"],
    }
    second = made(daemon, "rotate", first["id"], "--overlap", "1h")
    for key in (first["key"], second["key"]):
        wait_for(lambda key=key: call(daemon, "/api/v1/me", key).status == HTTPStatus.OK, "both secrets are good")
    (listed,) = made(daemon, "list")
    assert (listed["id"], listed["note"], listed["scopes"]) == (first["id"], "the shop", ["read"])
    shown = daemon.command("keys", "list").stdout
    assert shown.startswith(f"{first['id']}  acme")
    assert second["key"].split("_")[2] not in shown
    assert daemon.command("keys", "revoke", first["id"]).stdout == f"revoked {first['id']}\n"
    wait_for(lambda: call(daemon, "/api/v1/me", second["key"]).status == HTTPStatus.UNAUTHORIZED, "it is refused")


def test_keys_of_a_server_elsewhere(launch: Launch) -> None:
    """By its URL and an operator's key the same commands speak with that server, and make nothing on this machine."""
    daemon = launch(api__auth="always").start()
    operator = made(daemon, "create", "--admin")["key"]
    nowhere = daemon.home / "nothing-here"
    there = {
        **daemon.environment,
        "STREAMFORGE_URL": daemon.url,
        "STREAMFORGE_API_KEY": operator,
        "STREAMFORGE_PATHS__DATA_DIR": str(nowhere),
    }

    def keys(*words: str) -> Any:  # noqa: ANN401 - JSON
        done = subprocess.run([PROGRAM, "keys", *words, "--json"], env=there, capture_output=True, check=True)
        return json.loads(done.stdout)

    first = keys("create", "--tenant", "acme", "--note", "the shop")
    assert call(daemon, "/api/v1/me", first["key"]).json()["tenant"] == "acme"
    second = keys("rotate", first["id"])
    assert call(daemon, "/api/v1/me", second["key"]).status == HTTPStatus.OK
    assert [key["note"] for key in keys("list", "--tenant", "acme")] == ["the shop"]
    keys("revoke", first["id"])
    assert call(daemon, "/api/v1/me", second["key"]).status == HTTPStatus.UNAUTHORIZED
    assert not nowhere.exists()


def test_where_no_daemon_ever_ran_there_are_no_keys(launch: Launch) -> None:
    """To list or to revoke keys makes no place for them: 3, and how to name the one that is meant."""
    daemon = launch()
    for words in (("list",), ("revoke", "x"), ("rotate", "x")):
        done = daemon.command("keys", *words)
        assert done.returncode == 3
        assert "--set paths.data_dir=" in done.stderr
    assert not (daemon.home / "redis").exists()


def test_what_cannot_be_is_refused_in_a_line(launch: Launch) -> None:
    """Usage and unknown keys end with a code of their own, and say how to go on."""
    daemon = launch().start()
    for arguments, code, said in (
        (("create", "--admin", "--tenant", "a"), 2, "--admin: is an operator's key already"),
        (("create", "--tenant", "a/b"), 2, "tenant: "),
        (("revoke", "nobody"), 4, "no API key 'nobody'"),
        (("rotate", "nobody"), 4, "`streamforge keys list` shows them"),
    ):
        done = daemon.command("keys", *arguments)
        assert done.returncode == code, done.stderr
        assert said in done.stderr
        assert len(done.stderr.splitlines()) == 1
