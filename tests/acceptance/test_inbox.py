"""Jobs by raw XADD, as any language would send them."""

from __future__ import annotations

import io
import json
import os
import subprocess
from pathlib import Path
from time import time_ns

import pytest
from PIL import Image

from tests.acceptance.daemon import INBOX, QUEUE, DaemonProcess, wait_for

REDIS_CLI = Path("/usr/bin/redis-cli")
PROMPT = "Harvest market on Saturday: 20% off all honey. Visit honey.example"


def picture(daemon: DaemonProcess, job_id: str) -> Image.Image:
    """The job's finished picture, through HTTP; fails where the job has not succeeded."""
    record = daemon.outcome(job_id)
    assert record["state"] == "succeeded", record
    shown = daemon.get(f"/api/v1/status/{job_id}").json()
    image = Image.open(io.BytesIO(daemon.get(shown["result_url"]).body))
    image.load()
    return image


def unfinished(daemon: DaemonProcess) -> list[object]:
    """What the inbox and the queue still hold, entries and pending ones."""
    ends = [daemon.call("XLEN", INBOX), daemon.call("XPENDING", INBOX, "inbox")[0]]
    return [*ends, daemon.call("EXISTS", QUEUE), daemon.call("EXISTS", "streamforge:{0}:running")]


def test_json_message_becomes_a_banner(daemon: DaemonProcess) -> None:
    """A message with JSON ends as a PNG of the asked size, and no entry is left anywhere."""
    job_id = daemon.xadd(kind="banner", input=json.dumps({"prompt": PROMPT, "width": 728, "height": 90}))
    image = picture(daemon, job_id)
    assert (image.format, image.size) == ("PNG", (728, 90))
    wait_for(lambda: unfinished(daemon) == [0, 0, 0, 0], "inbox and queue empty and acked")


def test_flat_message_becomes_a_banner(daemon: DaemonProcess) -> None:
    """Flat fields are converted by the kind's types."""
    job_id = daemon.xadd(kind="banner", prompt=PROMPT, width=1200, height=628, brand_colors="#0f62fe,#fff")
    assert picture(daemon, job_id).size == (1200, 628)
    wait_for(lambda: unfinished(daemon) == [0, 0, 0, 0], "inbox and queue empty and acked")


def test_redis_cli_feeds_the_daemon(daemon: DaemonProcess) -> None:
    """The README's redis-cli line makes a banner."""
    if not REDIS_CLI.exists():
        assert not os.environ.get("CI"), "CI must have redis-cli: apt-get install redis-tools"
        pytest.skip("redis-cli is not installed")
    command = [REDIS_CLI, "-s", str(daemon.redis), "XADD", INBOX, "*", "kind", "banner"]
    told = subprocess.run(
        [*command, "prompt", PROMPT, "width", "300", "height", "250"], capture_output=True, text=True, check=True
    )
    assert picture(daemon, f"in-{told.stdout.strip()}").size == (300, 250)


def test_not_before(daemon: DaemonProcess) -> None:
    """A message may name the time before which its job does not start."""
    due = time_ns() // 1_000_000 + 700
    job_id = daemon.xadd(kind="banner", prompt=PROMPT, width=300, height=250, not_before_ms=due)
    record = daemon.outcome(job_id)
    assert record["state"] == "succeeded"
    assert int(record["started_ms"]) >= due
    assert [kind for kind, _ in daemon.happened(job_id)][:3] == ["job.scheduled", "job.queued", "job.started"]


def test_messages_in_one_burst_all_end(daemon: DaemonProcess) -> None:
    """Thirty messages, two the same by their own id: each ends once, and nothing is left."""
    jobs = [daemon.xadd(kind="banner", prompt=f"Offer number {i}", width=120, height=120) for i in range(28)]
    for _ in range(2):
        daemon.xadd(kind="banner", prompt="Twice the same", width=120, height=120, id="twice")
    ends = [daemon.outcome(job_id)["state"] for job_id in [*jobs, "twice"]]
    assert ends == ["succeeded"] * 29
    assert [kind for kind, _ in daemon.happened("twice")].count("job.succeeded") == 1
    wait_for(lambda: unfinished(daemon) == [0, 0, 0, 0], "inbox and queue empty and acked")
