"""Processes killed in the middle of work: jobs end all the same, and paid steps are not run again."""

from __future__ import annotations

import json
import os
import signal

import pytest

from tests.acceptance.conftest import Launch
from tests.acceptance.daemon import INBOX, QUEUE, DaemonProcess, wait_for
from tests.acceptance.gates import Gates

pytestmark = pytest.mark.long

HUGE = {"prompt": "Grand opening of the harbour museum", "width": 4000, "height": 3900}
"""A canvas that takes long to paint."""


def test_daemon_killed_between_design_and_picture(launch: Launch) -> None:
    """After kill -9 and a restart the job succeeds from its checkpoints: the designer ran once."""
    daemon = launch().start()
    server = daemon.server_pid()
    job_id = daemon.xadd(kind="banner", **HUGE)
    wait_for(lambda: "graph" in daemon.steps(job_id, "step.completed"), "the graph's checkpoint")
    daemon.kill()
    assert daemon.call("HEXISTS", f"streamforge:{{0}}:steps:{job_id}", "paint[4000x3900]") == 0
    wait_for(lambda: [found.pid for found in daemon.processes()] == [server], "nothing but the server left")

    daemon.start()
    assert daemon.server_pid() == server
    assert [event["pid"] for event in daemon.events("embedded_server_adopted")] == [server]
    assert daemon.outcome(job_id)["state"] == "succeeded"
    assert daemon.steps(job_id, "step.completed") == ["strategy", "graph", "paint[4000x3900]", "paint", "deliver"]
    assert daemon.steps(job_id, "step.replayed") == ["strategy", "graph"]
    assert (daemon.record(job_id)["attempt"], daemon.record(job_id)["crashes"]) == ("1", "1")


def test_pool_child_segfault_costs_one_retry(launch: Launch, gates: Gates) -> None:
    """Of three jobs at work one loses its child to SIGSEGV: it is retried, the others do not notice."""
    daemon = launch(pool__slots=3, worker__retry_base_s=0.1).start()
    jobs = [gates.submit(daemon, name) for name in ("left", "middle", "right")]
    os.kill(gates.waiting("middle"), signal.SIGSEGV)
    gates.waiting("middle", tries=2)
    gates.open(*jobs)

    assert [daemon.outcome(job_id)["state"] for job_id in jobs] == ["succeeded"] * 3
    assert [daemon.record(job_id)["attempt"] for job_id in jobs] == ["1", "1", "1"]
    assert [daemon.record(job_id).get("crashes") for job_id in jobs] == [None, "1", None]
    assert [gates.notes(job_id) for job_id in jobs] == [1, 1, 1]
    assert daemon.steps("middle", "step.replayed") == ["note"]
    retrying = [data for kind, data in daemon.happened("middle") if kind == "job.retrying"]
    assert "SIGSEGV" in retrying[0]["error"]["message"]
    assert daemon.is_alive()


def test_job_that_kills_every_child_becomes_a_dead_letter(launch: Launch, gates: Gates) -> None:
    """A job whose child dies at each attempt ends as a dead letter that names the cause; a requeue runs it again."""
    daemon = launch(worker__max_crashes=1, worker__retry_base_s=0.1).start()
    job_id = gates.submit(daemon, "deadly")
    for tries in (1, 2):
        os.kill(gates.waiting(job_id, tries), signal.SIGSEGV)
    assert daemon.outcome(job_id)["state"] == "failed"
    letter = daemon.letters(job=job_id)[0]
    assert (letter["reason"], letter["signal"]) == ("crashed", "SIGSEGV")
    assert int(letter["peak_rss_kb"]) > 10_000

    gates.open(job_id)
    assert daemon.command("dead", "requeue", letter["id"]).returncode == 0
    wait_for(lambda: daemon.record(job_id)["state"] == "succeeded", "the requeued job to succeed")
    assert gates.notes(job_id) == 1


def test_job_that_takes_daemons_down_is_given_up(launch: Launch, gates: Gates) -> None:
    """A job that runs each time its daemon is killed becomes a dead letter past worker.max_crashes, and is acked."""
    daemon = launch(worker__max_crashes=2).start()
    job_id = gates.submit(daemon, "poison")
    for tries in (2, 3):
        daemon.kill()
        daemon.start()
        gates.waiting(job_id, tries)
    daemon.kill()
    daemon.start()
    assert daemon.outcome(job_id)["state"] == "failed"
    assert [letter["reason"] for letter in daemon.letters(job=job_id)] == ["crashed"]
    assert daemon.call("XLEN", QUEUE) == 0
    assert next_job_runs(daemon, gates)


def test_forkserver_killed(launch: Launch, gates: Gates) -> None:
    """Without its forkserver the daemon has a new one made: the next jobs run, under the same pid."""
    daemon = launch(worker__retry_base_s=0.1).start()
    forked = [found for found in daemon.processes() if found.is_forked]
    (forkserver,) = {found.pid for found in forked} - set(daemon.pool_children())
    os.kill(forkserver, signal.SIGKILL)
    assert next_job_runs(daemon, gates)
    assert daemon.is_alive()


def test_endless_step_costs_its_job_alone(launch: Launch, gates: Gates) -> None:
    """A step over its soft limit has its child killed, is tried once more, and fails; others go on."""
    daemon = launch(jobs__step_soft_timeout_s=0.5, jobs__step_timeout_s=10, worker__retry_base_s=0.1).start()
    job_id = gates.submit(daemon, "endless")
    assert next_job_runs(daemon, gates)
    assert daemon.outcome(job_id)["state"] == "failed"
    letter = json.loads(daemon.letters(job=job_id)[0]["error"])
    assert (letter["code"], letter["field"]) == ("step_timeout", "wait")
    assert daemon.letters(job=job_id)[0]["reason"] == "soft_limit"
    assert gates.tries(job_id) == 2
    held = {gates.waiting(job_id, tries) for tries in (1, 2)}
    wait_for(lambda: held.isdisjoint(daemon.pool_children()), "the children that waited gone")


def test_many_jobs_over_many_kills(launch: Launch) -> None:
    """Thirty jobs, the daemon killed three times on the way: each ends once, no step is completed twice."""
    daemon = launch().start()
    jobs = [daemon.xadd(kind="banner", prompt=f"Lot {i} of thirty", width=600, height=400) for i in range(30)]
    for done in (4, 12, 20):
        wait_for(lambda done=done: succeeded(daemon, jobs) >= done, f"{done} jobs done")
        daemon.kill()
        daemon.start()
    assert [daemon.outcome(job_id)["state"] for job_id in jobs] == ["succeeded"] * 30
    for job_id in jobs:
        assert daemon.steps(job_id, "step.completed") == ["strategy", "graph", "paint[600x400]", "paint", "deliver"]
        assert [kind for kind, _ in daemon.happened(job_id)].count("job.succeeded") == 1
    wait_for(lambda: (daemon.call("XLEN", QUEUE), daemon.call("XLEN", INBOX)) == (0, 0), "nothing left")


def succeeded(daemon: DaemonProcess, jobs: list[str]) -> int:
    """How many of them have."""
    return sum(daemon.record(job_id).get("state") == "succeeded" for job_id in jobs)


def next_job_runs(daemon: DaemonProcess, gates: Gates) -> bool:
    """Whether a fresh job passes."""
    gates.open("next")
    return daemon.outcome(gates.submit(daemon, "next"))["state"] == "succeeded"
