"""The files that a job waits for: received one by one, then handed to its queue with it.

A job that is submitted with ``files`` is ``created`` and in no queue. Each file goes to the object store as it
arrives; once all are there, ``process`` writes them into the field ``files`` of the job's input, a list of
``Artifact``, and queues it. A recipe reads one with ``ctx.load``.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable
from functools import cache
from typing import Any, Final, cast, get_type_hints

import msgspec
from msgspec import Struct

from streamforge.broker.broker import Broker
from streamforge.broker.messages import UploadRecord
from streamforge.config import ApiSettings
from streamforge.errors import InputError, InvalidInput, NotFound, TooLarge, UnknownJob, WrongState
from streamforge.jobs.kinds import BROKEN_JSON, Kind, Kinds
from streamforge.jobs.model import Artifact, FileWanted, Job, JobState
from streamforge.jobs.parts import PART_BYTES, Parts, Span, reach
from streamforge.jobs.upload_check import check_of
from streamforge.storage.media import HEAD_BYTES, checked_type
from streamforge.storage.objects import Objects

FIELD: Final = "files"
"""The field of an input that the files of its job go to."""
WAITING: Final = frozenset({JobState.CREATED, JobState.UPLOADING})
"""The states in which a job takes files."""


class Sent(Struct, frozen=True):
    """A file on its way. ``media_type`` is what its sender says, ``size`` too (None: unknown)."""

    chunks: AsyncIterable[bytes]
    media_type: str = ""
    size: int | None = None


class _Kept(Struct, frozen=True):
    """A job's state and input, how often its files were written, and these; all of one moment."""

    state: str
    given: bytes
    written: bytes
    files: dict[str, Artifact]


