"""What is read off a child process."""

from __future__ import annotations

import os
import signal

import pytest

from streamforge.runtime.pool_process import ChildEnded, peak_rss_kb


@pytest.mark.parametrize(
    ("code", "signal_name", "name", "text"),
    [
        (-int(signal.SIGSEGV), "SIGSEGV", "SIGSEGV", "SIGSEGV"),
        (-40, "SIG40", "SIG40", "SIG40"),
        (0, "", "exit", "exit code 0"),
        (3, "", "exit", "exit code 3"),
        (None, "", "exit", "exit code unknown"),
    ],
)
def test_an_end_has_a_name(code: int | None, signal_name: str, name: str, text: str) -> None:
    """Signals go by their names, also those that have none; metrics see one word for all exits."""
    end = ChildEnded(code, is_begun=True)
    assert (end.signal, end.name, str(end)) == (signal_name, name, text)


def test_peak_memory_of_a_process() -> None:
    """A living process has held some memory; for one that is not there nobody knows."""
    assert peak_rss_kb(os.getpid()) > 1024
    assert peak_rss_kb(2**22 + 1) == 0  # above the largest id that Linux gives
