"""How a job looks to those who poll: the words, the links, what is shown when."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from yarl import URL

from streamforge.api.failures import error_view
from streamforge.api.status import PHASES, status_of
from streamforge.jobs.friendly import friendly
from streamforge.jobs.model import TERMINAL, Artifact, Job, JobError, JobState, Priority


def job(state: JobState, **more: Any) -> Job:  # noqa: ANN401
    """A job in that state."""
    facts: dict[str, Any] = {"id": "j", "kind": "banner", "queue": "q", "priority": Priority.LOW, "tenant": "t"}
    return Job(state=state, created_ms=1, **{**facts, **more})


@pytest.mark.parametrize("state", JobState)
def test_every_state_has_its_word(state: JobState) -> None:
    """PENDING before, STARTED while, SUCCESS or FAILURE after; never another word."""
    word = status_of(job(state)).status
    assert word == PHASES[state]
    assert (word in ("SUCCESS", "FAILURE")) is (state in TERMINAL)
    assert (word == "SUCCESS") is (state is JobState.SUCCEEDED)
    assert (word == "STARTED") is (state is JobState.RUNNING)


def test_a_success_is_complete() -> None:
    """Full progress, the result and the first file's address; no step and no error of an earlier attempt."""
    files = {name: Artifact(name=name, key="0" * 64, media_type="image/png", size=3) for name in ("a.png", "b.png")}
    error = JobError(code="x", message="earlier")
    shown = status_of(
        job(JobState.SUCCEEDED, step="paint", progress=80.0, artifacts=files, error=error, result=msgspec.Raw(b"[1]"))
    )
    assert (shown.progress, shown.step, shown.error) == (100.0, "", None)
    assert shown.result_url == "/api/v1/artifacts/j/a.png"
    assert [file.name for file in shown.files] == ["a.png", "b.png"]
    assert msgspec.json.decode(msgspec.json.encode(shown))["result"] == [1]


def test_what_runs_shows_how_far_it_is() -> None:
    """Step and progress while it runs, and no result."""
    shown = status_of(job(JobState.RUNNING, step="paint", progress=80.0))
    assert (shown.step, shown.progress, shown.result_url) == ("paint", 80.0, "")
    assert "result" not in msgspec.json.decode(msgspec.json.encode(shown))


def test_a_failure_shows_its_error() -> None:
    """The error with its code, field and hint, and a sentence for who waits."""
    error = JobError(code="expired", message="m", field="f", hint="h")
    assert status_of(job(JobState.FAILED, error=error)).error == error_view(error)
    assert error_view(error).friendly == friendly("expired")


@pytest.mark.parametrize("name", ["a b.png", "50%.png", "what?.png", "no#1.png", "ü.png"])
def test_a_files_address_is_escaped(name: str) -> None:
    """A name with characters that mean something in a URL still leads to its file."""
    file = Artifact(name=name, key="0" * 64, media_type="image/png", size=3)
    (link,) = status_of(job(JobState.SUCCEEDED, artifacts={name: file})).files
    assert link.url.isascii()
    assert URL(link.url, encoded=True).name == name
    assert not URL(link.url, encoded=True).query_string