class Uploads:
    """The files of jobs that wait for them. Raises BrokerUnavailable and StorageUnavailable."""

    def __init__(self, broker: Broker, objects: Objects, kinds: Kinds, settings: ApiSettings) -> None:
        self._broker = broker
        self._objects = objects
        self._parts = Parts(objects)
        self._kinds = kinds
        self._settings = settings
        self._check = check_of(settings)

    async def list(self, job: Job) -> list[Artifact]:
        """The files that are here, in the order in which the job names them."""
        files = (await self._read(job.id)).files
        return [files[wanted.name] for wanted in job.wanted if wanted.name in files]

    async def receive(self, job: Job, name: str, sent: Sent) -> Artifact:
        """Keep a file, in place of what was there under its name.

        Raises NotFound for a name that the job does not wait for, WrongState where it waits for none any more,
        TooLarge, QuotaExceeded, UnsupportedMedia, InvalidInput for a file that is not the one announced, UploadRefused
        and what else the check of uploads raises. The job is as before then.
        """
        wanted = wanted_of(job, name)
        _require_waiting(job)
        limit = self._limit_of(wanted)
        if sent.size is not None and sent.size > limit:
            raise _too_large(name, limit)
        settled: list[str] = []

        async def looked_at() -> AsyncGenerator[bytes]:
            said = wanted.media_type or sent.media_type
            async for head in _from_head(_limited(sent.chunks, name, limit)):
                if not settled:
                    settled.append(checked_type(head, said, self._settings.upload_types))
                yield head

        objects = self._objects.of(job.tenant)
        ref = await objects.put_stream(looked_at())
        file = Artifact(name=name, key=ref.key, media_type=settled[0] if settled else "", size=ref.size)
        _require_as_announced(file, wanted, sent.size)
        if self._check:
            await self._check.require(job, file, objects)
        number = 0
        while number := await self._write(job, name, file, number):
            await objects.put_again(ref, number)
        return file

    async def receive_part(self, job: Job, name: str, sent: Sent, span: Span, total: int) -> Artifact | None:
        """Keep a part of a file of ``total`` bytes; the file, where it is whole now. Sent again, it is the same.

        Raises what ``receive`` does; parts that do not make the file that was announced are forgotten.
        """
        wanted = wanted_of(job, name)
        _require_waiting(job)
        limit, length = self._limit_of(wanted), span.end - span.start
        if total > limit or length > PART_BYTES:
            raise _too_large(name, limit if total > limit else PART_BYTES)
        data = b"".join([chunk async for chunk in _limited(sent.chunks, name, length)])
        if len(data) != length:
            raise InvalidInput(f"{len(data)} bytes came of {length}", field="Content-Range", hint="send the part again")
        if not span.start:
            checked_type(data[:HEAD_BYTES], wanted.media_type or sent.media_type, self._settings.upload_types)
        spans = await self._parts.keep(job.id, name, span, data, limit)
        if reach(spans) < total:
            return None
        whole = Sent(self._parts.joined(job.id, name, spans), sent.media_type, total)
        try:
            file = await self.receive(job, name, whole)
        except NotFound:  # another request has joined them
            return next((file for file in await self.list(job) if file.name == name), None)
        except InputError:
            await self._parts.forget(job.id, name)
            raise
        await self._parts.forget(job.id, name)
        return file

    async def received(self, job: Job, name: str) -> int:
        """How many bytes of a file have come in parts, from its beginning on."""
        return reach(await self._parts.spans(job.id, name))

    async def remove(self, job: Job, name: str) -> None:
        """Forget a file; raises NotFound where it is not here, WrongState."""
        wanted_of(job, name)
        _require_waiting(job)
        await self._write(job, name, None)

    async def process(self, job: Job) -> bool:
        """Hand a job whose files are all here to its queue; whether this call did, and no earlier one.

        Raises WrongState where some are missing, or the job has ended without them; InvalidInput where the kind
        cannot use them.
        """
        while True:
            kept = await self._read(job.id)
            payload = self._with_files(job, kept) if kept.state in WAITING else b""
            code = await self._broker.process(job.id, payload, kept.written)
            if code > 0:
                return code == 1
            if code == 0:
                raise UnknownJob(f"no job {job.id!r} is known", field="job_id")
            if code == -1:
                raise WrongState(f"the job is {kept.state}", field="job_id", hint="hand it in again")

    def _limit_of(self, wanted: FileWanted) -> int:
        return self._settings.upload_max_bytes if wanted.size is None else wanted.size

    def _with_files(self, job: Job, kept: _Kept) -> bytes:
        """The job's input with its files in it."""
        if missing := [wanted.name for wanted in job.wanted if wanted.name not in kept.files]:
            raise WrongState(
                f"{len(missing)} of its files are not here, the first is {missing[0]!r}",
                field="files",
                hint=f"PUT each to /api/v1/jobs/{job.id}/uploads/{{name}}",
            )
        fields = cast("dict[str, Any]", msgspec.json.decode(kept.given))
        fields[FIELD] = [kept.files[wanted.name] for wanted in job.wanted]
        return self._kinds[job.kind].normalise(msgspec.json.encode(fields))

    async def _read(self, job_id: str) -> _Kept:
        client, keys = cast("Any", self._broker.client), self._broker.keys

        async def read() -> list[Any]:
            async with client.pipeline(transaction=True) as pipe:
                pipe.hmget(keys.job(job_id), "state", "input", "uploads_written")
                pipe.hgetall(keys.uploads(job_id))
                return await pipe.execute()

        (state, given, written), files = await self._broker.call("uploads", read)
        return _Kept(
            state=(state or b"gone").decode(),
            given=given or b"{}",
            written=written or b"",
            files={name.decode(): _FILE.decode(raw) for name, raw in files.items()},
        )

    async def _write(self, job: Job, name: str, file: Artifact | None, number: int = 0) -> int:
        """Write down that a file is here, or gone; the number of the place in which it has to be put again first."""
        record = UploadRecord(
            id=job.id,
            name=name,
            record=msgspec.json.encode(file) if file else b"",
            ttl_ms=round(self._settings.upload_ttl_s * 1000),
            max_total_bytes=self._settings.upload_total_bytes,
            event="upload.received" if file else "upload.removed",
            data=msgspec.json.encode(
                {"name": name, "media_type": file.media_type, "size": file.size} if file else {"name": name}
            ),
            number=number,
        )
        code = await self._broker.upload(record)
        if code > 0:
            return 0 if code == 1 else code
        if code == -2:  # noqa: PLR2004 - see upload.lua
            limit = self._settings.upload_total_bytes
            raise TooLarge(f"the job's files are over {limit:_} bytes together", field="files", hint="send fewer")
        if code == -3:  # noqa: PLR2004
            raise NotFound(f"no file {name[:80]!r} is here", field="name")
        if code == 0:
            raise UnknownJob(f"no job {job.id!r} is known", field="job_id")
        raise _not_waiting(job.id)


