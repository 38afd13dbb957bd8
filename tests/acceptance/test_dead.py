"""Dead letters at the command line: find them, look at one, try again, forget."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from streamforge.errors import PermanentError
from tests.acceptance.daemon import DEAD, DaemonProcess, wait_for
from tests.acceptance.fleet import Fleet

REASON = PermanentError.code
"""What acts fail with."""


class Yard(NamedTuple):
    """A daemon whose jobs have failed in several ways."""

    fleet: Fleet
    daemon: DaemonProcess

    def listed(self, *conditions: str) -> list[str]:
        """The jobs of the letters that ``dead list`` shows, newest first; a refused message has none."""
        done = self.daemon.command("dead", "list", "--json", *conditions)
        assert done.returncode == 0, done.stderr
        return [letter.get("job_id", "") for letter in json.loads(done.stdout)]

    def letter(self, job: str) -> str:
        """The id of its letter."""
        return self.daemon.letters(job=job)[0]["id"]

    def dead(self, *arguments: str) -> str:
        """What ``streamforge dead`` prints."""
        done = self.daemon.command("dead", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def yard() -> Iterator[Yard]:
    """Two acts that failed on purpose, one whose child died, one message that nobody could read; in that order."""
    with Fleet.made() as fleet:
        daemon = fleet.join("yard", worker__max_crashes=1)
        for name, tenant in (("first", "acme"), ("second", "default")):
            daemon.outcome(fleet.act(daemon, name, "fail", tenant=tenant))
        daemon.outcome(fleet.act(daemon, "deadly", "die"))
        daemon.xadd(kind="nonsense")
        wait_for(lambda: daemon.call("XLEN", DEAD) == 4, "four dead letters")
        yield Yard(fleet, daemon)


@pytest.mark.parametrize(
    ("conditions", "jobs"),
    [
        ((), ["", "deadly", "second", "first"]),
        (("--reason", "crashed"), ["deadly"]),
        (("--reason", "unknown_kind"), [""]),
        (("--kind", "act"), ["deadly", "second", "first"]),
        (("--kind", "act", "--tenant", "acme"), ["first"]),
        (("--older-than", "1h"), []),
        (("--older-than", "0.001", "--count", "2"), ["", "deadly"]),
    ],
)
def test_list_and_its_filters(yard: Yard, conditions: tuple[str, ...], jobs: list[str]) -> None:
    """The list holds those that every condition admits, the newest first."""
    assert yard.listed(*conditions) == jobs


def test_show_says_how_the_child_died(yard: Yard) -> None:
    """A letter tells the signal, the peak memory, attempts and crashes, and the whole input."""
    shown = yard.dead("show", yard.letter("deadly"))
    assert "last crash: SIGSEGV, peak memory " in shown
    assert "attempts 1, crashes 2" in shown
    letter: dict[str, Any] = json.loads(yard.dead("show", "--json", yard.letter("deadly")))
    assert letter["peak_rss_kb"] > 10_000
    assert letter["input"]["name"] == "deadly"


def test_requeue(yard: Yard) -> None:
    """One by its id goes on from its checkpoints; many by their reason, with ``--fresh`` from the start."""
    daemon, gates = yard.daemon, yard.fleet.gates
    gates.open("first", "second", "deadly")
    yard.dead("requeue", yard.letter("deadly"))
    wait_for(lambda: daemon.record("deadly")["state"] == "succeeded", "the requeued job to succeed")
    assert gates.notes("deadly") == 1

    told = yard.dead("requeue", "--fresh", "--reason", REASON)
    assert told.count("requeued as") == 2
    for job in ("first", "second"):
        wait_for(lambda job=job: daemon.record(job)["state"] == "succeeded", "the requeued job to succeed")
        assert gates.notes(job) == 2
    assert yard.listed() == [""]


def test_purge_and_retention(yard: Yard) -> None:
    """Purged letters are gone at once, and those past ``jobs.dead_ttl_s`` without anybody's doing."""
    daemon = yard.daemon
    assert yard.dead("purge", "--reason", "unknown_kind") == "1 forgotten\n"
    assert yard.listed() == []
    daemon.outcome(yard.fleet.act(daemon, "forgotten", "fail"))
    assert yard.listed() == ["forgotten"]
    daemon.stop()
    daemon.start(jobs__dead_ttl_s=0.001)
    wait_for(lambda: daemon.call("XLEN", DEAD) == 0, "the letter forgotten")
