"""The inbox: jobs from anybody who can say XADD.

    redis-cli XADD streamforge:inbox '*' kind banner input '{"prompt": "…"}'
    redis-cli XADD streamforge:inbox '*' kind banner prompt "…" width 1200 height 628
    redis-cli XADD streamforge:inbox '*' cancel <job id>

A message becomes a job whose id is derived from the entry's, then it is acked; a crash in between makes the same job
again, which is no job at all. What cannot become a job goes to the dead letters with its reason and its own fields.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from time import monotonic, time_ns

import anyio
import msgspec

from streamforge.broker.broker import Broker, Entry
from streamforge.broker.messages import Refused
from streamforge.errors import BrokerUnavailable, InputError, InvalidInput
from streamforge.jobs.acts import acting
from streamforge.jobs.kinds import Kinds, check_size, submission_from
from streamforge.jobs.model import JobError, Submission, Tenant
from streamforge.jobs.store import JobStore
from streamforge.ops import metrics
from streamforge.ops.logs import get_logger
from streamforge.ops.service import Service
from streamforge.runtime.outage import Outage

BATCH = 32
ADOPT_IDLE_MS = 30_000
"""Messages that another daemon read and left this long are read again here."""
AWAY_PAUSE_S = 0.5

ENVELOPE = frozenset(
    {"kind", "input", "id", "queue", "priority", "tenant", "idempotency_key", "not_before_ms", "expires_at_ms"}
    | {"traceparent"}
)
"""Fields that describe the job; every other field is part of a flat input."""

log = get_logger(__name__)


class Inbox(Service):
    """A service that turns inbox messages into jobs.

    ``queues`` are those that this daemon serves; a job for another one is taken, with a warning.
    """

    name = "inbox"

    def __init__(
        self,
        broker: Broker,
        store: JobStore,
        kinds: Kinds,
        consumer: str,
        max_input_bytes: int,
        *,
        queues: Collection[str] = (),
    ) -> None:
        self._broker = broker
        self._store = store
        self._kinds = kinds
        self._consumer = consumer
        self._max_input_bytes = max_input_bytes
        self._queues = queues
        self._is_stopping = False
        self._waiting = anyio.CancelScope()
        self._adopted_at = 0.0
        self._outage = Outage("inbox")

    def stop(self) -> None:
        """Return after the message in hand; one that was read and not handled is read again at the next start."""
        self._is_stopping = True
        self._waiting.cancel()

    async def run(self) -> None:
        """Handle what an earlier run left, then what comes."""
        is_own_left = True
        while not self._is_stopping:
            try:
                entries = await self._read(own=is_own_left)
                self._outage.over()
                for entry in entries:
                    await self._handle(entry)
                is_own_left = is_own_left and bool(entries)
            except BrokerUnavailable as error:
                self._outage.missed(error)
                is_own_left = True  # the answer may have been lost after the entries were marked as ours
                await self._pause()

    async def _read(self, *, own: bool) -> list[Entry]:
        if own:
            return await self._broker.read_inbox(self._consumer, BATCH, own=True)
        if monotonic() - self._adopted_at > ADOPT_IDLE_MS / 1000:
            self._adopted_at = monotonic()
            left = await self._broker.adopt_inbox(self._consumer, ADOPT_IDLE_MS, BATCH)
            if left or self._is_stopping:
                return left
        entries: list[Entry] = []
        with anyio.CancelScope() as self._waiting:
            entries = await self._broker.read_inbox(self._consumer, BATCH)
        return entries  # noqa: RET504 - empty where the wait was cut off

    async def _handle(self, entry: Entry) -> None:
        entry_id, raw = entry
        try:
            await (self._cancel(entry_id, raw) if b"cancel" in raw else self._accept(entry_id, raw))
        except InputError as error:
            await self._refuse(entry_id, raw, error)

    async def _accept(self, entry_id: str, raw: Mapping[bytes, bytes]) -> None:
        submission = self.parse(entry_id, raw)
        submitted = await self._store.submit(submission)
        await self._broker.clear_inbox(entry_id)
        metrics.inbox_messages_total("accepted" if submitted.is_new else "known").inc()
        log.info("inbox_accepted", entry=entry_id, job_id=submitted.id, kind=submission.kind)
        if self._queues and submission.queue not in self._queues:
            log.warning("queue_not_served", job_id=submitted.id, queue=submission.queue, served=list(self._queues))

    async def _cancel(self, entry_id: str, raw: Mapping[bytes, bytes]) -> None:
        if len(raw) > 1:
            raise InvalidInput("stands alone in its message", field="cancel", hint="send: cancel JOB_ID")
        with acting("inbox"):
            outcome = await self._store.cancel(readable(raw[b"cancel"]))
        await self._broker.clear_inbox(entry_id)
        metrics.inbox_messages_total("cancel").inc()
        log.info("inbox_cancel", entry=entry_id, outcome=outcome)

    def parse(self, entry_id: str, raw: Mapping[bytes, bytes]) -> Submission:
        """A message as a submission; raises InputError that names the field and the fix."""
        check_size({readable(name): value for name, value in raw.items()}, self._max_input_bytes)
        fields = _texts(raw)
        name = fields.get("kind", "")
        if not name:
            raise InvalidInput("missing", field="kind", hint=f"add: kind NAME; known: {', '.join(self._kinds.names())}")
        kind = self._kinds[name]
        flat = {key: value for key, value in fields.items() if key not in ENVELOPE}
        if "input" in fields and flat:
            raise InvalidInput(
                "given both as JSON in `input` and as flat fields",
                field=min(flat),
                hint="use the one or the other",
            )
        body = kind.normalise(fields["input"].encode()) if "input" in fields else kind.from_flat(flat)
        envelope: dict[str, object] = {key: fields[key] for key in ENVELOPE - {"kind", "input"} if key in fields}
        defaults = {"id": f"in-{entry_id}", "queue": kind.queue}
        return submission_from(**{**defaults, **envelope}, kind=name, input=body, source="inbox")

    async def _refuse(self, entry_id: str, raw: Mapping[bytes, bytes], error: InputError) -> None:
        fields = {readable(name): readable(value) for name, value in raw.items()}
        reason = JobError(code=error.code, message=error.message, field=error.field, hint=error.hint)
        facts: dict[str, str | bytes] = {
            "source": "inbox",
            "entry": entry_id,
            "at": str(time_ns() // 1_000_000),
            "reason": error.code,
            "error": msgspec.json.encode(reason),
            "kind": fields.get("kind", "")[:64],
        }
        tenant = _tenant_in(fields)
        await self._broker.refuse_inbox(
            entry_id, Refused(tenant=tenant, given=msgspec.json.encode(fields), facts=facts)
        )
        metrics.inbox_messages_total("refused").inc()
        metrics.dead_letters_total(error.code).inc()
        log.warning("inbox_refused", entry=entry_id, code=error.code, field=error.field)

    async def _pause(self) -> None:
        with anyio.CancelScope() as self._waiting:
            await anyio.sleep(AWAY_PAUSE_S)


def _tenant_in(fields: Mapping[str, str]) -> str:
    """Whose the message is, where it says so in a way that can be."""
    try:
        return msgspec.convert(fields.get("tenant", "default"), Tenant)
    except msgspec.ValidationError:
        return ""


def _texts(raw: Mapping[bytes, bytes]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for name, value in raw.items():
        try:
            fields[name.decode()] = value.decode()
        except UnicodeDecodeError as error:
            hint = "send text as UTF-8, files as base64; the dead letter holds these bytes as \\xNN"
            raise InvalidInput("not UTF-8", field=readable(name)[:80], hint=hint) from error
    return fields


def readable(raw: bytes) -> str:
    r"""Bytes as text from which they can be had again.

    UTF-8 is left as it is. In anything else a byte that is no text becomes ``\xNN``, and a backslash two.
    """
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.replace(b"\\", b"\\\\").decode(errors="backslashreplace")
