"""What lists are filtered by, and a place for what the database would not take."""

from __future__ import annotations

import sqlalchemy as sa

from streamforge.archive.migrations.building import Builder
from streamforge.archive.schema import ident, moment, name, text

revision = "0002"
down_revision = "0001"


def upgrade(build: Builder) -> None:
    """Expand: a writer of the first release names none of this."""
    build.add_column("jobs", sa.Column("error_code", name(64), nullable=True))
    build.create_table(
        "refused",
        sa.Column("source", ident(), primary_key=True),
        sa.Column("stream", ident(16), primary_key=True),
        sa.Column("place", ident(), primary_key=True),
        sa.Column("subject", name(400), nullable=False),
        sa.Column("why", text(), nullable=False),
        moment("at_ms"),
    )
    build.create_index("jobs_by_state", "jobs", "tenant", "state", "created_ms", "id")
    build.create_index("jobs_by_kind", "jobs", "tenant", "kind", "created_ms", "id")
