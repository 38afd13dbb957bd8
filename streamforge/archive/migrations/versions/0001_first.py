"""The first release.

Its tables as they were then: this file is never changed with the schema.
"""

from __future__ import annotations

import sqlalchemy as sa

from streamforge.archive.migrations.building import Builder
from streamforge.archive.schema import count, ident, moment, name, text

revision = "0001"
down_revision = None


def upgrade(build: Builder) -> None:
    """Build everything."""
    _state(build)
    _jobs(build)
    _money(build)
    _accounts(build)


def _job_id() -> sa.Column[str]:
    return sa.Column("job_id", ident(), primary_key=True)


def _number() -> sa.Column[int]:
    return sa.Column("number", sa.Integer, primary_key=True, autoincrement=False)


def _state(build: Builder) -> None:
    build.create_table("archive", sa.Column("id", ident(36), primary_key=True), moment("created_ms"))
    build.create_table(
        "cursors",
        sa.Column("source", ident(), primary_key=True),
        sa.Column("place", ident(), nullable=False),
        moment("moved_ms"),
    )


def _jobs(build: Builder) -> None:
    build.create_table(
        "jobs",
        sa.Column("id", ident(), primary_key=True),
        sa.Column("tenant", ident(), nullable=False),
        sa.Column("kind", ident(), nullable=False),
        sa.Column("state", ident(16), nullable=False),
        sa.Column("queue", ident(), nullable=False),
        sa.Column("priority", ident(16), nullable=False),
        sa.Column("source", name(100), nullable=False),
        sa.Column("title", name(200), nullable=False, server_default=""),
        moment("created_ms"),
        moment("started_ms"),
        moment("finished_ms"),
        moment("due_ms"),
        moment("expires_ms"),
        count("token"),
        sa.Column("attempt", sa.Integer, nullable=False, server_default="0"),
        sa.Column("crashes", sa.Integer, nullable=False, server_default="0"),
        sa.Column("version", name(100), nullable=False, server_default=""),
        sa.Column("parent", ident(), nullable=False, server_default=""),
        sa.Column("step", name(400), nullable=False, server_default=""),
        sa.Column("progress", sa.Double, nullable=False, server_default="0"),
        sa.Column("callback_url", text(), nullable=True),
        sa.Column("error", text(), nullable=True),
        moment("archived_ms"),
    )
    build.create_index("jobs_by_tenant", "jobs", "tenant", "created_ms", "id")
    build.create_index("jobs_by_time", "jobs", "created_ms", "id")
    build.create_index("jobs_by_end", "jobs", "finished_ms")
    build.create_table(
        "bodies",
        _job_id(),
        sa.Column("input", text(), nullable=True),
        sa.Column("result", text(), nullable=True),
        sa.Column("wanted", text(), nullable=True),
        sa.Column("events", sa.Integer, nullable=False, server_default="0"),
        sa.Column("log", text(), nullable=True),
    )
    _runs(build)
    _files(build, "artifacts")
    _files(build, "uploads")
    build.create_table(
        "mentions",
        _job_id(),
        sa.Column("object_key", ident(), primary_key=True),
        sa.Column("tenant", ident(), nullable=False),
    )
    build.create_index("mentions_by_object", "mentions", "object_key", "tenant")
    build.create_table("versions", _job_id(), _number(), sa.Column("report", text(), nullable=False))


def _runs(build: Builder) -> None:
    build.create_table(
        "attempts",
        _job_id(),
        _number(),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("worker", name(100), nullable=False),
        moment("started_ms"),
        moment("ended_ms"),
        sa.Column("outcome", ident(16), nullable=False),
        sa.Column("error", text(), nullable=True),
    )
    build.create_table(
        "steps",
        _job_id(),
        _number(),
        sa.Column("name", name(400), nullable=False),
        sa.Column("state", ident(16), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        moment("started_ms"),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.Column("progress", sa.Double, nullable=False),
        sa.Column("child", ident(), nullable=False, server_default=""),
        sa.Column("bytes", sa.BigInteger, nullable=True),
    )


def _files(build: Builder, table: str) -> None:
    build.create_table(
        table,
        _job_id(),
        sa.Column("name", name(255), primary_key=True),
        sa.Column("tenant", ident(), nullable=False),
        sa.Column("object_key", ident(), nullable=False),
        sa.Column("media_type", name(200), nullable=False),
        count("size"),
    )
    build.create_index(f"{table}_by_object", table, "object_key", "tenant")


def _money(build: Builder) -> None:
    measures = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "images", "audio_ms")
    build.create_table(
        "charges",
        sa.Column("source", ident(), primary_key=True),
        sa.Column("place", ident(), primary_key=True),
        moment("at_ms"),
        sa.Column("tenant", ident(), nullable=False),
        sa.Column("job_id", ident(), nullable=False),
        sa.Column("step", name(400), nullable=False),
        sa.Column("charge", name(600), nullable=False),
        sa.Column("call_id", name(600), nullable=False),
        sa.Column("provider", ident(), nullable=False),
        sa.Column("model", name(200), nullable=False),
        sa.Column("fingerprint", ident(), nullable=False),
        sa.Column("is_answered", sa.Boolean, nullable=False),
        sa.Column("is_priced", sa.Boolean, nullable=False),
        *(count(measure) for measure in ("cost_uusd", "charged_uusd", *measures)),
    )
    build.create_index("charges_by_job", "charges", "job_id")
    build.create_index("charges_by_tenant", "charges", "tenant", "at_ms")
    build.create_table(
        "accounts",
        sa.Column("tenant", ident(), primary_key=True),
        sa.Column("balance_uusd", sa.BigInteger, nullable=False),
        count("granted_uusd"),
        count("spent_uusd"),
        moment("changed_ms"),
    )
    build.create_table(
        "credits",
        sa.Column("tenant", ident(), primary_key=True),
        sa.Column("entry", name(200), primary_key=True),
        sa.Column("amount_uusd", sa.BigInteger, nullable=False),
        moment("at_ms"),
    )


def _accounts(build: Builder) -> None:
    build.create_table(
        "api_keys",
        sa.Column("id", ident(), primary_key=True),
        sa.Column("tenant", ident(), nullable=False),
        sa.Column("scopes", text(), nullable=False),
        sa.Column("digests", text(), nullable=False),
        sa.Column("note", name(255), nullable=False, server_default=""),
        *(moment(label) for label in ("created_ms", "expires_ms", "changed_ms", "removed_ms")),
    )
    build.create_table(
        "webhooks",
        sa.Column("id", ident(), primary_key=True),
        sa.Column("tenant", ident(), nullable=False),
        *(sa.Column(label, text(), nullable=False) for label in ("url", "events", "description")),
        *(moment(label) for label in ("created_ms", "changed_ms", "removed_ms")),
    )
    build.create_table(
        "kits",
        sa.Column("tenant", ident(), primary_key=True),
        sa.Column("name", ident(), primary_key=True),
        count("bytes"),
        moment("changed_ms"),
        moment("removed_ms"),
    )
    build.create_table(
        "audit_log",
        sa.Column("source", ident(), primary_key=True),
        sa.Column("place", ident(), primary_key=True),
        moment("at_ms"),
        sa.Column("actor", name(200), nullable=False),
        sa.Column("action", ident(), nullable=False),
        sa.Column("tenant", ident(), nullable=False),
        sa.Column("subject", name(400), nullable=False),
        sa.Column("data", text(), nullable=False),
    )
    build.create_index("audit_by_time", "audit_log", "at_ms", "place")
    build.create_index("audit_by_tenant", "audit_log", "tenant", "at_ms", "place")
