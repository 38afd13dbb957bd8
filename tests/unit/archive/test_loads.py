"""Parting a load, and addressing a database."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamforge.archive.engines import open_database, translate, url_of
from streamforge.archive.handle import ArchiveUnavailable
from streamforge.broker.outbox import ChargeEntry, Entry, Load, Places, Snapshot
from streamforge.config import ArchiveSettings, Secret
from streamforge.errors import ConfigError

HERE = Path("/data")


def snapshot(job_id: str) -> Snapshot:
    """A job of which only the id matters."""
    return Snapshot(job_id, {}, [], {}, {}, {})


def load_of(job_ids: list[str], charges: int) -> Load:
    """A load of one entry for each of these ids, which may repeat, and so many charges."""
    entries = [Entry(f"{n}-0", job_id) for n, job_id in enumerate(job_ids, 1)]
    called = [ChargeEntry(f"{n}-0", {}) for n in range(1, charges + 1)]
    after = Places(entries[-1].place if entries else "0-0", called[-1].place if called else "0-0")
    return Load(Places(), after, entries, [snapshot(job_id) for job_id in dict.fromkeys(job_ids)], called, [])


@given(st.lists(st.sampled_from("abcde"), max_size=12), st.integers(0, 6))
def test_halves_are_the_whole(job_ids: list[str], charges: int) -> None:
    """Both halves together have every entry, job and charge once and in order, and the second follows the first."""
    load = load_of(job_ids, charges)
    if len(load) < 2:
        return
    first, second = load.halves()
    assert first.entries + second.entries == load.entries
    assert first.charges + second.charges == load.charges
    assert sorted(job.id for job in first.jobs + second.jobs) == sorted(job.id for job in load.jobs)
    assert (first.before, first.after, second.after) == (load.before, second.before, load.after)
    assert 0 < len(first) < len(load)
    for half in (first, second):
        assert {job.id for job in half.jobs} <= {entry.job_id for entry in half.entries}


@given(st.lists(st.sampled_from("abcde"), min_size=1, max_size=12), st.integers(0, 12))
def test_a_repeated_load_goes_no_further(job_ids: list[str], reached: int) -> None:
    """What is written once more ends where the cursor stands, and leaves it there."""
    places = Places(f"{reached}-0", "0-0")
    again = load_of(job_ids, 3).repeated(places)
    assert (again.before, again.after) == (places, places)
    assert [entry.job_id for entry in again.entries] == job_ids[:reached]
    assert {job.id for job in again.jobs} == set(job_ids[:reached])
    assert again.charges == []


@pytest.mark.parametrize(
    ("url", "written"),
    [
        ("", "sqlite+aiosqlite:////data/archive.db"),
        ("sqlite:////srv/a.db", "sqlite+aiosqlite:////srv/a.db"),
        ("postgres://me@host/a", "postgresql+asyncpg://me@host/a"),
        ("postgresql+psycopg://me@host/a?sslmode=require", "postgresql+asyncpg://me@host/a?ssl=require"),
        ("mysql://me@host:3307/a", "mysql+asyncmy://me@host:3307/a"),
        ("mariadb://me@host/a", "mariadb+asyncmy://me@host/a"),
    ],
)
def test_an_address_gets_its_driver(url: str, written: str) -> None:
    """The addresses that people have work as they are."""
    assert url_of(ArchiveSettings(url=url), HERE).render_as_string() == written


@pytest.mark.parametrize("url", ["nonsense", "oracle://host/a", "redis://host"])
def test_what_is_no_database_is_told(url: str) -> None:
    """The error names the setting and what it may be."""
    with pytest.raises(ConfigError, match=r"archive\.url: .*postgresql://"):
        url_of(ArchiveSettings(url=url), HERE)


async def test_a_password_stays_out_of_sight() -> None:
    """It comes from its own setting, reaches the driver, and is in no name that is logged."""
    settings = ArchiveSettings(url="postgresql://me@host/a", password=Secret("hush"))
    database = open_database(settings, HERE)
    assert database.url.password == "hush"  # noqa: S105 - of this test
    assert "hush" not in database.name
    await database.close()


async def test_our_own_file_is_for_its_owner(tmp_path: Path) -> None:
    """The database that the daemon makes can be read by nobody else."""
    database = open_database(ArchiveSettings(), tmp_path / "data")
    assert (tmp_path / "data" / "archive.db").stat().st_mode & 0o777 == 0o600
    await database.close()


def test_an_unknown_failure_is_an_outage() -> None:
    """What nobody foresaw is tried again; only a refusal of the data itself is not."""
    assert isinstance(translate(OSError(5, "disk")), ArchiveUnavailable)
    assert isinstance(translate(RuntimeError("the transport is closed")), ArchiveUnavailable)
