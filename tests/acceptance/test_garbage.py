"""Real daemons leave garbage when they are killed, and nothing else; commands find it, and clear it away."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from tests.acceptance.daemon import wait_for
from tests.acceptance.fleet import Fleet

SETTINGS = {"pipelines__modules": "tests.acceptance.keeps:PIPELINE", "storage__garbage_after_s": 0}


def files_in(fleet: Fleet) -> list[Path]:
    """Every object in the store."""
    return [path for path in (fleet.home / "objects" / "tenants").rglob("*") if len(path.name) == 64]


@pytest.mark.timeout(120)
def test_a_crash_between_object_and_record_leaves_garbage_alone(fleet: Fleet) -> None:
    """SIGKILL there: another daemon ends the job, its objects are all there, and the one that nobody names goes.

    Once the job has expired, its checkpoint goes too; its file does not, which the archive names.
    """
    settings = {**SETTINGS, "archive__url": f"sqlite:///{fleet.home}/archive.db"}
    first = fleet.join("first", **settings)
    first.xadd(kind="keep", input=json.dumps({"text": "spring", "folder": str(fleet.home)}), id="kept")
    assert first.exit_code() == -signal.SIGKILL
    second = fleet.join("second", **settings)
    wait_for(lambda: second.record("kept").get("state") == "succeeded", "the job's end")

    assert len(files_in(fleet)) == 3
    checked = second.command("objects", "check", "--read")
    assert checked.stdout.endswith(" references, 0 faults\n"), checked.stderr
    collected = second.command("objects", "collect", "--json")
    assert collected.returncode == 0, collected.stderr
    assert json.loads(collected.stdout)["deleted"] == 1

    wait_for(lambda: second.call("XLEN", "streamforge:{0}:outbox") == 0, "the job archived")
    second.call("DEL", *(f"streamforge:{{0}}:{name}:kept" for name in ("job", "steps", "files", "log")))
    assert json.loads(second.command("objects", "collect", "--json").stdout)["deleted"] == 1
    assert [path.stat().st_size for path in files_in(fleet)] == [6000]
