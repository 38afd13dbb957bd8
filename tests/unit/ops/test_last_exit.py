"""How a daemon ended, from what systemd says to what the next one reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamforge.ops import last_exit


@pytest.mark.parametrize(
    ("environ", "cause"),
    [
        ({"EXIT_CODE": "killed", "EXIT_STATUS": "KILL", "SERVICE_RESULT": "signal"}, "SIGKILL"),
        ({"EXIT_CODE": "killed", "EXIT_STATUS": "KILL", "SERVICE_RESULT": "oom-kill"}, "SIGKILL (out of memory)"),
        ({"EXIT_CODE": "dumped", "EXIT_STATUS": "SEGV", "SERVICE_RESULT": "core-dump"}, "SIGSEGV"),
        ({"EXIT_CODE": "exited", "EXIT_STATUS": "3", "SERVICE_RESULT": "exit-code"}, "exit code 3"),
        ({"EXIT_CODE": "exited", "EXIT_STATUS": "0", "SERVICE_RESULT": "success"}, ""),
        ({}, ""),
    ],
)
def test_the_cause_is_kept_and_read_once(tmp_path: Path, environ: dict[str, str], cause: str) -> None:
    """The next process reads what was recorded, and the one after it nothing; a clean end records nothing."""
    assert last_exit.record(tmp_path / "state", "w1", environ) == cause
    assert last_exit.consume(tmp_path / "state", "w2") == ""
    assert last_exit.consume(tmp_path / "state", "w1") == cause
    assert last_exit.consume(tmp_path / "state", "w1") == ""
