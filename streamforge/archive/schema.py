"""The tables of the archive.

Times are milliseconds since 1970 UTC and 0 where it has not happened, amounts of money whole micro-dollars, JSON is
text as it came. Names and ids compare byte by byte on every database, as they do in Redis: a list is in the same order
wherever it is read from.

Migrations build the same tables; a test compares the two.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import TypeEngine

METADATA: Final = MetaData()

MY: Final = ("mysql", "mariadb")


def ident(length: int = 64) -> TypeEngine[str]:
    """A name or an id, of ASCII."""
    return (
        String(length)
        .with_variant(postgresql.VARCHAR(length, collation="C"), "postgresql")
        .with_variant(mysql.VARCHAR(length, charset="ascii", collation="ascii_bin"), *MY)
    )


def name(length: int) -> TypeEngine[str]:
    """A name that a person or a recipe gave, of any letters; on MySQL it is of the table's own collation."""
    return String(length).with_variant(postgresql.VARCHAR(length, collation="C"), "postgresql")


def text() -> TypeEngine[str]:
    """Text of any length; MySQL's own stops at 64 KB."""
    return Text().with_variant(mysql.LONGTEXT(), *MY)


def moment(label: str) -> Column[int]:
    """A time, or 0."""
    return Column(label, BigInteger, nullable=False, default=0, server_default="0")


def count(label: str) -> Column[int]:
    """A count or an amount, or 0."""
    return Column(label, BigInteger, nullable=False, default=0, server_default="0")


def _of_job() -> Column[str]:
    """Without a foreign key, which halves what PostgreSQL writes in a second; see ``erasing``."""
    return Column("job_id", ident(), primary_key=True)


def _table(label: str, *parts: SchemaItem) -> Table:
    return Table(label, METADATA, *parts)


archive = _table(
    "archive",
    Column("id", ident(36), primary_key=True, doc="A UUID: which database this is."),
    moment("created_ms"),
)
"""One row: the name under which a Redis knows its archive."""

cursors = _table(
    "cursors",
    Column("source", ident(), primary_key=True, doc="A stream of one Redis: <stream>:<the Redis's id>."),
    Column("place", ident(), nullable=False, doc="The last entry that is here."),
    moment("moved_ms"),
)
"""How far each stream has been read; moved in the transaction that writes what was read."""

jobs = _table(
    "jobs",
    Column("id", ident(), primary_key=True),
    Column("tenant", ident(), nullable=False),
    Column("kind", ident(), nullable=False),
    Column("state", ident(16), nullable=False, doc="How it ended: one of streamforge.jobs.model.TERMINAL."),
    Column("queue", ident(), nullable=False),
    Column("priority", ident(16), nullable=False),
    Column("source", name(100), nullable=False),
    Column("title", name(200), nullable=False, default="", server_default=""),
    moment("created_ms"),
    moment("started_ms"),
    moment("finished_ms"),
    moment("due_ms"),
    moment("expires_ms"),
    Column("token", BigInteger, nullable=False, default=0, server_default="0"),
    Column("attempt", Integer, nullable=False, default=0, server_default="0"),
    Column("crashes", Integer, nullable=False, default=0, server_default="0"),
    Column("version", name(100), nullable=False, default="", server_default=""),
    Column("parent", ident(), nullable=False, default="", server_default=""),
    Column("step", name(400), nullable=False, default="", server_default=""),
    Column("progress", Double, nullable=False, default=0.0, server_default="0"),
    Column("callback_url", text(), nullable=True),
    Column("error", text(), nullable=True, doc="JSON, as streamforge.jobs.model.JobError."),
    Column("error_code", name(64), nullable=True, doc="Its code; since 0002, empty where there is none."),
    moment("archived_ms"),
    Index("jobs_by_tenant", "tenant", "created_ms", "id"),
    Index("jobs_by_time", "created_ms", "id"),
    Index("jobs_by_end", "finished_ms"),
    Index("jobs_by_state", "tenant", "state", "created_ms", "id"),
    Index("jobs_by_kind", "tenant", "kind", "created_ms", "id"),
)
"""A job that has ended, as narrow as a list needs it; what is large lies in ``bodies``.

``(created_ms, token, finished_ms)`` orders the ends of one id: a row is never replaced by an older end.
"""

