"""From what lies in Redis to the rows of tables. Pure; tables go by their names.

PostgreSQL takes no NUL in a text; what a title or a name has of them becomes U+FFFD.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from streamforge.broker.outbox import Account, ChargeEntry, Entry, Load, Snapshot
from streamforge.jobs.acts import Act, act_from
from streamforge.jobs.events import Event
from streamforge.jobs.kinds import BROKEN_JSON
from streamforge.jobs.model import Artifact
from streamforge.jobs.references import keys_in
from streamforge.jobs.timeline import Attempt, Span, history_of

Row = dict[str, Any]
Rows = defaultdict[str, list[Row]]

UNREADABLE: Final = (msgspec.MsgspecError, KeyError, ValueError, TypeError)
"""What making rows of an entry may raise, where that has another form."""

_TEXTS: Final = ("tenant", "kind", "state", "queue", "priority", "source", "title", "version", "parent", "step")
_NUMBERS: Final = ("created_ms", "started_ms", "finished_ms", "due_ms", "expires_ms", "token", "attempt", "crashes")
_BODIES: Final = ("input", "result", "wanted")
_NAMES: Final = ("tenant", "step", "charge", "provider", "model", "fingerprint")
_MEASURES: Final = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "images", "audio_ms")
_COUNTS: Final = ("cost_uusd", "charged_uusd", *_MEASURES)


class Batch(Struct, frozen=True):
    """What one transaction writes.

    First goes what ``erased_jobs`` and ``erased_tenants`` name, as far as it was made before those times (ms); a job
    that is among the rows has come since.
    ``rows`` are new; ``states`` stand in for rows of the same key, ``removals`` are changes to such rows. ``orders``
    has the order of each job's end; see ``Snapshot.order``.
    """

    orders: dict[str, tuple[int, int, int]]
    rows: Rows = msgspec.field(default_factory=lambda: defaultdict(list))
    states: Rows = msgspec.field(default_factory=lambda: defaultdict(list))
    removals: list[tuple[str, Row]] = msgspec.field(default_factory=list[tuple[str, Row]])
    erased_jobs: dict[str, int] = msgspec.field(default_factory=dict[str, int])
    erased_tenants: dict[str, int] = msgspec.field(default_factory=dict[str, int])


def batch_of(load: Load, source: str, now_ms: int) -> Batch:
    """The rows of everything in a load, which came from that Redis."""
    batch = Batch({job.id: job.order for job in load.jobs})
    for job in load.jobs:
        _add_job(batch.rows, job, now_ms)
    batch.rows["charges"] += [_charge(charge, source) for charge in load.charges]
    read_ms = max([_ms_of(told.place) for told in (*load.entries, *load.charges)], default=0)
    batch.states["accounts"] += [_account(account, read_ms) for account in load.accounts]
    for entry in load.entries:
        if entry.act:
            _add_act(batch, entry, source)
    return batch


def refusal(load: Load, source: str, why: str, now_ms: int) -> Batch:
    """A load of one entry that the database would not take, as a note of it."""
    batch = Batch({})
    noted = [("outbox", entry.place, entry.job_id or "act") for entry in load.entries]
    noted += [("charges", charge.place, _text(charge.fields.get(b"call", b""))[:400]) for charge in load.charges]
    batch.rows["refused"] += [
        {"source": source, "stream": stream, "place": place, "subject": subject, "why": why, "at_ms": now_ms}
        for stream, place, subject in noted
    ]
    return batch


def _text(raw: bytes) -> str:
    text = raw.decode(errors="replace")
    return text.replace("\x00", "\ufffd") if "\x00" in text else text


def _texts(fields: Mapping[bytes, bytes], names: Iterable[str]) -> Row:
    return {name: _text(fields.get(name.encode(), b"")) for name in names}


def _numbers(fields: Mapping[bytes, bytes], names: Iterable[str]) -> Row:
    return {name: int(fields.get(name.encode()) or 0) for name in names}


def _or_none(raw: bytes | None) -> str | None:
    return None if raw is None else _text(raw)


# ---- jobs ----


class _Coded(Struct):
    code: str = ""


class _Given(Struct):
    files: list[Artifact] = msgspec.field(default_factory=list[Artifact])


class _Versioned(Struct):
    versions: list[Raw] = msgspec.field(default_factory=list[Raw])


_EVENT: Final = msgspec.msgpack.Decoder(Event)
_ARTIFACT: Final = msgspec.json.Decoder(Artifact)
_CODED: Final = msgspec.json.Decoder(_Coded)
_GIVEN: Final = msgspec.json.Decoder(_Given)
_VERSIONED: Final = msgspec.json.Decoder(_Versioned)


def _add_job(rows: Rows, job: Snapshot, now_ms: int) -> None:
    events = [_EVENT.decode(row) for row in job.log]
    history = history_of(events)
    rows["jobs"].append(_job(job, now_ms))
    rows["bodies"].append(_body(job, events))
    rows["attempts"] += [_attempt(job.id, n, run) for n, run in enumerate(history.attempts, 1)]
    rows["steps"] += [_step(job, n, span) for n, span in enumerate(history.spans, 1)]
    _add_files(rows, job)
    rows["versions"] += [
        {"job_id": job.id, "number": n, "report": bytes(report).decode()}
        for n, report in enumerate(_versions_in(job.record.get(b"result")), 1)
    ]


def _job(job: Snapshot, now_ms: int) -> Row:
    record, error = job.record, job.record.get(b"error")
    row = _texts(record, _TEXTS) | _numbers(record, _NUMBERS)
    return row | {
        "id": job.id,
        "progress": float(record.get(b"progress") or 0),
        "callback_url": _or_none(record.get(b"callback_url")),
        "error": _or_none(error),
        "error_code": _CODED.decode(error).code[:64] if error else "",
        "archived_ms": now_ms,
    }


def _body(job: Snapshot, events: list[Event]) -> Row:
    return {
        "job_id": job.id,
        **{name: _or_none(job.record.get(name.encode())) for name in _BODIES},
        "events": len(events),
        "log": _text(msgspec.json.encode(events)),
    }


def _attempt(job_id: str, number: int, run: Attempt) -> Row:
    return {
        "job_id": job_id,
        "number": number,
        "attempt": run.attempt,
        "worker": run.worker,
        "started_ms": run.started_ms,
        "ended_ms": run.ended_ms,
        "outcome": run.outcome,
        "error": msgspec.json.encode(run.error).decode() if run.error else None,
    }


def _step(job: Snapshot, number: int, span: Span) -> Row:
    return {
        "job_id": job.id,
        "number": number,
        "name": span.name.replace("\x00", "\ufffd"),
        "state": span.state,
        "attempt": span.attempt,
        "started_ms": span.started_ms,
        "seconds": span.seconds,
        "progress": span.progress,
        "child": span.child,
        "bytes": job.steps.get(span.name.encode()) if span.state == "completed" else None,
    }


def _add_files(rows: Rows, job: Snapshot) -> None:
    tenant = _text(job.record.get(b"tenant", b""))
    made = [_ARTIFACT.decode(value) for value in job.files.values()]
    given = list({file.name: file for file in _given_to(job)}.values())
    rows["artifacts"] += [_file(job.id, tenant, file) for file in made]
    rows["uploads"] += [_file(job.id, tenant, file) for file in given]
    named = keys_in(job.record.get(b"input", b"")) | keys_in(job.record.get(b"result", b""))
    named -= {file.key for file in (*made, *given)}
    rows["mentions"] += [{"job_id": job.id, "object_key": key, "tenant": tenant} for key in sorted(named)]


def _given_to(job: Snapshot) -> Iterable[Artifact]:
    """Its files as its input names them, or, where it ended before it had all, as far as they had come."""
    if b"wanted" not in job.record:
        return ()
    if job.uploads:
        return [_ARTIFACT.decode(value) for value in job.uploads.values()]
    try:
        return _GIVEN.decode(job.record.get(b"input", b"{}")).files
    except BROKEN_JSON:  # an input of another form
        return ()


def _file(job_id: str, tenant: str, file: Artifact) -> Row:
    return {
        "job_id": job_id,
        "name": file.name,
        "tenant": tenant,
        "object_key": file.key,
        "media_type": file.media_type,
        "size": file.size,
    }


def _versions_in(result: bytes | None) -> list[Raw]:
    if not result or b'"versions"' not in result:
        return []
    try:
        return _VERSIONED.decode(result).versions
    except BROKEN_JSON:  # a result of another form
        return []


# ---- money ----


def _charge(charge: ChargeEntry, source: str) -> Row:
    fields = charge.fields
    return {
        "source": source,
        "place": charge.place,
        "at_ms": _ms_of(charge.place),
        "job_id": _text(fields.get(b"job", b"")),
        "call_id": _text(fields.get(b"call", b"")),
        "is_answered": fields.get(b"is_answered") == b"1",
        "is_priced": fields.get(b"is_priced") == b"1",
        **_texts(fields, _NAMES),
        **_numbers(fields, _COUNTS),
    }


def _account(account: Account, at_ms: int) -> Row:
    """As it stood at that time of Redis's clock, or later: a load tells what moved it last."""
    return {
        "tenant": account.tenant,
        "balance_uusd": account.balance,
        "granted_uusd": account.granted,
        "spent_uusd": account.spent,
        "changed_ms": at_ms,
    }


