"""What a running daemon takes over from settings that were read again."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from streamforge.config import Settings, changes, load
from streamforge.config.catalogue import RELOADABLE, SETTINGS, TABLES


def settings(flags: Mapping[str, object]) -> Settings:
    """Settings of these flags alone."""
    return load(Path("/dev/null"), {"HOME": "/home/nobody"}, flags)


TENANT = [
    f"tenants.a.{name}" for name in ("weight", "max_running", "budget_day_usd", "prepaid", "storage_mb", "keep_days")
]


@pytest.mark.parametrize(
    ("before", "after", "applied", "restart"),
    [
        ({}, {}, [], []),
        ({}, {"logs.level": "debug"}, ["logs.level"], []),
        ({"logs.level": "debug"}, {}, ["logs.level"], []),
        ({}, {"logs.level": "info"}, [], []),  # given, but as it was
        ({}, {"redis.url": "redis://h"}, [], ["redis.url"]),
        ({}, {"worker.grace_s": 1, "worker.name": "w"}, ["worker.grace_s"], ["worker.name"]),
        ({"redis.password": "a"}, {"redis.password": "b"}, [], ["redis.password"]),
        ({"queues.default.concurrency": 1}, {"queues.default.concurrency": 2}, ["queues.default.concurrency"], []),
        ({}, {"tenants.a.weight": 2}, TENANT, []),
        ({"tenants.a.weight": 2}, {}, TENANT, []),
        ({}, {"routes.banner": "default"}, [], ["routes.banner"]),
        ({"routes.banner": "a"}, {"routes.banner": "b"}, [], ["routes.banner"]),
    ],
)
def test_changes_are_told_by_what_they_need(
    before: dict[str, object], after: dict[str, object], applied: list[str], restart: list[str]
) -> None:
    """Each key whose value differs is named once: as applied, or as waiting for a restart."""
    assert changes(settings(before), settings(after)) == (applied, restart)


def test_a_default_that_others_inherit_changes_them_too() -> None:
    """A cap for all tenants changes each tenant that has none of its own."""
    old = settings({"tenants.a.weight": 2, "tenants.b.max_running": 3})
    new = settings({"tenants.a.weight": 2, "tenants.b.max_running": 3, "worker.tenant_max_running": 9})
    assert changes(old, new) == (["worker.tenant_max_running", "tenants.a.max_running"], [])


def test_settings_of_a_recurring_job_need_a_restart() -> None:
    """A new schedule is not taken over in the middle of a run."""
    cron = {"cron.a.schedule": "0 3 * * *", "cron.a.kind": "banner"}
    assert changes(settings(cron), settings({**cron, "cron.a.schedule": "0 4 * * *"})) == ([], ["cron.a.schedule"])


@pytest.mark.parametrize("pattern", RELOADABLE)
def test_every_pattern_stands_for_a_setting(pattern: str) -> None:
    """None is left over from a setting that is gone, or misspelt."""
    samples = [setting.key for table in TABLES.values() for setting in table.settings(table.example)]
    assert any(fnmatchcase(key, pattern) for key in (*SETTINGS, *samples))