bodies = _table(
    "bodies",
    _of_job(),
    Column("input", text(), nullable=True, doc="JSON, normalised."),
    Column("result", text(), nullable=True, doc="JSON."),
    Column("wanted", text(), nullable=True, doc="JSON: the files that it began with as promises."),
    Column("events", Integer, nullable=False, default=0, server_default="0"),
    Column("log", text(), nullable=True, doc="JSON: its events, [id, type, at_ms, attempt, data], oldest first."),
)
"""What of a job is read for its page alone: input, result and events."""

attempts = _table(
    "attempts",
    _of_job(),
    Column("number", Integer, primary_key=True, autoincrement=False, doc="From 1, in order of their beginning."),
    Column("attempt", Integer, nullable=False, doc="What was charged to the job."),
    Column("worker", name(100), nullable=False),
    moment("started_ms"),
    moment("ended_ms"),
    Column("outcome", ident(16), nullable=False, doc="streamforge.jobs.timeline.Outcome"),
    Column("error", text(), nullable=True, doc="JSON."),
)
"""The runs of a job by workers."""

steps = _table(
    "steps",
    _of_job(),
    Column("number", Integer, primary_key=True, autoincrement=False, doc="From 1, in order of their beginning."),
    Column("name", name(400), nullable=False),
    Column("state", ident(16), nullable=False, doc="streamforge.jobs.timeline.SpanState"),
    Column("attempt", Integer, nullable=False),
    moment("started_ms"),
    Column("seconds", Double, nullable=False),
    Column("progress", Double, nullable=False),
    Column("child", ident(), nullable=False, default="", server_default=""),
    Column("bytes", BigInteger, nullable=True, doc="Of its checkpoint in Redis; nothing where there is none."),
)
"""The steps of a job's runs, one after the other."""

artifacts = _table(
    "artifacts",
    _of_job(),
    Column("name", name(255), primary_key=True),
    Column("tenant", ident(), nullable=False),
    Column("object_key", ident(), nullable=False, doc="The object's SHA-256, in hex."),
    Column("media_type", name(200), nullable=False),
    count("size"),
    Index("artifacts_by_object", "object_key", "tenant"),
)
"""The files that a job made; the objects that these name are kept."""

uploads = _table(
    "uploads",
    _of_job(),
    Column("name", name(255), primary_key=True),
    Column("tenant", ident(), nullable=False),
    Column("object_key", ident(), nullable=False, doc="The object's SHA-256, in hex."),
    Column("media_type", name(200), nullable=False),
    count("size"),
    Index("uploads_by_object", "object_key", "tenant"),
)
"""The files that a job was given."""

mentions = _table(
    "mentions",
    _of_job(),
    Column("object_key", ident(), primary_key=True, doc="The object's SHA-256, in hex."),
    Column("tenant", ident(), nullable=False),
    Index("mentions_by_object", "object_key", "tenant"),
)
"""The objects that a job's input and result name besides its files: they are kept, too."""

versions = _table(
    "versions",
    _of_job(),
    Column("number", Integer, primary_key=True, autoincrement=False, doc="Its place in the result, from 1."),
    Column("report", text(), nullable=False, doc="JSON, as its kind tells it."),
)
"""The versions of which a job's result tells."""

