"""Somebody's say in which files a job may have: a virus scanner, or a policy of the operator's own.

It sees a file that has arrived whole and is of a type that is taken, before the job has it. What it refuses is not
recorded, so the collector clears it away; a file that was there under the name before stays.
"""

from __future__ import annotations

import os
import re
from asyncio import subprocess
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from importlib import import_module
from typing import Any, Final, Protocol, cast

import anyio
from msgspec import Struct

from streamforge.config import ApiSettings
from streamforge.errors import ConfigError, StreamForgeError, UploadRefused, UploadUnchecked
from streamforge.jobs.model import Artifact, Job
from streamforge.ops import metrics
from streamforge.ops.logs import get_logger
from streamforge.storage.objects import Objects

TAKEN, REFUSED = 0, 1
"""The exit codes that say something about the file; any other is the command's own trouble."""
SAID_MAX: Final = 4096
"""Bytes of what a command prints that are read."""
REASON_MAX: Final = 300
_FUNCTION: Final = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
_PASSED_ON: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")
"""Of the environment: the daemon's secrets are none of the command's business."""

log = get_logger(__name__)


class Upload(Struct, frozen=True, kw_only=True):
    """A file to look at; ``media_type`` is what it is by its content."""

    job_id: str
    kind: str
    tenant: str
    name: str
    media_type: str
    size: int
    chunks: AsyncIterable[bytes]


Look = Callable[[Upload], Awaitable[str | None]]
"""Why a file is refused; None, or nothing, where it is not."""


class Check(Protocol):
    """Has a say in which files a job may have."""

    async def require(self, job: Job, file: Artifact, objects: Objects) -> None:
        """Raise UploadRefused for a file that the job may not have, UploadUnchecked where nobody can say."""
        ...


class Looked:
    """A check by a function, within ``timeout_s``."""

    def __init__(self, look: Look, timeout_s: float) -> None:
        self._look = look
        self._timeout_s = timeout_s

    async def require(self, job: Job, file: Artifact, objects: Objects) -> None:
        """See ``Check``."""
        reason = await self._reason(job, file, objects)
        if reason:
            metrics.uploads_refused_total().inc()
            log.warning("upload_refused", job_id=job.id, tenant=job.tenant, media_type=file.media_type, size=file.size)
            raise UploadRefused(f"{file.name!r} was refused: {reason[:REASON_MAX]}", field="body")

    async def _reason(self, job: Job, file: Artifact, objects: Objects) -> str | None:
        try:
            with anyio.fail_after(self._timeout_s):
                async with aclosing(objects.stream(file.key)) as chunks:
                    return await self._look(_upload(job, file, chunks))
        except StreamForgeError:
            raise
        except Exception as error:  # somebody else's code: whatever it raises, the file was not looked at
            log.exception("upload_check_failed", error=type(error).__name__)
            cause = error
        raise UploadUnchecked from cause


def check_of(settings: ApiSettings) -> Check | None:
    """The check that ``api.upload_check`` names; raises ConfigError for a function that is not there."""
    command = settings.upload_check
    if not command:
        return None
    is_function = len(command) == 1 and _FUNCTION.fullmatch(command[0])
    return Looked(_function(command[0]) if is_function else by_command(command), settings.upload_check_s)


def by_command(command: Sequence[str]) -> Look:
    """A look by a program, which gets the file on standard input and what is known of it in its environment."""

    async def look(upload: Upload) -> str | None:
        process = await subprocess.create_subprocess_exec(
            *command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=_environment(upload)
        )
        try:
            code, said = await _asked(process, upload.chunks)
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            with anyio.CancelScope(shield=True):
                await process.wait()
        if code not in (TAKEN, REFUSED):
            raise ChildProcessError(f"{command[0]} ended with {code}")
        return None if code == TAKEN else next(iter(said.split("\n")), "") or "the check of uploads says no more"

    return look


async def _asked(process: subprocess.Process, chunks: AsyncIterable[bytes]) -> tuple[int, str]:
    """The program's exit code, and what it printed."""
    said, code = b"", -1
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_feed, process, chunks)
        said = await _heard(process)
        code = await process.wait()
        tasks.cancel_scope.cancel()  # it may know enough before it has read everything
    return code, said.decode(errors="replace").strip()


async def _feed(process: subprocess.Process, chunks: AsyncIterable[bytes]) -> None:
    pipe = process.stdin
    assert pipe is not None  # noqa: S101 - it was asked for
    with suppress(BrokenPipeError, ConnectionResetError):
        async for chunk in chunks:
            pipe.write(chunk)
            await pipe.drain()
        pipe.close()


async def _heard(process: subprocess.Process) -> bytes:
    """The beginning of what the program prints; the rest is read and let go, or it would stand still."""
    pipe, said = process.stdout, b""
    assert pipe is not None  # noqa: S101 - it was asked for
    while piece := await pipe.read(SAID_MAX):
        said += piece[: SAID_MAX - len(said)]
    return said


def _environment(upload: Upload) -> dict[str, str]:
    about = {"JOB": upload.job_id, "KIND": upload.kind, "TENANT": upload.tenant, "NAME": upload.name}
    about |= {"TYPE": upload.media_type, "SIZE": str(upload.size)}
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return kept | {f"STREAMFORGE_UPLOAD_{name}": value for name, value in about.items()}


def _function(place: str) -> Look:
    module, _, name = place.partition(":")
    try:
        found: Any = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"{place} cannot be had: {error}", field="api.upload_check") from error
    if not callable(found):
        raise ConfigError(f"{place} cannot be called", field="api.upload_check", hint="name an async function")
    return cast("Look", found)


def _upload(job: Job, file: Artifact, chunks: AsyncGenerator[bytes]) -> Upload:
    return Upload(
        job_id=job.id,
        kind=job.kind,
        tenant=job.tenant,
        name=file.name,
        media_type=file.media_type,
        size=file.size,
        chunks=chunks,
    )
