"""What strangers send: each ends alone, with an error that names the field and the fix, and the next job runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, NamedTuple

import pytest

from tests.acceptance import hostile
from tests.acceptance.daemon import DaemonProcess, wait_for

GOOD = "Spring cleaning week: all brushes half price"
BIG = "x" * 10_000_000


class Bad(NamedTuple):
    """An input, and what its error must name."""

    input: dict[str, Any]
    field: str
    fix: str


AT_THE_DOOR = {
    "no prompt": Bad({"width": 300, "height": 250}, "prompt", "streamforge kinds banner"),
    "blank prompt": Bad({"prompt": "    "}, "prompt", "describe what"),
    "prompt of another type": Bad({"prompt": 12}, "prompt", "expected text of 3 to 4000 characters, got a"),
    "canvas 0x0": Bad({"prompt": GOOD, "width": 0, "height": 0}, "width", "from 16 to 8192"),
    "canvas over 16 MP": Bad({"prompt": GOOD, "width": 5000, "height": 4000}, "width", "16 MP"),
    "canvas of nan": Bad({"prompt": GOOD, "width": "NaN"}, "width", "a whole number from 16 to 8192, got text"),
    "malformed colour": Bad({"prompt": GOOD, "brand_colors": ["#12345"]}, "brand_colors[0]", "#rgb or #rrggbb"),
    "misspelt field": Bad({"prompt": GOOD, "widht": 300}, "widht", "streamforge kinds banner"),
}
IN_THE_JOB = {
    "text as a logo": Bad({"logo": hostile.uri("no picture", "image/png")}, "logo", "export it as one of these"),
    "no data URI": Bad({"logo": "/etc/passwd"}, "logo", "data:image/png"),
    "billion laughs": Bad({"logo": hostile.billion_laughs()}, "logo", "DOCTYPE"),
    "SVG 20000 deep": Bad({"logo": hostile.deep()}, "logo", "simplify"),
    "SVG that multiplies": Bad({"logo": hostile.multiplying()}, "logo", "simplify its shapes"),
    "SVG without end": Bad({"logo": hostile.endless_line()}, "logo", "viewBox"),
    "PNG of 30000x30000": Bad({"logo": hostile.vast_png()}, "logo", "16 megapixels"),
}


@pytest.fixture(autouse=True)
def unharmed(daemon: DaemonProcess) -> Iterator[None]:
    """After each: a normal job succeeds, in the same process."""
    yield
    job_id = daemon.xadd(kind="banner", prompt=GOOD, width=300, height=250)
    assert daemon.outcome(job_id)["state"] == "succeeded"
    assert daemon.is_alive()


def refusal(daemon: DaemonProcess, **message: str | bytes | int) -> dict[str, str]:
    """The dead letter of an inbox message that must not become a job."""
    job_id = daemon.xadd(**message)
    entry = job_id.removeprefix("in-")
    letter = wait_for(lambda: daemon.letters(source="inbox", entry=entry), "the message among the dead letters")[0]
    assert daemon.record(job_id) == {}
    return letter


def assert_says(error: Any, bad: Bad) -> None:  # noqa: ANN401 - decoded JSON
    """The error names the field, and the fix in its message or hint."""
    assert error["field"] == bad.field
    told = f"{error.get('message', '')} {error.get('detail', '')} {error.get('hint', '')}"
    assert bad.fix in told


@pytest.mark.parametrize("name", AT_THE_DOOR)
def test_inbox_refuses(daemon: DaemonProcess, name: str) -> None:
    """An input that does not fit its schema is a dead letter with its reason and the original fields."""
    bad = AT_THE_DOOR[name]
    sent = json.dumps(bad.input)
    letter = refusal(daemon, kind="banner", input=sent)
    assert letter["reason"] == "invalid_input"
    assert_says(json.loads(letter["error"]), bad)
    assert json.loads(letter["fields"])["input"] == sent


@pytest.mark.parametrize("name", AT_THE_DOOR)
def test_http_refuses(daemon: DaemonProcess, name: str) -> None:
    """The same input over HTTP is a 422 that says the same."""
    bad = AT_THE_DOOR[name]
    answer = daemon.post("/api/v1/generate", json.dumps(bad.input).encode())
    assert answer.status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert_says(answer.json(), bad)


@pytest.mark.parametrize("name", IN_THE_JOB)
def test_hostile_logo_fails_its_job(daemon: DaemonProcess, name: str) -> None:
    """A picture that cannot be used fails the job in one attempt, with the field and the fix, at both doors."""
    bad = IN_THE_JOB[name]
    brief = json.dumps({"prompt": GOOD, **bad.input}).encode()
    posted = daemon.post("/api/v1/generate", brief)
    assert posted.status == HTTPStatus.ACCEPTED
    for job_id in (daemon.xadd(kind="banner", input=brief), posted.json()["job_id"]):
        record = daemon.outcome(job_id)
        assert (record["state"], record["attempt"]) == ("failed", "1")
        assert_says(json.loads(record["error"]), bad)
        assert len(daemon.letters(job=job_id)) == 1
    shown = daemon.get(posted.json()["status_url"]).json()
    assert shown["status"] == "FAILURE"
    assert_says(shown["error"], bad)


def test_inbox_refuses_unknown_kind(daemon: DaemonProcess) -> None:
    """An unknown kind is told the nearest one; none at all is told to name one."""
    near = json.loads(refusal(daemon, kind="baner", input="{}")["error"])
    assert_says(near, Bad({}, "kind", "did you mean 'banner'?"))
    missing = json.loads(refusal(daemon, prompt=GOOD)["error"])
    assert_says(missing, Bad({}, "kind", "banner"))


@pytest.mark.parametrize("sent", ['{"prompt": "Sale"', "", "[]", "null", "\xff", '{"prompt": "\\ud800"}'])
def test_broken_json(daemon: DaemonProcess, sent: str) -> None:
    """JSON that is broken, or no object, is refused at both doors with a word on how to send it."""
    raw = sent.encode("latin-1")
    error = json.loads(refusal(daemon, kind="banner", input=raw)["error"])
    assert error["field"] == "input"
    answer = daemon.post("/api/v1/generate", raw)
    assert answer.status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert answer.json()["field"] == "body"
    assert error["hint"]
    assert answer.json()["hint"]


def test_prompt_of_ten_megabytes(daemon: DaemonProcess) -> None:
    """A message over the size limit is refused naming its largest field, flat or within JSON; over HTTP it is a 413."""
    bad = Bad({}, "prompt", "jobs.max_input_bytes")
    assert_says(json.loads(refusal(daemon, kind="banner", prompt=BIG)["error"]), bad)
    body = json.dumps({"prompt": BIG})
    assert_says(json.loads(refusal(daemon, kind="banner", input=body)["error"]), bad)
    answer = daemon.post("/api/v1/generate", body.encode())
    assert answer.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert_says(answer.json(), Bad({}, "body", "api.max_body_bytes"))


def test_prompt_over_its_own_limit(daemon: DaemonProcess) -> None:
    """A prompt of 5000 characters is within the message's limit and over the field's."""
    error = json.loads(refusal(daemon, kind="banner", prompt="x" * 5000)["error"])
    assert_says(error, Bad({}, "prompt", "3 to 4000 characters"))


def test_mixed_and_malformed_envelopes(daemon: DaemonProcess) -> None:
    """Flat fields beside JSON, an impossible id, priority or queue: each is refused by its name."""
    whole = json.dumps({"prompt": GOOD})
    for field, message in {
        "width": {"input": whole, "width": "300"},
        "id": {"input": whole, "id": "line\n"},
        "priority": {"input": whole, "priority": "urgent"},
        "queue": {"input": whole, "queue": "UPPER CASE"},
        "tenant": {"input": whole, "tenant": "../x"},
        "not_before_ms": {"input": whole, "not_before_ms": "soon"},
    }.items():
        error = json.loads(refusal(daemon, kind="banner", **message)["error"])
        assert error["field"] == field
        assert error["hint"]


def test_conflicting_idempotency_keys(daemon: DaemonProcess) -> None:
    """A key that was used for another input refuses the message, and says for which job it stands."""
    first = daemon.xadd(kind="banner", prompt=GOOD, width=64, height=64, idempotency_key="inbox-key")
    assert daemon.outcome(first)["state"] == "succeeded"
    letter = refusal(daemon, kind="banner", prompt="Another", width=64, height=64, idempotency_key="inbox-key")
    assert letter["reason"] == "idempotency_conflict"
    assert first in letter["error"]


DEEP = "[" * 200_000


@pytest.mark.parametrize(
    "message",
    [
        {"input": DEEP},
        {"input": f'{{"prompt": {DEEP}'},
        {"input": f'{{"unknown": {DEEP}'},
        {"brand_colors": DEEP, "prompt": GOOD},
        {"input": f'{{"unknown": {"[" * 9_000_000}'},
    ],
    ids=["whole", "prompt", "unknown", "flat", "huge"],
)
def test_json_nested_without_end(daemon: DaemonProcess, message: dict[str, str]) -> None:
    """Brackets nested beyond any stack are refused like other broken JSON."""
    assert refusal(daemon, kind="banner", **message)["reason"] == "invalid_input"


def test_http_body_nested_without_end(daemon: DaemonProcess) -> None:
    """The same over HTTP is the caller's error, not the daemon's."""
    for body in (DEEP, f'{{"prompt": {DEEP}', f'{{"unknown": {DEEP}'):
        answer = daemon.post("/api/v1/generate", body.encode())
        assert answer.status == HTTPStatus.UNPROCESSABLE_ENTITY
        assert answer.json()["field"] == "body"


def test_bytes_that_are_no_text(daemon: DaemonProcess) -> None:
    """Field names and values that are not UTF-8 are refused, and do not stop the inbox."""
    messages: dict[str, dict[str, str | bytes]] = {
        "kind": {"kind": b"\xff\xfe", "input": "{}"},
        "input": {"kind": "banner", "input": b"\x80\x81\x82"},
        "prompt": {"kind": "banner", "prompt": b"caf\xe9 au lait"},
    }
    letters = {field: refusal(daemon, **message) for field, message in messages.items()}
    for field, letter in letters.items():
        assert_says(json.loads(letter["error"]), Bad({}, field, "not UTF-8"))
    assert json.loads(letters["prompt"]["fields"])["prompt"] == r"caf\xe9 au lait"