def _ms_of(place: str) -> int:
    return int(place.partition("-")[0])


# ---- acts ----


def _add_act(batch: Batch, entry: Entry, source: str) -> None:
    act, at_ms = act_from(entry.act), _ms_of(entry.place)
    act = replace(act, tenant=act.tenant or entry.tenant)
    data: dict[str, Any] = msgspec.json.decode(act.data, type=dict[str, Any])
    batch.rows["audit_log"].append(_audit(act, source, entry.place, data))
    noun, _, verb = act.action.partition(".")
    if verb == "erased":
        _erase(batch, noun, act.subject, at_ms)
    elif act.action == "credits.moved":
        amount = {"tenant": act.tenant, "entry": data["entry"], "amount_uusd": data["amount_uusd"], "at_ms": at_ms}
        batch.rows["credits"].append(amount)
    elif noun in _STATES and verb in ("revoked", "removed", "deleted"):
        batch.removals.append((_STATES[noun], _key_of(noun, act) | {"removed_ms": at_ms}))
    elif noun in _STATES:
        batch.states[_STATES[noun]].append(_state(noun, act, data, at_ms))


def _erase(batch: Batch, noun: str, subject: str, at_ms: int) -> None:
    """With what earlier acts of this very batch gave the tenant; charges come by a stream of their own."""
    if noun == "job":
        batch.erased_jobs[subject] = at_ms
        return
    batch.erased_tenants[subject] = at_ms
    for rows in (batch.rows["credits"], *(batch.states[name] for name in _STATES.values())):
        rows[:] = [row for row in rows if row["tenant"] != subject]


