"""API keys from the first one on: made on the command line, asked for by the daemon, gone when revoked."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from tests.acceptance.conftest import Launch
from tests.acceptance.daemon import Answer, DaemonProcess, wait_for

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
    assert done.stderr == f"key {key_id}: tenant *, admin; keep it: it is not shown again\n"
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
