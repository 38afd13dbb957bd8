"""The outbox as those meet it who have no archive."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from streamforge.broker.broker import Broker
from streamforge.broker.outbox import Outbox
from streamforge.config import JobsSettings
from streamforge.jobs.acts import act
from streamforge.jobs.store import JobStore
from streamforge.runtime import janitor
from streamforge.runtime.janitor import Janitor
from tests.integration.moves import raw, settle, submit, take_one


async def test_an_archive_that_is_not_there_costs_one_command(broker: Broker) -> None:
    """A job's end asks Redis once more than its own changes take, for an entry that is not made."""
    await submit(broker)
    claim = await take_one(broker)
    await settle(broker, claim, "retry")
    await broker.promote()
    claim = await take_one(broker)
    await raw(broker).config_resetstat()
    await settle(broker, claim)
    stats = await raw(broker).info("commandstats")
    calls = {name.removeprefix("cmdstat_"): told["calls"] for name, told in stats.items()}
    assert (calls["xadd"], calls["expire"]) == (2, 2)  # the event and the entry; record and log
    assert "exists" not in calls
    assert not await raw(broker).exists(broker.keys.outbox)


async def test_an_outbox_that_nobody_reads_is_told(
    broker: Broker, store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A daemon without an archive warns where one has claimed this Redis and does not come for what waits."""
    tidy = Janitor(store, JobsSettings(), Outbox(broker))
    with capture_logs() as quiet:
        await tidy.tidy()
    await Outbox(broker).claim("database", "source", act("archive.claimed", "database"))
    monkeypatch.setattr(janitor, "UNREAD_S", -1.0)
    with capture_logs() as told:
        await tidy.tidy()
    assert [entry["event"] for entry in quiet] == []
    assert [(entry["event"], entry["entries"]) for entry in told] == [("archive_not_read", 1)]