def check_files(kind: Kind[Any], given: bytes, wanted: tuple[FileWanted, ...], settings: ApiSettings) -> None:
    """Whether a job may be made with these files to come; ``given`` is its input as JSON.

    Raises InvalidInput for a kind that takes none, names given twice and sizes over the limits; and for an input that
    brings the references itself, which could be to another tenant's bytes.
    """
    takes = _takes_files(kind.input_type)
    if takes and _brings_files(given):
        raise InvalidInput("cannot be given here", field="input.files", hint="name them in files, beside the input")
    if not wanted:
        return
    if not takes:
        raise InvalidInput(f"jobs of kind {kind.name} take no files", field="files", hint="put all into the input")
    if len(wanted) > settings.upload_max_files:
        raise InvalidInput(f"{len(wanted)} are too many", field="files", hint=f"at most {settings.upload_max_files}")
    names = [file.name for file in wanted]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise InvalidInput(f"{twice!r} is there twice", field="files", hint="give each a name of its own")
    for file in wanted:
        if file.size == 0:
            raise InvalidInput(f"{file.name[:80]!r} is announced as empty", field="files", hint="leave it out")
        if (file.size or 0) > settings.upload_max_bytes:
            raise _too_large(file.name, settings.upload_max_bytes)
    if sum(file.size or 0 for file in wanted) > settings.upload_total_bytes:
        raise TooLarge(f"over {settings.upload_total_bytes:_} bytes together", field="files", hint="send fewer")


def wanted_of(job: Job, name: str) -> FileWanted:
    """What the job said of a file of that name; raises NotFound."""
    for wanted in job.wanted:
        if wanted.name == name:
            return wanted
    names = ", ".join(wanted.name for wanted in job.wanted) or "none"
    raise NotFound(f"the job waits for no file {name[:80]!r}", field="name", hint=f"its files: {names}"[:400])


@cache
def _takes_files(input_type: type[Any]) -> bool:
    return FIELD in get_type_hints(input_type)


class _Brought(Struct):
    files: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


def _brings_files(given: bytes) -> bool:
    try:
        brought = msgspec.json.decode(given, type=_Brought).files
    except BROKEN_JSON:
        return False  # the kind's own check says what is wrong with it
    return brought is not msgspec.UNSET and bytes(brought) not in (b"[]", b"null")


async def _limited(chunks: AsyncIterable[bytes], name: str, limit: int) -> AsyncGenerator[bytes]:
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise _too_large(name, limit)
        yield chunk


async def _from_head(chunks: AsyncIterable[bytes]) -> AsyncGenerator[bytes]:
    """The same bytes, the first piece long enough to tell by what they are."""
    head = b""
    is_told = False
    async for chunk in chunks:
        if is_told:
            yield chunk
            continue
        head += chunk
        if is_told := len(head) >= HEAD_BYTES:
            yield head
    if not is_told and head:
        yield head


def _require_waiting(job: Job) -> None:
    if job.state not in WAITING:
        raise _not_waiting(job.id)


def _not_waiting(job_id: str) -> WrongState:
    return WrongState(f"job {job_id} waits for no files now", field="job_id", hint="hand in another job")


def _require_as_announced(file: Artifact, wanted: FileWanted, sent: int | None) -> None:
    if not file.size:
        raise InvalidInput(f"{file.name!r} is empty", field="body", hint="send the file's bytes")
    for size in (wanted.size, sent):
        if size is not None and file.size != size:
            raise InvalidInput(
                f"{file.name!r} has {file.size} bytes, {size} were announced", field="body", hint="send it again"
            )
    if wanted.sha256 and file.key != wanted.sha256:
        raise InvalidInput(f"{file.name!r} has another SHA-256 than was announced", field="body", hint="send it again")


def _too_large(name: str, limit: int) -> TooLarge:
    return TooLarge(f"{name[:80]!r} is over {limit:_} bytes", field="body", hint="send less")


_FILE = msgspec.json.Decoder(Artifact)
