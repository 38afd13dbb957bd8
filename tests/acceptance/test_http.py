"""HTTP from a request to the bytes of a picture."""

from __future__ import annotations

import io
import json
from http import HTTPStatus
from typing import Any

from PIL import Image

from tests.acceptance.daemon import Answer, DaemonProcess, wait_for


def generate(daemon: DaemonProcess, brief: dict[str, Any], **headers: str) -> Answer:
    """POST a brief."""
    return daemon.post("/api/v1/generate", json.dumps(brief).encode(), **headers)


def ended(daemon: DaemonProcess, accepted: Answer) -> dict[str, Any]:
    """Poll as a client does, until the job has ended."""
    assert accepted.status == HTTPStatus.ACCEPTED
    told = accepted.json()
    assert told["status_url"] == accepted.headers["Location"] == f"/api/v1/status/{told['job_id']}"

    def poll() -> dict[str, Any] | None:
        shown = daemon.get(told["status_url"]).json()
        assert shown["status"] in {"PENDING", "STARTED", "SUCCESS", "FAILURE"}
        return shown if shown["status"] in {"SUCCESS", "FAILURE"} else None

    found = wait_for(poll, "SUCCESS or FAILURE")
    assert found is not None
    return found


def counted(daemon: DaemonProcess, metric: str) -> float:
    """A metric's value now; 0 where it has none yet."""
    lines = daemon.get("/metrics").body.decode().splitlines()
    return next((float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{metric} ")), 0.0)


def test_brief_becomes_bytes(daemon: DaemonProcess) -> None:
    """202 → poll → SUCCESS with a result whose bytes decode; asked again by its ETag it is a 304."""
    done = 'streamforge_jobs_total{kind="banner",outcome="succeeded"}'
    before = counted(daemon, done)
    shown = ended(daemon, generate(daemon, {"prompt": "Rooftop cinema opens 1 June", "width": 640, "height": 360}))
    assert (shown["status"], shown["progress"]) == ("SUCCESS", 100.0)
    assert all(check["passed"] for check in shown["result"]["checks"])
    file = daemon.get(shown["result_url"])
    assert file.headers["Content-Type"] == "image/png"
    with Image.open(io.BytesIO(file.body)) as image:
        image.load()
        assert image.size == (640, 360)
    assert daemon.ask("GET", shown["result_url"], {"If-None-Match": file.headers["ETag"]}).status == 304
    assert counted(daemon, done) == before + 1
    assert counted(daemon, 'streamforge_step_seconds_count{kind="banner",step="paint"}') >= 1
    assert counted(daemon, 'streamforge_queue_depth{priority="normal",queue="default"}') == 0


def test_other_spellings(daemon: DaemonProcess) -> None:
    """``user_prompt`` and ``canvas_dimensions`` are taken for the brief's own fields."""
    for canvas in ("320x50", {"width": 320, "height": 50}):
        shown = ended(daemon, generate(daemon, {"user_prompt": "Tiny but loud", "canvas_dimensions": canvas}))
        assert shown["result"]["size"] == {"width": 320, "height": 50}


def test_failure_is_told(daemon: DaemonProcess) -> None:
    """A job that fails is FAILURE with the asset's error, and counted as a dead letter."""
    dead = 'streamforge_dead_letters_total{reason="asset_rejected"}'
    before = counted(daemon, dead)
    shown = ended(daemon, generate(daemon, {"prompt": "Logo of nothing", "logo": "data:image/png;base64,AAAA"}))
    assert (shown["status"], shown["state"]) == ("FAILURE", "failed")
    assert (shown["error"]["code"], shown["error"]["field"]) == ("asset_rejected", "logo")
    assert shown["error"]["hint"]
    assert "result_url" not in shown
    assert counted(daemon, dead) == before + 1


def test_impossible_canvas_is_told(daemon: DaemonProcess) -> None:
    """A brief that no layout can hold fails with what contradicts, or what the verification measured."""
    shown = ended(daemon, generate(daemon, {"prompt": "An unusually long sentence " * 20, "width": 16, "height": 16}))
    assert shown["status"] == "FAILURE"
    assert shown["error"]["code"] in {"layout_infeasible", "verification_failed"}
    assert shown["error"]["details"]


def test_idempotency_key(daemon: DaemonProcess) -> None:
    """The same key is the same job; with another brief it is a 409."""
    brief = {"prompt": "Only once, please", "width": 200, "height": 200}
    first = generate(daemon, brief, Idempotency_Key="http-1")
    again = generate(daemon, brief, Idempotency_Key="http-1")
    assert (again.status, again.json()["job_id"]) == (first.status, first.json()["job_id"])
    assert [answer.json()["is_new"] for answer in (first, again)] == [True, False]
    other = generate(daemon, {**brief, "width": 201}, Idempotency_Key="http-1")
    assert (other.status, other.json()["code"]) == (HTTPStatus.CONFLICT, "idempotency_conflict")
    for key in ("x" * 256, "\xff"):
        refused = generate(daemon, brief, Idempotency_Key=key)
        assert (refused.status, refused.json()["field"]) == (HTTPStatus.UNPROCESSABLE_ENTITY, "Idempotency-Key")


def test_what_is_not_there(daemon: DaemonProcess) -> None:
    """Unknown jobs, files, routes, methods and media types are problems with a status of their own, never a 500."""
    for path, status in {
        "/api/v1/status/nobody": HTTPStatus.NOT_FOUND,
        f"/api/v1/status/{'x' * 500}": HTTPStatus.NOT_FOUND,
        "/api/v1/status/%FF%00": HTTPStatus.NOT_FOUND,
        "/api/v1/artifacts/nobody/a.png": HTTPStatus.NOT_FOUND,
        "/api/v1/artifacts/nobody/..%2f..%2fetc%2fpasswd": HTTPStatus.NOT_FOUND,
        "/nowhere": HTTPStatus.NOT_FOUND,
        "/api/v1/generate": HTTPStatus.METHOD_NOT_ALLOWED,
    }.items():
        answer = daemon.get(path)
        assert (path, answer.status) == (path, status)
        assert answer.json()["title"]
    assert daemon.post("/api/v1/generate", b"{}", Content_Type="text/plain").status == HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    sides = json.dumps({"prompt": "Digits", "canvas_dimensions": "9" * 5000 + "x9"}).encode()
    assert daemon.post("/api/v1/generate", sides).json()["field"] == "canvas_dimensions"
    assert not daemon.events("http_failed")
