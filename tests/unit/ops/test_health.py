"""Readiness and life, from what the parts say."""

from __future__ import annotations

from streamforge.ops.health import Health, Report


def test_a_daemon_without_parts_is_not_ready() -> None:
    """Before the first part is there, no traffic may come."""
    assert Health().report() == Report(ready=False, reasons={"daemon": "starting"}, warnings={})


def test_ready_means_that_every_part_is() -> None:
    """One part's reason makes the whole not ready, and is given under its name."""
    health = Health()
    state: dict[str, str | None] = {"redis": None}
    health.add("redis", lambda: state["redis"])
    health.add("pool", lambda: None)
    assert health.report() == Report(ready=True, reasons={}, warnings={})
    state["redis"] = "no answer for 3 s"
    assert health.report() == Report(ready=False, reasons={"redis": "no answer for 3 s"}, warnings={})


def test_only_a_vital_part_stops_the_watchdog() -> None:
    """Redis being away makes the daemon not ready; only what a restart can mend makes it dead."""
    health = Health()
    health.add("redis", lambda: "away")
    health.add("worker", lambda: None, vital=True)
    assert (health.report().ready, health.is_alive()) == (False, True)
    health.add("worker", lambda: "its loop has not turned for 60 s", vital=True)
    assert health.is_alive() is False


def test_a_part_can_be_replaced_and_removed() -> None:
    """A name stands for one probe, and one that was removed is asked no more."""
    health = Health()
    health.add("worker", lambda: "stuck", vital=True)
    health.add("worker", lambda: "draining")
    assert health.is_alive() is True
    health.remove("worker")
    health.remove("never there")
    assert health.report().reasons == {"daemon": "starting"}


def test_a_warning_makes_nothing_unready() -> None:
    """What somebody should look at is told, and the daemon goes on taking work."""
    health = Health()
    health.add("worker", lambda: None)
    health.watch("archiver", lambda: "7 entries wait")
    health.watch("other", lambda: None)
    assert health.report() == Report(ready=True, reasons={}, warnings={"archiver": "7 entries wait"})
    assert health.is_alive()