charges = _table(
    "charges",
    Column("source", ident(), primary_key=True, doc="The Redis's id."),
    Column("place", ident(), primary_key=True, doc="The entry in its stream of charges."),
    moment("at_ms"),
    Column("tenant", ident(), nullable=False),
    Column("job_id", ident(), nullable=False),
    Column("step", name(400), nullable=False),
    Column("charge", name(600), nullable=False),
    Column("call_id", name(600), nullable=False),
    Column("provider", ident(), nullable=False),
    Column("model", name(200), nullable=False),
    Column("fingerprint", ident(), nullable=False),
    Column("is_answered", Boolean, nullable=False),
    Column("is_priced", Boolean, nullable=False),
    count("cost_uusd"),
    count("charged_uusd"),
    count("input_tokens"),
    count("output_tokens"),
    count("cache_read_tokens"),
    count("cache_write_tokens"),
    count("images"),
    count("audio_ms"),
    Index("charges_by_job", "job_id"),
    Index("charges_by_tenant", "tenant", "at_ms"),
)
"""The ledger: what calls to models came to. Rows are differences: their sums are right, however often told."""

accounts = _table(
    "accounts",
    Column("tenant", ident(), primary_key=True),
    Column("balance_uusd", BigInteger, nullable=False),
    count("granted_uusd"),
    count("spent_uusd"),
    moment("changed_ms"),
)
"""Prepaid balances, as they stood when something that moves them was last archived."""

credits = _table(  # noqa: A001 - what it holds; the builtin of that name is for the interactive prompt
    "credits",
    Column("tenant", ident(), primary_key=True),
    Column("entry", name(200), primary_key=True),
    Column("amount_uusd", BigInteger, nullable=False),
    moment("at_ms"),
)
"""What was given to, or taken from, a balance by people."""

api_keys = _table(
    "api_keys",
    Column("id", ident(), primary_key=True),
    Column("tenant", ident(), nullable=False),
    Column("scopes", text(), nullable=False, doc="JSON."),
    Column("digests", text(), nullable=False, doc="JSON: hashes of secrets, the newest first."),
    Column("note", name(255), nullable=False, default="", server_default=""),
    moment("created_ms"),
    moment("expires_ms"),
    moment("changed_ms"),
    moment("removed_ms"),
)
"""API keys, by their hashes; one that was revoked has ``removed_ms``."""

webhooks = _table(
    "webhooks",
    Column("id", ident(), primary_key=True),
    Column("tenant", ident(), nullable=False),
    Column("url", text(), nullable=False),
    Column("events", text(), nullable=False, doc="JSON."),
    Column("description", text(), nullable=False),
    moment("created_ms"),
    moment("changed_ms"),
    moment("removed_ms"),
)
"""Endpoints that are told of events, without their secrets."""

kits = _table(
    "kits",
    Column("tenant", ident(), primary_key=True),
    Column("name", ident(), primary_key=True),
    count("bytes"),
    moment("changed_ms"),
    moment("removed_ms"),
)
"""Brand kits; the object store has the kits themselves."""

audit_log = _table(
    "audit_log",
    Column("source", ident(), primary_key=True, doc="The Redis's id."),
    Column("place", ident(), primary_key=True, doc="The entry in its outbox."),
    moment("at_ms"),
    Column("actor", name(200), nullable=False),
    Column("action", ident(), nullable=False),
    Column("tenant", ident(), nullable=False),
    Column("subject", name(400), nullable=False),
    Column("data", text(), nullable=False, doc="JSON."),
    Index("audit_by_time", "at_ms", "place"),
    Index("audit_by_tenant", "tenant", "at_ms", "place"),
)
"""Who did what. Append-only: nothing here changes a row, and nothing but retention takes one away."""

refused = _table(
    "refused",
    Column("source", ident(), primary_key=True, doc="The Redis's id."),
    Column("stream", ident(16), primary_key=True, doc="outbox or charges: entries of both may have one id."),
    Column("place", ident(), primary_key=True, doc="The entry."),
    Column("subject", name(400), nullable=False),
    Column("why", text(), nullable=False),
    moment("at_ms"),
)
"""What the database would not take, such as a row over a server's limit; since 0002. Redis keeps such a job."""

OF_JOB: Final = (bodies, attempts, steps, artifacts, uploads, mentions, versions)
"""The tables whose rows belong to a job, and go with it: ``erasing.erase_jobs`` takes both out."""
