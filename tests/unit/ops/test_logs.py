"""Logging: the form of a line, its context, and what never reaches it."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from streamforge.config import LogsSettings, Secret
from streamforge.ops.logs import bind_job, configure, get_logger

log = get_logger(__name__)


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Each test leaves structlog and the root logger as it found them."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """True, as the class says."""
        return True


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    """The JSON lines written so far."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def to_json(level: str = "info") -> io.StringIO:
    """Log as JSON into the stream returned."""
    stream = io.StringIO()
    configure(LogsSettings(format="json", level=level), stream)  # type: ignore[arg-type]
    return stream


def test_a_line_is_one_json_object_with_the_event_and_its_values() -> None:
    """A log shipper finds event, level, time, module and the values under fixed names."""
    stream = to_json()
    log.info("job_settled", outcome="succeeded", took_ms=5)
    (line,) = lines(stream)
    assert line.pop("time")
    assert line == {
        "event": "job_settled",
        "level": "info",
        "module": __name__,
        "outcome": "succeeded",
        "took_ms": 5,
    }


def test_bytes_go_to_a_stream_that_takes_them() -> None:
    """Standard error is written as bytes, without encoding twice; any value can be logged."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="utf-8")
    configure(LogsSettings(format="json"), stream)
    log.info("event", value=object, word="größer")
    assert json.loads(raw.getvalue())["word"] == "größer"


@pytest.mark.parametrize(("stream", "is_json"), [(io.StringIO(), True), (Terminal(), False)])
def test_auto_is_console_on_a_terminal_and_json_elsewhere(stream: io.StringIO, is_json: bool) -> None:
    """People get text, machines get JSON, without a setting."""
    configure(LogsSettings(), stream)
    log.info("event")
    assert stream.getvalue().startswith("{") is is_json


def test_levels_below_the_one_set_are_not_written() -> None:
    """``logs.level`` holds for ours and for the standard library's."""
    stream = to_json("warning")
    log.info("ours")
    logging.getLogger("theirs").info("theirs")
    log.warning("ours_too")
    assert [line["event"] for line in lines(stream)] == ["ours_too"]


def test_the_standard_library_is_routed_through() -> None:
    """A library's record becomes a line of the same form, under one event name, with its traceback."""
    stream = to_json()
    try:
        int("broken")
    except ValueError:
        logging.getLogger("some.library").exception("it %s", "failed")
    (line,) = lines(stream)
    assert (line["event"], line["module"], line["message"]) == ("library_message", "some.library", "it failed")
    assert "ValueError: invalid literal" in str(line["exception"])


async def test_a_job_is_bound_for_its_task_and_nobody_else() -> None:
    """Lines logged while a job runs carry it, in tasks it starts too; lines of another task do not."""
    stream = to_json()
    inside = asyncio.Event()
    other_logged = asyncio.Event()

    async def job() -> None:
        with bind_job(job_id="j1", kind="banner", attempt=2, queue="default"):
            inside.set()
            await other_logged.wait()
            await asyncio.gather(asyncio.to_thread(log.info, "in_job"))
        log.info("after_job")

    running = asyncio.ensure_future(job())
    await inside.wait()
    log.info("elsewhere")
    other_logged.set()
    await running
    by_event = {line["event"]: line for line in lines(stream)}
    assert by_event["in_job"]["job_id"] == "j1"
    assert (by_event["in_job"]["kind"], by_event["in_job"]["attempt"]) == ("banner", 2)
    assert "job_id" not in by_event["elsewhere"]
    assert "job_id" not in by_event["after_job"]


def test_payloads_and_secrets_are_withheld() -> None:
    """A name that would carry a payload is withheld even when somebody logs it, and a Secret masks itself."""
    stream = to_json()
    log.info("event", input={"prompt": "hunter2"}, api_key="hunter2", note=Secret("hunter2"), kind="banner")
    assert "hunter2" not in stream.getvalue()
    assert lines(stream)[0]["kind"] == "banner"
