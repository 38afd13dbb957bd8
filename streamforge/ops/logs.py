"""One line an event on standard error: coloured text on a terminal, JSON elsewhere.

An event has a stable snake_case name and named values, ``log.info("job_settled", outcome="succeeded")``,
never a sentence with values in it. Prompts, inputs, results and keys are not logged; names that would carry
them are withheld here, as the last line of defence.
"""

from __future__ import annotations

import logging
import sys
from contextvars import ContextVar
from typing import Any, BinaryIO, Final, TextIO, cast

import msgspec
import structlog
from structlog.contextvars import merge_contextvars
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

from streamforge.config import LogsSettings

WITHHELD: Final = frozenset(
    {"input", "output", "payload", "prompt", "result", "body", "password", "token", "secret", "api_key"}
    | {"anthropic_api_key", "openai_api_key", "audio", "authorization", "headers"}
)
"""Names whose values never reach a log."""

_JOB: Final[ContextVar[dict[str, object] | None]] = ContextVar("streamforge_job", default=None)
_LEVELS: Final = {name: getattr(logging, name.upper()) for name in ("debug", "info", "warning", "error")}
_NOISY: Final = frozenset(
    ["aiohttp.access", "alembic", "anthropic", "asyncio", "httpcore", "httpcore2", "httpx", "httpx2", "openai"]
)


def get_logger(name: str) -> FilteringBoundLogger:
    """A logger for a module (``__name__``); it follows :func:`configure` whenever that is called."""
    return cast("FilteringBoundLogger", structlog.get_logger(module=name))


def configure(settings: LogsSettings, stream: TextIO | None = None) -> None:
    """Send everything logged, the standard library's too, to ``stream`` (standard error); may be repeated."""
    target = stream or sys.stderr
    level = _LEVELS[settings.level]
    is_console = settings.format == "console" or (settings.format == "auto" and target.isatty())
    ending, factory = _console(target) if is_console else _json(target)
    structlog.configure(
        processors=[
            merge_contextvars,
            merge_job,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            withhold,
            *ending,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=factory,
        cache_logger_on_first_use=False,
    )
    _route_standard_library(level)


class bind_job:  # noqa: N801 - used as a function
    """Put a job's context on every line logged inside ``with``, by this task and those it starts.

    One variable for all of it, and a plain class: a worker enters this once for every job.
    """

    __slots__ = ("_context", "_token")

    def __init__(self, *, job_id: str, kind: str, attempt: int, queue: str, trace_id: str = "") -> None:
        self._context: dict[str, object] = {"job_id": job_id, "kind": kind, "attempt": attempt, "queue": queue}
        if trace_id:
            self._context["trace_id"] = trace_id

    def __enter__(self) -> None:
        self._token = _JOB.set(self._context)

    def __exit__(self, *_: object) -> None:
        _JOB.reset(self._token)


def merge_job(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Add the bound job's context; a line's own values win."""
    context = _JOB.get()
    return {**context, **event} if context else event


def withhold(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Replace the values of :data:`WITHHELD` names."""
    for name in event.keys() & WITHHELD:
        event[name] = "[withheld]"
    return event


def _console(stream: TextIO) -> tuple[list[Processor], Any]:
    renderer = structlog.dev.ConsoleRenderer(
        colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback, timestamp_key="time"
    )
    return [renderer], structlog.PrintLoggerFactory(stream)


def _json(stream: TextIO) -> tuple[list[Processor], Any]:
    binary = cast("BinaryIO | None", getattr(stream, "buffer", None))
    if binary is None:  # a stream of text alone, such as io.StringIO
        return [structlog.processors.format_exc_info, _as_text], structlog.PrintLoggerFactory(stream)
    return [structlog.processors.format_exc_info, _as_json], structlog.BytesLoggerFactory(binary)


_ENCODER: Final = msgspec.json.Encoder(enc_hook=repr)


def _as_json(_: WrappedLogger, __: str, event: EventDict) -> bytes:
    return _ENCODER.encode(event)


def _as_text(_: WrappedLogger, __: str, event: EventDict) -> str:
    return _ENCODER.encode(event).decode()


class _Forwarder(logging.Handler):
    """Gives the standard library's records to structlog, under one event name."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log the record's message with its logger's name."""
        get_logger(record.name).log(
            record.levelno, "library_message", message=record.getMessage(), exc_info=record.exc_info
        )


def _route_standard_library(level: int) -> None:
    root = logging.getLogger()
    root.handlers = [_Forwarder()]
    root.setLevel(level)
    logging.captureWarnings(capture=True)
    for name in _NOISY:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