_STATES: Final = {"key": "api_keys", "webhook": "webhooks", "kit": "kits"}
_TOLD: Final[Mapping[str, tuple[str, ...]]] = {
    "key": ("created_ms", "expires_ms", "note"),
    "webhook": ("url", "description", "created_ms"),
    "kit": ("bytes",),
}
_AS_JSON: Final[Mapping[str, tuple[str, ...]]] = {"key": ("scopes", "digests"), "webhook": ("events",), "kit": ()}
_SECRET: Final = frozenset({"digests"})
"""Hashes: kept with the key itself, and of no use to who reads the log."""


def _audit(act: Act, source: str, place: str, data: Mapping[str, Any]) -> Row:
    told = {name: value for name, value in data.items() if name not in _SECRET}
    return {
        "source": source,
        "place": place,
        "at_ms": _ms_of(place),
        "actor": act.actor[:200],
        "action": act.action,
        "tenant": act.tenant,
        "subject": act.subject.replace("\x00", "\ufffd")[:400],
        "data": msgspec.json.encode(told).decode(),
    }


def _key_of(noun: str, act: Act) -> Row:
    return {"tenant": act.tenant, "name": act.subject} if noun == "kit" else {"id": act.subject}


def _state(noun: str, act: Act, data: Mapping[str, Any], at_ms: int) -> Row:
    row: Row = {"tenant": act.tenant, "changed_ms": at_ms, "removed_ms": 0, **_key_of(noun, act)}
    row |= {name: data[name] for name in _TOLD[noun]}
    row |= {name: msgspec.json.encode(data[name]).decode() for name in _AS_JSON[noun]}
    return row
