"""Jobs with files through a whole daemon: sent by HTTP, kept by the store, used by the recipe."""

from __future__ import annotations

import base64
import json
from http import HTTPStatus
from typing import Any

from tests.acceptance import hostile
from tests.acceptance.daemon import DaemonProcess

LOGO = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20"><rect width="40" height="20" fill="#c00"/></svg>'
BRIEF = {"prompt": "Open day at the observatory, 3 May, free entry", "width": 300, "height": 250}
JSON = {"Content-Type": "application/json"}


def created(daemon: DaemonProcess, **brief: str) -> str:
    """A banner's job that waits for ``logo.svg``."""
    body: dict[str, Any] = {"kind": "banner", "input": {**BRIEF, **brief}, "files": [{"name": "logo.svg"}]}
    answer = daemon.ask("POST", "/api/v1/jobs", JSON, json.dumps(body).encode())
    assert answer.status == HTTPStatus.CREATED, answer.body
    assert answer.json()["state"] == "created"
    return str(answer.json()["job_id"])


def started(daemon: DaemonProcess, job_id: str, logo: bytes = LOGO) -> dict[str, str]:
    """How the job ends that is sent this logo."""
    sent = daemon.ask("PUT", f"/api/v1/jobs/{job_id}/uploads/logo.svg", {}, logo)
    assert sent.status == HTTPStatus.OK, sent.body
    assert daemon.ask("POST", f"/api/v1/jobs/{job_id}/process", {}, b"").status == HTTPStatus.ACCEPTED
    return daemon.outcome(job_id)


def test_a_banner_carries_the_logo_that_was_sent(daemon: DaemonProcess) -> None:
    """``upload:<name>`` in a brief is the file: the job succeeds and has measured a logo, as one given as data."""
    job_id = created(daemon, logo="upload:logo.svg")
    assert started(daemon, job_id)["state"] == "succeeded"
    as_data = f"data:image/svg+xml;base64,{base64.b64encode(LOGO).decode()}"
    other = daemon.post("/api/v1/generate", json.dumps({**BRIEF, "logo": as_data}).encode(), **JSON).json()["job_id"]
    assert daemon.outcome(other)["state"] == "succeeded"
    steps = daemon.steps(job_id, "step.completed")
    assert {"fetch", "examine"} <= set(steps)
    assert set(steps) - {"fetch"} == set(daemon.steps(other, "step.completed"))
    first, second = (daemon.get(f"/api/v1/status/{name}").json()["files"] for name in (job_id, other))
    pictures = [[file["size"] for file in files if file["media_type"] == "image/png"] for files in (first, second)]
    assert pictures[0] == pictures[1]


def test_a_name_that_was_not_sent_fails_the_job(daemon: DaemonProcess) -> None:
    """The owner is told which file is meant, and which there are."""
    error = json.loads(started(daemon, created(daemon, hero="upload:photo.jpg"))["error"])
    assert (error["code"], error["field"]) == ("asset_rejected", "hero")
    assert "logo.svg" in error["hint"]


def test_a_hostile_file_costs_its_job_alone(daemon: DaemonProcess) -> None:
    """It is decoded in a pool child, like any picture; the daemon stays."""
    pid = daemon.pid
    logo = base64.b64decode(hostile.billion_laughs().partition(",")[2])
    assert started(daemon, created(daemon, logo="upload:logo.svg"), logo)["state"] == "failed"
    answer = daemon.ask(
        "PUT", "/api/v1/kits/bad", JSON, json.dumps({"logos": [{"picture": hostile.billion_laughs()}]}).encode()
    )
    assert (answer.status, answer.json()["field"]) == (HTTPStatus.UNPROCESSABLE_ENTITY, "logos[0].picture")
    assert daemon.is_alive()
    assert daemon.pid == pid
