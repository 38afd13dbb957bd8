"""Words on a terminal: a line, JSON, a job, an event, an error."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from streamforge.cli.session import why_unreadable
from streamforge.client.types import Event, Job, Reason
from streamforge.clock import iso
from streamforge.errors import InvalidInput


def print_line(text: str) -> None:
    """One line to standard output, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def print_json(value: object) -> None:
    """A value as one line of JSON."""
    print_line(msgspec.json.encode(value).decode())


def read_argument(text: str) -> bytes:
    """The argument itself, a file's content for ``@FILE``, standard input for ``@-``."""
    if not text.startswith("@"):
        return os.fsencode(text)
    if text == "@-":
        return sys.stdin.buffer.read()
    try:
        return Path(text[1:]).read_bytes()
    except OSError as error:
        raise InvalidInput(f"cannot read {text[1:]}: {why_unreadable(error)}", field="--input") from error


def event_line(event: Event) -> str:
    """An event for people: when, what, and what matters of its data."""
    data = event.data
    told = [f"{data[name]}" for name in ("step", "message", "name", "reason", "worker") if data.get(name)]
    if data.get("error"):
        told.append(error_line(reason_of(data["error"])))
    if "seconds" in data:
        told.append(f"{data['seconds']:.2f} s")
    if "progress" in data:
        told.append(f"{data['progress']:.0f} %")
    return f"{iso(event.at_ms)[11:23]}  {event.type:<16} {'  '.join(told)}".rstrip()


def reason_of(given: Mapping[str, object]) -> Reason:
    """An error as an event holds it."""
    return msgspec.convert(dict(given), Reason)


def error_line(error: Reason) -> str:
    """One line: where, what, how to fix."""
    where = f"{error.field}: " if error.field else ""
    how = f" ({error.hint})" if error.hint else ""
    return f"{where}{error.message}{how}"


def job_row(job: Job) -> str:
    """A job in a list."""
    why = f"  {job.error.code}" if job.error else ""
    done = f"{job.progress:3.0f} %  {job.step}" if not job.has_ended else ""
    return f"{job.id}  {iso(job.created_ms)[:19]}  {job.state:<12} {job.kind:<14} {job.tenant:<12} {done}{why}".rstrip()


def job_lines(job: Job) -> list[str]:
    """A job for people: where it stands, its error with field, details and hint, its files."""
    lines = [f"{job.id}  {job.kind}  {job.state}  {job.progress:.0f} %  attempt {job.attempt}"]
    if job.step:
        lines.append(f"  step   {job.step}")
    if job.error:
        where = f"{job.error.field}: " if job.error.field else ""
        lines.append(f"  error  {job.error.code}: {where}{job.error.message}")
        lines += [f"         {detail}" for detail in job.error.details]
        if job.error.hint:
            lines.append(f"  hint   {job.error.hint}")
    lines += [f"  file   {file.name}  {file.media_type}  {file.size} bytes  {file.url}" for file in job.artifacts]
    return lines
